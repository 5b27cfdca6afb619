package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"os"
	"testing"

	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"example.com/voicegateway/clients/go/voicegateway"
	voicegatewayv1 "example.com/voicegateway/generated/go/voicegateway/v1"
)

// Run `kaleyra-gateway sandbox` and a gateway in front of it, then `go test ./...`: nobody's phone rings.
func TestThePhoneRingsAsOftenAsTheAnswerSays(t *testing.T) {
	client := dial(t)
	for _, test := range []struct {
		number, dispatch string
		rings            map[string]int
	}{
		{"+13236550107", "DISPATCH_ACCEPTED", map[string]int{"+13236550107": 1}},
		{"+13236550126", "DISPATCH_REJECTED", map[string]int{}},                         // the provider knows no such flow
		{"+13236550142", "DISPATCH_OUTCOME_UNKNOWN", map[string]int{"+13236550142": 1}}, // an empty answer: it rang all the same
	} {
		call, err := placeCall(client, aCall(test.number))
		id, dispatch := call.GetCallId(), call.GetDispatch().String()
		var refused *voicegateway.Error
		if errors.As(err, &refused) {
			id, dispatch = refused.CallID, refused.Dispatch.String()
		}
		if dispatch != test.dispatch {
			t.Errorf("%s: dispatch is %s, not %s (%v)", test.number, dispatch, test.dispatch, err)
		}
		if rings := ringsOf(t, id); !maps.Equal(rings, test.rings) {
			t.Errorf("%s: rang %v, not %v", test.number, rings, test.rings)
		}
	}
}

func TestARepeatRingsNobodyTwice(t *testing.T) {
	client, request := dial(t), aCall("+13236550107")
	var ids []string
	for range 2 {
		call, err := placeCall(client, request)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, call.GetCallId())
	}
	if ids[0] != ids[1] {
		t.Errorf("the repeat is the call %s, not %s", ids[1], ids[0])
	}
	if rings := ringsOf(t, ids[0]); !maps.Equal(rings, map[string]int{"+13236550107": 1}) {
		t.Errorf("rang %v", rings)
	}
}

func dial(t *testing.T) voicegatewayv1.OutboundCallServiceClient {
	t.Helper()
	target := cmp.Or(os.Getenv("GATEWAY"), "127.0.0.1:50051")
	conn, err := voicegateway.NewClient(target, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return voicegatewayv1.NewOutboundCallServiceClient(conn)
}

func aCall(number string) *voicegatewayv1.PlaceCallRequest {
	return &voicegatewayv1.PlaceCallRequest{
		RequestId: uuid.NewString(),
		Call: &voicegatewayv1.OutboundCallRequest{
			Recipients: []*voicegatewayv1.Recipient{{Number: number}},
			Target:     &voicegatewayv1.OutboundCallRequest_Ivr{Ivr: &voicegatewayv1.Ivr{FlowId: "SG_1"}},
		},
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
