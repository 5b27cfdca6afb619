package main

import (
	"cmp"
	"encoding/json"
	"net/http"
	"os"
	"reflect"
	"testing"

	"github.com/google/uuid"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/status"

	voicegatewayv1 "example.com/voicegateway/generated/go/voicegateway/v1"
)

// Run `kaleyra-gateway sandbox` and a gateway in front of it, then `go test ./...`: nobody's phone rings.
func TestThePhoneRingsAsOftenAsTheAnswerSays(t *testing.T) {
	for _, test := range []struct {
		number, dispatch string
		rings            map[string]int
	}{
		{"+13236550107", "DISPATCH_ACCEPTED", map[string]int{"+13236550107": 1}},
		{"+13236550126", "DISPATCH_REJECTED", map[string]int{}},                         // the provider knows no such flow
		{"+13236550142", "DISPATCH_OUTCOME_UNKNOWN", map[string]int{"+13236550142": 1}}, // an empty answer: it rang all the same
	} {
		request := &voicegatewayv1.PlaceCallRequest{
			RequestId: uuid.NewString(),
			Call: &voicegatewayv1.OutboundCallRequest{
				Recipients: []*voicegatewayv1.Recipient{{Number: test.number}},
				Target:     &voicegatewayv1.OutboundCallRequest_Ivr{Ivr: &voicegatewayv1.Ivr{FlowId: "SG_1"}},
			},
		}
		call, err := placeCall(cmp.Or(os.Getenv("GATEWAY"), "127.0.0.1:50051"), request)
		id, dispatch := call.GetCallId(), call.GetDispatch().String()
		for _, detail := range status.Convert(err).Details() {
			if info, ok := detail.(*errdetails.ErrorInfo); ok {
				id, dispatch = info.GetMetadata()["call_id"], info.GetMetadata()["dispatch"]
			}
		}
		if dispatch != test.dispatch {
			t.Errorf("%s: dispatch is %s, not %s (%v)", test.number, dispatch, test.dispatch, err)
		}
		if rings := ringsOf(t, id); !reflect.DeepEqual(rings, test.rings) {
			t.Errorf("%s: rang %v, not %v", test.number, rings, test.rings)
		}
	}
}

func TestARepeatRingsNobodyTwice(t *testing.T) {
	request := &voicegatewayv1.PlaceCallRequest{
		RequestId: uuid.NewString(),
		Call: &voicegatewayv1.OutboundCallRequest{
			Recipients: []*voicegatewayv1.Recipient{{Number: "+13236550107"}},
			Target:     &voicegatewayv1.OutboundCallRequest_Ivr{Ivr: &voicegatewayv1.Ivr{FlowId: "SG_1"}},
		},
	}
	var ids []string
	for range 2 {
		call, err := placeCall(cmp.Or(os.Getenv("GATEWAY"), "127.0.0.1:50051"), request)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, call.GetCallId())
	}
	if ids[0] != ids[1] {
		t.Errorf("the repeat is the call %s, not %s", ids[1], ids[0])
	}
	if rings := ringsOf(t, ids[0]); !reflect.DeepEqual(rings, map[string]int{"+13236550107": 1}) {
		t.Errorf("rang %v", rings)
	}
}

// ringsOf asks the sandbox how often each phone would have rung for a call.
func ringsOf(t *testing.T, callID string) map[string]int {
	t.Helper()
	reply, err := http.Get(cmp.Or(os.Getenv("SANDBOX"), "http://127.0.0.1:8090") + "/rings?custom=" + callID)
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	var counted struct{ Rings map[string]int }
	if err := json.NewDecoder(reply.Body).Decode(&counted); err != nil {
		t.Fatal(err)
	}
	return counted.Rings
}
