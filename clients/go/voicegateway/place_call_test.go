package voicegateway_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"example.com/voicegateway/clients/go/voicegateway"
	voicegatewayv1 "example.com/voicegateway/generated/go/voicegateway/v1"
)

// script is a client whose attempts end as it is told, on synctest's clock: a network has its own.
type script struct {
	voicegatewayv1.OutboundCallServiceClient
	began   time.Time
	answers []error       // the last one is repeated; nil is a reply
	silent  time.Duration // how long an attempt takes
	at      []time.Duration
	sent    []*voicegatewayv1.PlaceCallRequest
}

func (s *script) PlaceCall(
	ctx context.Context, request *voicegatewayv1.PlaceCallRequest, _ ...grpc.CallOption,
) (*voicegatewayv1.PlaceCallResponse, error) {
	s.at = append(s.at, time.Since(s.began))
	s.sent = append(s.sent, request)
	select {
	case <-ctx.Done():
		return nil, status.FromContextError(ctx.Err()).Err()
	case <-time.After(s.silent):
	}
	if err := s.answers[min(len(s.sent), len(s.answers))-1]; err != nil {
		return nil, err
	}
	return accepted(request), nil
}

// place runs PlaceCall on a clock that needs no time, and returns how it ended and after how long.
func (s *script) place(
	t *testing.T, ctx func(context.Context) (context.Context, context.CancelFunc), options ...voicegateway.PlaceCallOption,
) (reply *voicegatewayv1.PlaceCallResponse, e *voicegateway.Error, took time.Duration) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s.began = time.Now()
		limited, cancel := ctx(t.Context())
		defer cancel()
		var err error
		reply, err = voicegateway.PlaceCall(limited, s, aCall(), options...)
		took = time.Since(s.began)
		if err != nil && !errors.As(err, &e) {
			t.Fatalf("it is no *Error: %v", err)
		}
	})
	return reply, e, took
}

func noLimit(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithCancel(ctx)
}

func limit(limit time.Duration) func(context.Context) (context.Context, context.CancelFunc) {
	return func(ctx context.Context) (context.Context, context.CancelFunc) {
		return context.WithTimeout(ctx, limit)
	}
}

func told(retry string, more ...*errdetails.RetryInfo) error {
	info := &errdetails.ErrorInfo{Domain: "voicegateway.v1", Reason: "ERROR_REASON_PAUSED", Metadata: map[string]string{"retry": retry}}
	if len(more) > 0 {
		return withDetails(codes.FailedPrecondition, info, more[0])
	}
	return withDetails(codes.FailedPrecondition, info)
}

func repeatAfter(delay time.Duration) error {
	return told("RETRY_ADVICE_REPEAT", &errdetails.RetryInfo{RetryDelay: durationpb.New(delay)})
}

func TestAPlacedCallIsNotRepeated(t *testing.T) {
	s := &script{answers: []error{nil}}
	reply, e, took := s.place(t, noLimit)
	if e != nil || reply.GetCall().GetCallId() != callID || len(s.sent) != 1 || took != 0 {
		t.Error(reply, e, len(s.sent), took)
	}
}

func TestTheSameRequestIsRepeated(t *testing.T) {
	s := &script{answers: []error{told("RETRY_ADVICE_REPEAT"), status.Error(codes.Unavailable, "reset"), nil}}
	reply, e, _ := s.place(t, noLimit)
	if e != nil || reply.GetCall().GetCallId() != callID || len(s.sent) != 3 {
		t.Error(reply, e, len(s.sent))
	}
	for _, request := range s.sent {
		if request.GetRequestId() != aCall().GetRequestId() {
			t.Errorf("the request_id became %q", request.GetRequestId())
		}
	}
}

