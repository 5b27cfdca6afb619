// Command place_call places a call to a flow, and says what happened to the phone.
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/google/uuid"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	voicegatewayv1 "example.com/voicegateway/generated/go/voicegateway/v1"
)

func main() {
	target := flag.String("target", "127.0.0.1:50051", "the gateway's host:port")
	to := flag.String("to", "+13236550107", "the number to call")
	flow := flag.String("flow", "SG_1", "the flow to run")
	flag.Parse()

	request := &voicegatewayv1.PlaceCallRequest{
		Call: &voicegatewayv1.OutboundCallRequest{
			Recipients: []*voicegatewayv1.Recipient{{Number: *to}},
			Target:     &voicegatewayv1.OutboundCallRequest_Ivr{Ivr: &voicegatewayv1.Ivr{FlowId: *flow}},
		},
		// Made once, before the first attempt, and kept for every repeat: it names the intent, not the attempt.
		RequestId: uuid.NewString(),
	}
	fmt.Println("request_id:", request.GetRequestId())
	call, err := placeCall(*target, request)
	if err != nil {
		explain(err)
		os.Exit(1)
	}
	fmt.Println("call_id:", call.GetCallId())
	fmt.Println("dispatch:", call.GetDispatch())
}

func placeCall(target string, request *voicegatewayv1.PlaceCallRequest) (*voicegatewayv1.OutboundCall, error) {
	connection, err := grpc.NewClient(target, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, err
	}
	defer connection.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	reply, err := voicegatewayv1.NewOutboundCallServiceClient(connection).PlaceCall(ctx, request)
	return reply.GetCall(), err
}

// explain prints why the call was not accepted, what happened to the phone, and what to do next.
func explain(err error) {
	var info *errdetails.ErrorInfo
	var badRequest *errdetails.BadRequest
	for _, detail := range status.Convert(err).Details() {
		switch detail := detail.(type) {
		case *errdetails.ErrorInfo:
			info = detail
		case *errdetails.BadRequest:
			badRequest = detail
		}
	}

	if info.GetDomain() != "voicegateway.v1" {
		// Not the gateway's answer: a proxy's, or this library's. The phone may ring.
		fmt.Fprintln(os.Stderr, err)
		fmt.Print("reason: unknown\ndispatch: unknown\nretry: unknown\n")
		return
	}
	fmt.Println("reason:", info.GetReason())
	fmt.Println("dispatch:", cmp.Or(info.GetMetadata()["dispatch"], "unknown"))
	fmt.Println("retry:", cmp.Or(info.GetMetadata()["retry"], "unknown"))
	for _, violation := range badRequest.GetFieldViolations() {
		fmt.Printf("violation: %s: %s\n", violation.GetField(), violation.GetDescription())
	}
}
