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
	"google.golang.org/grpc/codes"
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
		if errorInfo(err).GetReason() == "ERROR_REASON_OUTCOME_UNKNOWN" {
			lookUp(*target, request.GetRequestId())
		}
		os.Exit(1)
	}
	fmt.Println("call_id:", call.GetCallId())
	fmt.Println("dispatch:", call.GetDispatch())
}

const repeats = 2

// placeCall places the call, and repeats the request where it may help. With the same request_id that rings nobody
// twice: the gateway tells what became of the first attempt, and dials only if nobody was dialed.
func placeCall(target string, request *voicegatewayv1.PlaceCallRequest) (*voicegatewayv1.OutboundCall, error) {
	connection, err := grpc.NewClient(target, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, err
	}
	defer connection.Close()
	call, err := placeOnce(connection, request)
	for i := 0; i < repeats && err != nil && aRepeatMayHelp(err); i++ {
		time.Sleep(time.Second) // a program that nobody waits for is more patient; see RetryInfo as well
		call, err = placeOnce(connection, request)
	}
	return call, err
}

func placeOnce(connection *grpc.ClientConn, request *voicegatewayv1.PlaceCallRequest) (*voicegatewayv1.OutboundCall, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	reply, err := voicegatewayv1.NewOutboundCallServiceClient(connection).PlaceCall(ctx, request)
	return reply.GetCall(), err
}

// aRepeatMayHelp tells whether to ask again. After a deadline or a broken connection nothing is known, and the gateway
// knows more; an answer of its own says what it advises.
func aRepeatMayHelp(err error) bool {
	info := errorInfo(err)
	if info == nil {
		// These two did not reach the gateway, and would not the next time.
		code := status.Code(err)
		return code != codes.ResourceExhausted && code != codes.Unimplemented
	}
	return info.GetMetadata()["retry"] == "RETRY_ADVICE_REPEAT"
}

// explain prints why the call was not accepted, what happened to the phone, and what to do next.
func explain(err error) {
	info := errorInfo(err)
	if info == nil {
		// Not the gateway's answer: a proxy's, or this library's. The phone may ring. Keep the request_id: repeating
		// the request with it, however late, tells what became of it.
		fmt.Fprintln(os.Stderr, err)
		fmt.Print("reason: unknown\ndispatch: unknown\nretry: unknown\n")
		return
	}
	fmt.Println("reason:", info.GetReason())
	fmt.Println("dispatch:", cmp.Or(info.GetMetadata()["dispatch"], "unknown"))
	fmt.Println("retry:", cmp.Or(info.GetMetadata()["retry"], "unknown"))
	for _, detail := range status.Convert(err).Details() {
		if badRequest, ok := detail.(*errdetails.BadRequest); ok {
			for _, violation := range badRequest.GetFieldViolations() {
				fmt.Printf("violation: %s: %s\n", violation.GetField(), violation.GetDescription())
			}
		}
	}
}

// lookUp prints what is recorded of a call whose outcome is unknown: it is never sent again, and may become known later.
func lookUp(target, requestID string) {
	connection, err := grpc.NewClient(target, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	defer connection.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	reply, err := voicegatewayv1.NewOutboundCallServiceClient(connection).GetCall(ctx, &voicegatewayv1.GetCallRequest{
		Lookup: &voicegatewayv1.GetCallRequest_RequestId{RequestId: requestID},
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	fmt.Println("recorded:", reply.GetCall().GetDispatch())
}

// errorInfo returns the gateway's own word on an error; nil for a status of somebody else.
func errorInfo(err error) *errdetails.ErrorInfo {
	for _, detail := range status.Convert(err).Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok && info.GetDomain() == "voicegateway.v1" {
			return info
		}
	}
	return nil
}