func TestWhatARepeatCannotChangeIsNotRepeated(t *testing.T) {
	for name, answer := range map[string]error{
		"correct it":        told("RETRY_ADVICE_CORRECT"),
		"a new id":          told("RETRY_ADVICE_NEW_REQUEST_ID"),
		"look it up":        told("RETRY_ADVICE_LOOK_UP"),
		"no advice":         told(""),
		"reached nobody":    status.Error(codes.ResourceExhausted, "message larger than max"),
		"nobody serves it":  status.Error(codes.Unimplemented, "unknown service"),
		"wait, but correct": told("RETRY_ADVICE_CORRECT", &errdetails.RetryInfo{RetryDelay: durationpb.New(time.Second)}),
	} {
		s := &script{answers: []error{answer}}
		if _, e, took := s.place(t, noLimit); e == nil || !errors.Is(e, answer) || len(s.sent) != 1 || took != 0 {
			t.Errorf("%s: %v after %d attempts and %s", name, e, len(s.sent), took)
		}
	}
}

func TestItGivesUpAfterFourAttemptsWithTheLastAnswer(t *testing.T) {
	last := told("RETRY_ADVICE_REPEAT")
	s := &script{answers: []error{status.Error(codes.Unavailable, "reset"), status.Error(codes.Unavailable, "reset"), status.Error(codes.Unavailable, "reset"), last}}
	if _, e, _ := s.place(t, noLimit); !errors.Is(e, last) || len(s.sent) != 4 {
		t.Errorf("%v after %d attempts", e, len(s.sent))
	}
	for attempts, sent := range map[int]int{7: 7, 1: 1, 0: 1} {
		s := &script{answers: []error{last}}
		s.place(t, noLimit, voicegateway.WithMaxAttempts(attempts))
		if len(s.sent) != sent {
			t.Errorf("%d attempts, not %d", len(s.sent), sent)
		}
	}
}

// waits lists the time between the attempts, which take none themselves.
func (s *script) waits() []time.Duration {
	var waits []time.Duration
	for index := range s.at[1:] {
		waits = append(waits, s.at[index+1]-s.at[index])
	}
	return waits
}

func TestEachRepeatWaitsTwiceAsLong(t *testing.T) {
	half := 500 * time.Millisecond
	for _, test := range []struct {
		options []voicegateway.PlaceCallOption
		longest []time.Duration
	}{
		{nil, []time.Duration{half, 2 * half, 4 * half, 8 * half, 16 * half, 16 * half, 16 * half}},
		{[]voicegateway.PlaceCallOption{voicegateway.WithBackoff(time.Minute, 90*time.Second)}, []time.Duration{time.Minute, 90 * time.Second, 90 * time.Second}},
		{[]voicegateway.PlaceCallOption{voicegateway.WithBackoff(time.Hour, time.Second)}, []time.Duration{time.Second, time.Second}},
		{[]voicegateway.PlaceCallOption{voicegateway.WithBackoff(0, 0)}, []time.Duration{0, 0, 0}},
		{[]voicegateway.PlaceCallOption{voicegateway.WithBackoff(-1, time.Second)}, []time.Duration{0, 0, 0}},
	} {
		differ := map[time.Duration]bool{}
		for range 20 {
			s := &script{answers: []error{told("RETRY_ADVICE_REPEAT")}}
			s.place(t, noLimit, append(test.options, voicegateway.WithMaxAttempts(len(test.longest)+1))...)
			waits := s.waits()
			for index, longest := range test.longest {
				if waits[index] > longest || waits[index] < longest/2 {
					t.Errorf("wait %d is %s, not %s at most and half of it at least", index, waits[index], longest)
				}
			}
			differ[waits[0]] = true
		}
		if len(differ) < 2 && test.longest[0] > 0 {
			t.Errorf("callers that fail together repeat together: after %v", differ)
		}
	}
}

func TestItWaitsAsLongAsTheGatewaySays(t *testing.T) {
	s := &script{answers: []error{repeatAfter(7 * time.Second), repeatAfter(time.Millisecond), nil}}
	s.place(t, noLimit)
	if waits := s.waits(); !slices.Equal(waits, []time.Duration{7 * time.Second, time.Millisecond}) {
		t.Errorf("%v", waits)
	}
}

func TestAnAttemptThatIsNotAnsweredIsRepeated(t *testing.T) {
	s := &script{silent: time.Hour}
	_, e, _ := s.place(t, noLimit)
	if e.Code != codes.DeadlineExceeded || len(s.sent) != 4 || s.at[1] < 30*time.Second || s.at[1] > 31*time.Second {
		t.Errorf("%v after %v", e, s.at)
	}
	s = &script{silent: time.Hour}
	if s.place(t, noLimit, voicegateway.WithAttemptTimeout(time.Minute), voicegateway.WithMaxAttempts(2)); s.at[1] < time.Minute {
		t.Errorf("%v", s.at)
	}
}

