package conformance

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/stats"

	"example.com/voicegateway/clients/go/voicegateway"
	voicegatewayv1 "example.com/voicegateway/generated/go/voicegateway/v1"
)

// The clients in all languages have the same service config. SERVICE_CONFIG is the Python client's.
func TestTheServiceConfigIsThatOfTheOtherLanguages(t *testing.T) {
	var ours, theirs any
	if err := decode([]byte(voicegateway.ServiceConfig), &ours); err != nil {
		t.Fatal(err)
	}
	if err := decode([]byte(environment(t, "SERVICE_CONFIG")), &theirs); err != nil {
		t.Fatal(err)
	}
	for _, each := range append(unlike("ours", theirs, ours), unlike("theirs", ours, theirs)...) {
		t.Error(each)
	}
}

// attempts counts what leaves for the gateway.
type attempts struct{ atomic.Int32 }

func (a *attempts) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context { return ctx }
func (a *attempts) HandleRPC(_ context.Context, event stats.RPCStats) {
	if header, ok := event.(*stats.OutHeader); ok && header.FullMethod == voicegatewayv1.OutboundCallService_PlaceCall_FullMethodName {
		a.Add(1)
	}
}
func (a *attempts) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }
func (a *attempts) HandleConn(context.Context, stats.ConnStats)                       {}

// The channel repeats the gateway's UNAVAILABLE, and nothing else that it answers.
func TestTheLibraryRepeatsWhatTheGatewayAllows(t *testing.T) {
	for _, test := range []struct {
		account, number string
		reason          voicegatewayv1.ErrorReason
		sent            int32
	}{
		{"unreachable", "+13236550107", voicegatewayv1.ErrorReason_ERROR_REASON_PROVIDER_UNREACHABLE, 4},
		{"wrong-key", "+13236550107", voicegatewayv1.ErrorReason_ERROR_REASON_PROVIDER_CREDENTIALS_REJECTED, 1},
		{"", "+13236550133", voicegatewayv1.ErrorReason_ERROR_REASON_PROVIDER_THROTTLED, 1},
		{"", "+13236550142", voicegatewayv1.ErrorReason_ERROR_REASON_OUTCOME_UNKNOWN, 1},
	} {
		counted := &attempts{}
		client := voicegatewayv1.NewOutboundCallServiceClient(dial(t, grpc.WithStatsHandler(counted)))
		_, err := client.PlaceCall(briefly(t), aCall(test.account, test.number))
		if told := voicegateway.FromError(err); told == nil || told.Reason != test.reason || counted.Load() != test.sent {
			t.Errorf("%v after %d attempts, not %d", told, counted.Load(), test.sent)
		}
	}
}

func TestACallIsPlacedAgainUntilItIsAnswered(t *testing.T) {
	at := sandbox(environment(t, "SANDBOX"))
	if err := at.forget(); err != nil {
		t.Fatal(err)
	}
	client, request := voicegatewayv1.NewOutboundCallServiceClient(dial(t)), aCall("", "+13236550151")
	ctx, cancel := context.WithCancel(briefly(t))
	go func() {
		defer cancel() // the caller leaves while the provider takes its time
		for form, err := at.lastForm(); form == nil && err == nil && ctx.Err() == nil; form, err = at.lastForm() {
			time.Sleep(10 * time.Millisecond)
		}
	}()
	if reply, err := voicegateway.PlaceCall(ctx, client, request); err == nil {
		t.Fatal(reply)
	}
	_, err := voicegateway.PlaceCall(briefly(t), client, request)
	if told := voicegateway.FromError(err); told == nil || !told.Replayed ||
		told.Dispatch != voicegatewayv1.Dispatch_DISPATCH_OUTCOME_UNKNOWN {
		t.Error(told) // the gateway of the cases waits half as long as this provider takes
	}
	talk := conversation{nil, at, newWords()}
	found, err := talk.delivered([]byte(`{"requests": 1, "rings": {"+13236550151": 1}}`))
	if err != nil || len(found) != 0 {
		t.Error(found, err)
	}
}

func aCall(account, number string) *voicegatewayv1.PlaceCallRequest {
	return &voicegatewayv1.PlaceCallRequest{
		RequestId: newWords().told["ID"],
		Account:   account,
		Call: &voicegatewayv1.OutboundCallRequest{
			Recipients: []*voicegatewayv1.Recipient{{Number: number}},
			Target:     &voicegatewayv1.OutboundCallRequest_Ivr{Ivr: &voicegatewayv1.Ivr{FlowId: "SG_1"}},
		},
	}
}

func briefly(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}
