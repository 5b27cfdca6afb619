// Command watch places a call to several people, and prints what becomes of each as it happens.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"example.com/voicegateway/clients/go/voicegateway"
	voicegatewayv1 "example.com/voicegateway/generated/go/voicegateway/v1"
)

func main() {
	target := flag.String("target", "127.0.0.1:50051", "the gateway's host:port")
	to := flag.String("to", "+13236550107,+13236550108", "the numbers to call")
	flow := flag.String("flow", "SG_1", "the flow to run")
	flag.Parse()

	conn, err := voicegateway.NewClient(*target, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, voicegatewayv1.NewOutboundCallServiceClient(conn), aCall(*to, *flow), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// aCall is a call to the numbers. Each recipient has a reference: it comes back with what becomes of him, so that no
// number needs to be shown.
func aCall(numbers, flow string) *voicegatewayv1.PlaceCallRequest {
	call := &voicegatewayv1.OutboundCallRequest{
		Target: &voicegatewayv1.OutboundCallRequest_Ivr{Ivr: &voicegatewayv1.Ivr{FlowId: flow}},
	}
	for index, number := range strings.Split(numbers, ",") {
		recipient := &voicegatewayv1.Recipient{Number: number, Reference: fmt.Sprintf("recipient %d", index+1)}
		call.Recipients = append(call.Recipients, recipient)
	}
	return &voicegatewayv1.PlaceCallRequest{RequestId: uuid.NewString(), Call: call}
}

// run places the call, and follows it to its end.
func run(
	ctx context.Context, client voicegatewayv1.OutboundCallServiceClient, request *voicegatewayv1.PlaceCallRequest, out io.Writer,
) error {
	fmt.Fprintln(out, "request_id:", request.GetRequestId())
	placing, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	_, err := voicegateway.PlaceCall(placing, client, request)
	var refused *voicegateway.Error
	if errors.As(err, &refused) && refused.Reason == voicegatewayv1.ErrorReason_ERROR_REASON_OUTCOME_UNKNOWN {
		fmt.Fprintln(out, "dispatch:", refused.Dispatch) // phones may ring: a report will tell
	} else if err != nil {
		return err
	}
	watch := voicegateway.WatchCalls(ctx, client, &voicegatewayv1.WatchCallsRequest{
		Lookup: &voicegatewayv1.WatchCallsRequest_RequestId{RequestId: request.GetRequestId()},
	})
	for event, err := range watch.Events() {
		if err != nil {
			return err
		}
		fmt.Fprintln(out, line(event))
	}
	return nil
}

// line says what an event tells, without a phone number.
func line(event *voicegatewayv1.CallEvent) string {
	outcome := event.GetRecipient()
	if outcome == nil {
		return fmt.Sprintf("dispatch: %s", event.GetDispatch())
	}
	said := fmt.Sprintf("%s: %s", outcome.GetRecipient().GetReference(), outcome.GetState())
	if outcome.GetDisposition() != voicegatewayv1.Disposition_DISPOSITION_UNSPECIFIED {
		said += fmt.Sprintf(" %s", outcome.GetDisposition())
	}
	if outcome.GetKeypress() != "" {
		said += ", pressed " + outcome.GetKeypress()
	}
	if outcome.GetAttempts() > 1 {
		said += fmt.Sprintf(", dialed %d times", outcome.GetAttempts())
	}
	if outcome.GetStale() {
		said += ", no report came in time"
	}
	return said
}
