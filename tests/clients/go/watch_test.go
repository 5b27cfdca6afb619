package conformance

import (
	"context"
	"errors"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"example.com/voicegateway/clients/go/voicegateway"
	voicegatewayv1 "example.com/voicegateway/generated/go/voicegateway/v1"
)

func ofRequest(requestID string) *voicegatewayv1.WatchCallsRequest {
	return &voicegatewayv1.WatchCallsRequest{Lookup: &voicegatewayv1.WatchCallsRequest_RequestId{RequestId: requestID}}
}

// The stream tells a late subscriber the whole history, and ends at once, since nothing more will happen.
func TestAWatchTellsOfACallThatNobodyWasDialedFor(t *testing.T) {
	client, ctx := voicegatewayv1.NewOutboundCallServiceClient(dial(t)), briefly(t)
	refused := aCall("", "+13236550126") // the provider knows no such flow
	if _, err := voicegateway.PlaceCall(ctx, client, refused); err == nil {
		t.Fatal("it was placed")
	}
	var told []voicegatewayv1.Dispatch
	for event, err := range voicegateway.WatchCalls(ctx, client, ofRequest(refused.GetRequestId())).Events() {
		if err != nil {
			t.Fatal(err)
		}
		if len(told) == 0 && !proto.Equal(event.GetCall().GetRequest(), refused.GetCall()) {
			t.Errorf("the first event is of another call: %v", event.GetType())
		}
		told = append(told, event.GetDispatch())
	}
	if len(told) < 2 || told[len(told)-1] != voicegatewayv1.Dispatch_DISPATCH_REJECTED {
		t.Errorf("told %v", told)
	}
}

func TestAWatchOnWhatThereIsNotEnds(t *testing.T) {
	client, ctx := voicegatewayv1.NewOutboundCallServiceClient(dial(t)), briefly(t)
	if _, err := voicegateway.PlaceCall(ctx, client, aCall("", "+13236550107")); err != nil {
		t.Fatal(err)
	}
	nobodys := ofRequest("never-placed")
	nobodys.Account = "nobodys"
	for _, test := range []struct {
		request *voicegatewayv1.WatchCallsRequest
		reason  voicegatewayv1.ErrorReason
	}{
		{ofRequest("never-placed"), voicegatewayv1.ErrorReason_ERROR_REASON_CALL_NOT_FOUND},
		{ofRequest("x"), voicegatewayv1.ErrorReason_ERROR_REASON_INVALID_REQUEST},
		{nobodys, voicegatewayv1.ErrorReason_ERROR_REASON_ACCOUNT_NOT_FOUND},
		{&voicegatewayv1.WatchCallsRequest{AfterSequence: proto.Int64(1 << 40)}, voicegatewayv1.ErrorReason_ERROR_REASON_CURSOR_OUT_OF_RANGE},
	} {
		for event, err := range voicegateway.WatchCalls(ctx, client, test.request).Events() {
			var told *voicegateway.Error
			if event != nil || !errors.As(err, &told) || told.Reason != test.reason {
				t.Errorf("%v, not %s", err, test.reason)
			}
			if told != nil && told.Code == codes.OutOfRange && (told.Metadata["oldest_sequence"] == "" || told.Metadata["newest_sequence"] == "") {
				t.Errorf("it does not say which events there are: %v", told.Metadata)
			}
		}
	}
}

func TestAnAccountIsWatchedFromItsOldestEventOn(t *testing.T) {
	client := voicegatewayv1.NewOutboundCallServiceClient(dial(t))
	ctx, cancel := context.WithCancel(briefly(t))
	defer cancel()
	request := aCall("bridged", "+13236550107")
	if _, err := voicegateway.PlaceCall(ctx, client, request); err != nil {
		t.Fatal(err)
	}
	watch := voicegateway.WatchCalls(ctx, client, &voicegatewayv1.WatchCallsRequest{Account: "bridged", AfterSequence: proto.Int64(0)})
	var last int64
	for event, err := range watch.Events() {
		if err != nil {
			t.Fatal(err)
		}
		if event.GetSequence() <= last {
			t.Errorf("%d after %d", event.GetSequence(), last)
		}
		last = event.GetSequence()
		if event.GetRequestId() == request.GetRequestId() && event.GetDispatch() == voicegatewayv1.Dispatch_DISPATCH_ACCEPTED {
			break
		}
	}
	if told, _ := watch.LastSequence(); told != last || last == 0 {
		t.Errorf("it is at %d, not %d", told, last)
	}
}
