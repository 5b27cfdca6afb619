// Command place_call places a call to a flow, and says what happened to the phone.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"example.com/voicegateway/clients/go/voicegateway"
	voicegatewayv1 "example.com/voicegateway/generated/go/voicegateway/v1"
)

func main() {
	target := flag.String("target", "127.0.0.1:50051", "the gateway's host:port")
	to := flag.String("to", "+13236550107", "the number to call")
	flow := flag.String("flow", "SG_1", "the flow to run")
	flag.Parse()

	conn, err := voicegateway.NewClient(*target, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	client := voicegatewayv1.NewOutboundCallServiceClient(conn)
	request := &voicegatewayv1.PlaceCallRequest{
		Call: &voicegatewayv1.OutboundCallRequest{
			Recipients: []*voicegatewayv1.Recipient{{Number: *to}},
			Target:     &voicegatewayv1.OutboundCallRequest_Ivr{Ivr: &voicegatewayv1.Ivr{FlowId: *flow}},
		},
		// Made once, before the first attempt, and kept for every repeat: it names the intent, not the attempt.
		RequestId: uuid.NewString(),
	}
	fmt.Println("request_id:", request.GetRequestId())
	call, err := placeCall(client, request)
	if err != nil {
		explain(client, request, err)
		os.Exit(1)
	}
	fmt.Println("call_id:", call.GetCallId())
	fmt.Println("dispatch:", call.GetDispatch())
}

// placeCall places the call, and repeats the request where it may help. With the same request_id that rings nobody
// twice: the gateway tells what became of the first attempt, and dials only if nobody was dialed.
func placeCall(
	client voicegatewayv1.OutboundCallServiceClient, request *voicegatewayv1.PlaceCallRequest,
) (*voicegatewayv1.OutboundCall, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	reply, err := voicegateway.PlaceCall(ctx, client, request, voicegateway.WithMaxAttempts(2))
	return reply.GetCall(), err
}

// explain prints why the call was not accepted, what happened to the phone, and what to do next.
func explain(client voicegatewayv1.OutboundCallServiceClient, request *voicegatewayv1.PlaceCallRequest, err error) {
	fmt.Fprintln(os.Stderr, err)
	var refused *voicegateway.Error
	if !errors.As(err, &refused) || !refused.FromGateway {
		// Not the gateway's answer: a proxy's, or gRPC's own. The phone may ring. Keep the request_id: repeating the
		// request with it, however late, tells what became of it.
		fmt.Print("reason: unknown\ndispatch: unknown\nretry: unknown\n")
		return
	}
	fmt.Println("reason:", refused.ReasonName)
	fmt.Println("dispatch:", refused.Dispatch)
	fmt.Println("retry:", refused.Advice)
	for _, violation := range refused.Violations {
		fmt.Printf("violation: %s: %s\n", violation.Field, violation.Description)
	}
	if refused.Reason == voicegatewayv1.ErrorReason_ERROR_REASON_OUTCOME_UNKNOWN {
		lookUp(client, request.GetRequestId())
	}
}

// lookUp prints what is recorded of a call whose outcome is unknown: it is never sent again, and may become known later.
func lookUp(client voicegatewayv1.OutboundCallServiceClient, requestID string) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	reply, err := client.GetCall(ctx, &voicegatewayv1.GetCallRequest{
		Lookup: &voicegatewayv1.GetCallRequest_RequestId{RequestId: requestID},
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, voicegateway.FromError(err))
		return
	}
	fmt.Println("recorded:", reply.GetCall().GetDispatch())
}
