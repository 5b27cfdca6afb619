package voicegateway_test

import (
	"context"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"example.com/voicegateway/clients/go/voicegateway"
	voicegatewayv1 "example.com/voicegateway/generated/go/voicegateway/v1"
)

// failsBefore answers the attempts before this one with UNAVAILABLE.
func failsBefore(attempt int) answer {
	return func(ctx context.Context, number int, _ *voicegatewayv1.PlaceCallRequest) error {
		if number >= attempt {
			return nil
		}
		return refusal(ctx, codes.Unavailable, "ERROR_REASON_OVERLOADED", "DISPATCH_NOT_SENT", "RETRY_ADVICE_REPEAT")
	}
}

func TestTheLibraryRepeatsWhatIsUnavailable(t *testing.T) {
	gateway := run(t, failsBefore(3))
	reply, err := dial(t, gateway.address).PlaceCall(briefly(t), aCall())
	if err != nil || reply.GetCall().GetCallId() != callID {
		t.Fatal(reply, err)
	}
	if gateway.attempts() != 3 {
		t.Errorf("%d attempts", gateway.attempts())
	}
	for _, placed := range gateway.placed {
		if placed.GetRequestId() != "reminder-8812" {
			t.Errorf("an attempt had the request_id %q", placed.GetRequestId())
		}
	}
}

func TestTheLibraryGivesUpAfterFourAttempts(t *testing.T) {
	gateway := run(t, failsBefore(100))
	_, err := dial(t, gateway.address).PlaceCall(briefly(t), aCall())
	if e := voicegateway.FromError(err); e.Reason != voicegatewayv1.ErrorReason_ERROR_REASON_OVERLOADED ||
		e.Message != "The flow is not the account's. Nobody was dialed." {
		t.Errorf("%v: %q", e, e.Message)
	}
	if gateway.attempts() != 4 {
		t.Errorf("%d attempts", gateway.attempts())
	}
}

func TestTheLibraryDoesNotRepeatAgainstAPushback(t *testing.T) {
	gateway := run(t, func(ctx context.Context, _ int, _ *voicegatewayv1.PlaceCallRequest) error {
		return refusal(ctx, codes.Unavailable, "ERROR_REASON_INTERNAL", "", "RETRY_ADVICE_LOOK_UP")
	})
	if _, err := dial(t, gateway.address).PlaceCall(briefly(t), aCall()); status.Code(err) != codes.Unavailable {
		t.Error(err)
	}
	if gateway.attempts() != 1 {
		t.Errorf("%d attempts", gateway.attempts())
	}
}

func TestTheLibraryRepeatsNoOtherCode(t *testing.T) {
	for code := codes.Canceled; code <= codes.Unauthenticated; code++ {
		if code == codes.Unavailable {
			continue
		}
		gateway := run(t, func(context.Context, int, *voicegatewayv1.PlaceCallRequest) error {
			return status.Error(code, "no pushback")
		})
		if _, err := dial(t, gateway.address).PlaceCall(briefly(t), aCall()); status.Code(err) != code {
			t.Error(err)
		}
		if gateway.attempts() != 1 {
			t.Errorf("%s: %d attempts", code, gateway.attempts())
		}
	}
}

func TestAStreamThatBrokeAfterAMessageIsNotBegunAgain(t *testing.T) {
	gateway := run(t, accepts)
	gateway.watch = func(
		attempt int, _ *voicegatewayv1.WatchCallsRequest, stream grpc.ServerStreamingServer[voicegatewayv1.WatchCallsResponse],
	) error {
		if attempt == 1 { // before its first message it may be
			return status.Error(codes.Unavailable, "draining")
		}
		stream.Send(&voicegatewayv1.WatchCallsResponse{})
		stream.Send(&voicegatewayv1.WatchCallsResponse{})
		return status.Error(codes.Unavailable, "draining")
	}
	stream, err := dial(t, gateway.address).WatchCalls(briefly(t), &voicegatewayv1.WatchCallsRequest{})
	received := 0
	for err == nil {
		if _, err = stream.Recv(); err == nil {
			received++
		}
	}
	if status.Code(err) != codes.Unavailable || received != 2 || gateway.streams() != 2 {
		t.Errorf("%d messages in %d streams, then %v", received, gateway.streams(), err)
	}
}

func TestTheCallersDeadlineIsTheOnlyOne(t *testing.T) {
	limited := false
	gateway := run(t, func(ctx context.Context, _ int, _ *voicegatewayv1.PlaceCallRequest) error {
		_, limited = ctx.Deadline()
		return nil
	})
	if _, err := dial(t, gateway.address).PlaceCall(context.WithoutCancel(t.Context()), aCall()); err != nil || limited {
		t.Error("the channel sets a deadline of its own", err)
	}
}

func TestTheUserAgentNamesThePackage(t *testing.T) {
	gateway := run(t, accepts)
	dial(t, gateway.address).PlaceCall(briefly(t), aCall())
	dial(t, gateway.address, grpc.WithUserAgent("reminders/7")).PlaceCall(briefly(t), aCall())
	for index, want := range []string{"kaleyra-gateway-client-go/" + voicegateway.Version + " ", "reminders/7 "} {
		if told := gateway.metadata[index].Get("user-agent"); len(told) != 1 || !strings.HasPrefix(told[0], want) {
			t.Errorf("%q, not %q", told, want)
		}
	}
}

func TestTheCallersOptionsCount(t *testing.T) {
	gateway := run(t, accepts)
	tagged := func(
		ctx context.Context, method string, request, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption,
	) error {
		return invoke(metadata.AppendToOutgoingContext(ctx, "tag", "reminders"), method, request, reply, conn, opts...)
	}
	dial(t, gateway.address, grpc.WithUnaryInterceptor(tagged)).PlaceCall(briefly(t), aCall())
	if told := gateway.metadata[0].Get("tag"); len(told) != 1 {
		t.Errorf("the option is lost: %v", gateway.metadata[0])
	}
	repeatsNothing := dial(t, gateway.address, grpc.WithDisableRetry())
	gateway.answer = failsBefore(100)
	repeatsNothing.PlaceCall(briefly(t), aCall())
	if gateway.attempts() != 2 {
		t.Errorf("%d attempts", gateway.attempts()-1)
	}
}

func TestAChannelNeedsCredentialsAndATarget(t *testing.T) {
	if _, err := voicegateway.NewClient("127.0.0.1:50051"); err == nil {
		t.Error("it was opened without credentials")
	}
	plaintext := grpc.WithTransportCredentials(insecure.NewCredentials())
	if _, err := voicegateway.NewClient("dns://nowhere/%zz", plaintext); err == nil {
		t.Error("it was opened to nowhere")
	}
}