func TestTheDeadlineEndsTheLastAttempt(t *testing.T) {
	s := &script{silent: time.Hour}
	_, e, took := s.place(t, limit(40*time.Second))
	if e.Code != codes.DeadlineExceeded || len(s.sent) != 2 || took != 40*time.Second {
		t.Errorf("%v after %s and %d attempts", e, took, len(s.sent))
	}
}

func TestItDoesNotWaitForARepeatThatTheDeadlineForbids(t *testing.T) {
	answer := repeatAfter(10 * time.Second)
	s := &script{answers: []error{answer}}
	if _, e, took := s.place(t, limit(10*time.Second)); !errors.Is(e, answer) || took != 0 {
		t.Errorf("%v after %s", e, took)
	}
	s = &script{answers: []error{answer, nil}}
	if _, e, took := s.place(t, limit(10*time.Second+1)); e != nil || took != 10*time.Second {
		t.Errorf("%v after %s", e, took)
	}
}

func TestWhoCancelsIsToldTheLastAnswer(t *testing.T) {
	answer := repeatAfter(time.Minute)
	s := &script{answers: []error{answer}}
	_, e, took := s.place(t, func(ctx context.Context) (context.Context, context.CancelFunc) {
		ctx, cancel := context.WithCancel(ctx)
		time.AfterFunc(5*time.Second, cancel)
		return ctx, cancel
	})
	if !errors.Is(e, answer) || took != 5*time.Second || len(s.sent) != 1 {
		t.Errorf("%v after %s", e, took)
	}
	s = &script{silent: time.Hour}
	_, e, _ = s.place(t, func(ctx context.Context) (context.Context, context.CancelFunc) {
		ctx, cancel := context.WithCancel(ctx)
		cancel()
		return ctx, cancel
	})
	if e.Code != codes.Canceled || len(s.sent) != 1 {
		t.Errorf("%v after %d attempts", e, len(s.sent))
	}
}

func TestWhatCannotBeSentIsRefused(t *testing.T) {
	noID := changed(func(r *voicegatewayv1.PlaceCallRequest) { r.RequestId = "" })
	for _, request := range []*voicegatewayv1.PlaceCallRequest{noID, nil} {
		s := &script{}
		if _, err := voicegateway.PlaceCall(t.Context(), s, request); !errors.Is(err, voicegateway.ErrNoRequestID) || len(s.sent) != 0 {
			t.Error(err)
		}
	}
	s := &script{}
	broken := changed(func(r *voicegatewayv1.PlaceCallRequest) { r.Call.CampaignName = "caf\xe9" })
	var e *voicegateway.Error
	if _, err := voicegateway.PlaceCall(t.Context(), s, broken); err == nil || errors.As(err, &e) || len(s.sent) != 0 {
		t.Error(err)
	}
}

func TestARepeatReachesARealGateway(t *testing.T) {
	gateway := run(t, func(ctx context.Context, attempt int, _ *voicegatewayv1.PlaceCallRequest) error {
		switch attempt {
		case 1:
			return refusal(ctx, codes.Aborted, "ERROR_REASON_REQUEST_IN_PROGRESS", "DISPATCH_SENDING", "RETRY_ADVICE_REPEAT",
				&errdetails.RetryInfo{RetryDelay: durationpb.New(time.Millisecond)})
		case 2:
			<-ctx.Done() // until the attempt is given up
			return status.FromContextError(ctx.Err()).Err()
		default:
			return nil
		}
	})
	reply, err := voicegateway.PlaceCall(briefly(t), dial(t, gateway.address), aCall(), voicegateway.WithMaxAttempts(100),
		voicegateway.WithAttemptTimeout(500*time.Millisecond), voicegateway.WithBackoff(time.Millisecond, time.Millisecond))
	if err != nil || reply.GetCall().GetCallId() != callID || gateway.attempts() < 3 {
		t.Error(reply, err, gateway.attempts())
	}
}
