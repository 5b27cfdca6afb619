package main

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"example.com/voicegateway/clients/go/voicegateway"
	voicegatewayv1 "example.com/voicegateway/generated/go/voicegateway/v1"
)

// gateway places every call, unless it has a refusal, and tells its events in streams of two.
type gateway struct {
	voicegatewayv1.UnimplementedOutboundCallServiceServer
	refusal error
	events  []*voicegatewayv1.CallEvent
}

func (g *gateway) PlaceCall(context.Context, *voicegatewayv1.PlaceCallRequest) (*voicegatewayv1.PlaceCallResponse, error) {
	return &voicegatewayv1.PlaceCallResponse{}, g.refusal
}

func (g *gateway) WatchCalls(
	request *voicegatewayv1.WatchCallsRequest, stream grpc.ServerStreamingServer[voicegatewayv1.WatchCallsResponse],
) error {
	left := g.events[request.GetAfterSequence():]
	for _, event := range left[:min(2, len(left))] {
		if err := stream.Send(&voicegatewayv1.WatchCallsResponse{Response: &voicegatewayv1.WatchCallsResponse_Event{Event: event}}); err != nil {
			return err
		}
	}
	if len(left) > 2 {
		return status.Error(codes.Internal, "the connection broke")
	}
	return nil
}

// printed runs the program against a gateway.
func printed(t *testing.T, served *gateway) (string, error) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer()
	voicegatewayv1.RegisterOutboundCallServiceServer(server, served)
	go server.Serve(listener)
	t.Cleanup(server.Stop)
	conn, err := voicegateway.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	request := aCall("+13236550107,+13236550108", "SG_1")
	request.RequestId = "reminder-8812"
	var out strings.Builder
	err = run(ctx, voicegatewayv1.NewOutboundCallServiceClient(conn), request, &out)
	return out.String(), err
}

func answered(reason string, dispatch voicegatewayv1.Dispatch) error {
	told, err := status.New(codes.Unknown, "").WithDetails(&errdetails.ErrorInfo{
		Domain: "voicegateway.v1", Reason: "ERROR_REASON_" + reason, Metadata: map[string]string{"dispatch": dispatch.String()},
	})
	if err != nil {
		panic(err)
	}
	return told.Err()
}

// events of a call whose first recipient answers, and whose second does not.
func events(dispatch voicegatewayv1.Dispatch) []*voicegatewayv1.CallEvent {
	first, second := &voicegatewayv1.Recipient{Number: "+13236550107", Reference: "recipient 1"}, &voicegatewayv1.Recipient{Number: "+13236550108", Reference: "recipient 2"}
	told := []*voicegatewayv1.CallEvent{
		{Sequence: 1, Dispatch: dispatch},
		{Sequence: 2, Recipient: &voicegatewayv1.RecipientOutcome{Recipient: first, State: voicegatewayv1.RecipientState_RECIPIENT_STATE_RINGING}},
		{Sequence: 3, Recipient: &voicegatewayv1.RecipientOutcome{Recipient: first, State: voicegatewayv1.RecipientState_RECIPIENT_STATE_ENDED, Disposition: voicegatewayv1.Disposition_DISPOSITION_ANSWERED, Keypress: "1", Attempts: 2}},
		{Sequence: 4, Recipient: &voicegatewayv1.RecipientOutcome{Recipient: second, State: voicegatewayv1.RecipientState_RECIPIENT_STATE_WAITING, Stale: true}},
	}
	return told
}

func TestItTellsWhatBecomesOfEachRecipient(t *testing.T) {
	out, err := printed(t, &gateway{events: events(voicegatewayv1.Dispatch_DISPATCH_ACCEPTED)})
	expected := `request_id: reminder-8812
dispatch: DISPATCH_ACCEPTED
recipient 1: RECIPIENT_STATE_RINGING
recipient 1: RECIPIENT_STATE_ENDED DISPOSITION_ANSWERED, pressed 1, dialed 2 times
recipient 2: RECIPIENT_STATE_WAITING, no report came in time
`
	if err != nil || out != expected {
		t.Errorf("%v, and it printed:\n%s", err, out)
	}
}

func TestACallWhoseOutcomeIsUnknownIsFollowedToo(t *testing.T) {
	unknown := answered("OUTCOME_UNKNOWN", voicegatewayv1.Dispatch_DISPATCH_OUTCOME_UNKNOWN)
	out, err := printed(t, &gateway{refusal: unknown, events: events(voicegatewayv1.Dispatch_DISPATCH_ACCEPTED)})
	if err != nil || !strings.Contains(out, "dispatch: DISPATCH_OUTCOME_UNKNOWN\ndispatch: DISPATCH_ACCEPTED\nrecipient 1: ") {
		t.Errorf("%v, and it printed:\n%s", err, out)
	}
}

func TestWhatWasRefusedIsNotFollowed(t *testing.T) {
	out, err := printed(t, &gateway{refusal: answered("FLOW_NOT_FOUND", voicegatewayv1.Dispatch_DISPATCH_REJECTED)})
	if err == nil || out != "request_id: reminder-8812\n" {
		t.Errorf("%v, and it printed:\n%s", err, out)
	}
}
