package voicegateway_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	"example.com/voicegateway/clients/go/voicegateway"
	voicegatewayv1 "example.com/voicegateway/generated/go/voicegateway/v1"
)

// startGateway serves what the examples call: it knows the flow SG_1, and no other.
func startGateway() (target string, stop func()) {
	gateway := newFakeGateway(func(ctx context.Context, _ int, request *voicegatewayv1.PlaceCallRequest) error {
		if request.GetCall().GetIvr().GetFlowId() != "SG_1" {
			return refusal(ctx, codes.NotFound, "ERROR_REASON_FLOW_NOT_FOUND", "DISPATCH_REJECTED", "RETRY_ADVICE_NEW_REQUEST_ID")
		}
		return nil
	})
	gateway.watch = tellsOfOneCall
	stop = gateway.serve()
	return gateway.address, stop
}

// tellsOfOneCall is a gateway that drains while the phone rings.
func tellsOfOneCall(attempt int, request *voicegatewayv1.WatchCallsRequest, stream watchStream) error {
	for _, outcome := range []*voicegatewayv1.RecipientOutcome{
		{State: voicegatewayv1.RecipientState_RECIPIENT_STATE_RINGING},
		{State: voicegatewayv1.RecipientState_RECIPIENT_STATE_ANSWERED},
		{State: voicegatewayv1.RecipientState_RECIPIENT_STATE_ENDED, Disposition: voicegatewayv1.Disposition_DISPOSITION_ANSWERED, Keypress: "1"},
	}[request.GetAfterSequence():] {
		outcome.Recipient = &voicegatewayv1.Recipient{Number: "+13236550107", Reference: "patient-8812"}
		told := event(int64(outcome.GetState()) - 1)
		told.GetEvent().Recipient = outcome
		if err := stream.Send(told); err != nil || attempt == 1 {
			return drained
		}
	}
	if request.GetLookup() == nil { // an account's stream has no end
		<-stream.Context().Done()
	}
	return nil
}

func Example() {
	target, stop := startGateway()
	defer stop()
	conn, err := voicegateway.NewClient(target, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	client := voicegatewayv1.NewOutboundCallServiceClient(conn)

	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	reply, err := voicegateway.PlaceCall(ctx, client, &voicegatewayv1.PlaceCallRequest{
		RequestId: "reminder-8812", // chosen once, stored with the intent, kept for every repeat
		Call: &voicegatewayv1.OutboundCallRequest{
			Recipients: []*voicegatewayv1.Recipient{{Number: "+13236550107"}},
			Target:     &voicegatewayv1.OutboundCallRequest_Ivr{Ivr: &voicegatewayv1.Ivr{FlowId: "SG_1"}},
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(reply.GetCall().GetCallId(), reply.GetCall().GetDispatch())
	// Output: 01M877T75TZ34YP86YJBAKTDN5 DISPATCH_ACCEPTED
}

func ExampleFromError() {
	target, stop := startGateway()
	defer stop()
	conn, err := voicegateway.NewClient(target, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	request := aCall()
	request.GetCall().GetIvr().FlowId = "SG_missing"

	_, err = voicegatewayv1.NewOutboundCallServiceClient(conn).PlaceCall(ctx, request)
	if refused := voicegateway.FromError(err); refused != nil {
		fmt.Println(refused.Code, refused.Reason)
		fmt.Println("nobody was dialed:", refused.NobodyWasDialed())
		fmt.Println("a repeat may help:", refused.MayRepeat())
		fmt.Println(refused)
	}
	// Output:
	// NotFound ERROR_REASON_FLOW_NOT_FOUND
	// nobody was dialed: true
	// a repeat may help: false
	// voicegateway: NotFound: ERROR_REASON_FLOW_NOT_FOUND, DISPATCH_REJECTED, RETRY_ADVICE_NEW_REQUEST_ID, call 01M877T75TZ34YP86YJBAKTDN5
}

// What a service does after each kind of answer.
func ExampleError() {
	target, stop := startGateway()
	defer stop()
	conn, err := voicegateway.NewClient(target, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	client := voicegatewayv1.NewOutboundCallServiceClient(conn)
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	request := aCall()
	request.GetCall().GetIvr().FlowId = "SG_missing"

	reply, err := voicegateway.PlaceCall(ctx, client, request)
	var refused *voicegateway.Error
	switch {
	case err == nil:
		fmt.Println("the provider has accepted it:", reply.GetCall().GetCallId())
	case !errors.As(err, &refused):
		fmt.Println("it was never sent:", err)
	case refused.MayRepeat():
		fmt.Println("keep it, and send the same again in some minutes")
	case refused.Advice == voicegatewayv1.RetryAdvice_RETRY_ADVICE_CORRECT:
		fmt.Println("correct it, and keep the request_id:", refused.Violations)
	case refused.Advice == voicegatewayv1.RetryAdvice_RETRY_ADVICE_NEW_REQUEST_ID:
		fmt.Println("correct it, and use a new request_id:", refused.Reason)
	default: // LOOK_UP: phones may ring
		fmt.Println("send nothing; a person looks it up:", refused.CallID)
	}
	// Output: correct it, and use a new request_id: ERROR_REASON_FLOW_NOT_FOUND
}

func ExampleValidate() {
	request := aCall()
	request.GetCall().GetRecipients()[0].Number = "+1323655O107"

	violations, err := voicegateway.Validate(request)
	if err != nil {
		log.Fatal(err)
	}
	for _, violation := range violations {
		fmt.Println(violation.Field, violation.Reason)
	}
	// Output: call.recipients[0].number STRING_PATTERN
}

// A job that nobody waits for is more patient.
func ExamplePlaceCall() {
	target, stop := startGateway()
	defer stop()
	conn, err := voicegateway.NewClient(target, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	client, request := voicegatewayv1.NewOutboundCallServiceClient(conn), aCall()

	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	reply, err := voicegateway.PlaceCall(ctx, client, request,
		voicegateway.WithMaxAttempts(20),
		voicegateway.WithAttemptTimeout(time.Minute),
		voicegateway.WithBackoff(5*time.Second, 5*time.Minute))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(reply.GetCall().GetDispatch(), reply.GetReplayed())
	// Output: DISPATCH_ACCEPTED false
}

func ExampleWatchCalls() {
	target, stop := startGateway()
	defer stop()
	conn, err := voicegateway.NewClient(target, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	client, ctx := voicegatewayv1.NewOutboundCallServiceClient(conn), context.Background()

	watch := voicegateway.WatchCalls(ctx, client, &voicegatewayv1.WatchCallsRequest{
		Lookup: &voicegatewayv1.WatchCallsRequest_RequestId{RequestId: "golang-8812"},
	})
	for event, err := range watch.Events() {
		if err != nil {
			log.Fatal(err)
		}
		if outcome := event.GetRecipient(); outcome != nil {
			fmt.Println(outcome.GetRecipient().GetReference(), outcome.GetState(), outcome.GetDisposition())
		}
	}
	fmt.Println("the call has ended")
	// Output:
	// patient-8812 RECIPIENT_STATE_RINGING DISPOSITION_UNSPECIFIED
	// patient-8812 RECIPIENT_STATE_ANSWERED DISPOSITION_UNSPECIFIED
	// patient-8812 RECIPIENT_STATE_ENDED DISPOSITION_ANSWERED
	// the call has ended
}

// followAccount handles every event of the account "default", also of the time when this program did not run: the file
// keeps how far it is.
func followAccount(
	ctx context.Context, client voicegatewayv1.OutboundCallServiceClient, file string, handle func(*voicegatewayv1.CallEvent),
) error {
	kept, _ := os.ReadFile(file)
	after, _ := strconv.ParseInt(string(kept), 10, 64) // 0 at first: from the oldest event that is kept
	request := &voicegatewayv1.WatchCallsRequest{AfterSequence: &after}
	for event, err := range voicegateway.WatchCalls(ctx, client, request).Events() {
		if err != nil {
			return err
		}
		handle(event) // whoever dies before the next line is told of it again
		if err := os.WriteFile(file, strconv.AppendInt(nil, event.GetSequence(), 10), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// A program that is ended and started again is told of each event once.
func ExampleWatchCalls_restart() {
	target, stop := startGateway()
	defer stop()
	conn, err := voicegateway.NewClient(target, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		log.Fatal(err)
	}
	defer conn.Close()
	client := voicegatewayv1.NewOutboundCallServiceClient(conn)
	folder, err := os.MkdirTemp("", "watch")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(folder)

	for range 2 {
		ctx, cancel := context.WithCancel(context.Background())
		err := followAccount(ctx, client, filepath.Join(folder, "sequence"), func(event *voicegatewayv1.CallEvent) {
			fmt.Println(event.GetSequence(), event.GetRecipient().GetState())
			if event.GetSequence() >= 2 {
				cancel()
			}
		})
		fmt.Println(errors.Is(err, context.Canceled))
	}
	// Output:
	// 1 RECIPIENT_STATE_RINGING
	// 2 RECIPIENT_STATE_ANSWERED
	// true
	// 3 RECIPIENT_STATE_ENDED
	// true
}

// dialMutualTLS opens a channel over TLS, with a certificate that tells the gateway who calls.
func dialMutualTLS(target, authorityFile, certificateFile, keyFile string) (*grpc.ClientConn, error) {
	authorities := x509.NewCertPool()
	if content, err := os.ReadFile(authorityFile); err != nil {
		return nil, err
	} else if !authorities.AppendCertsFromPEM(content) {
		return nil, fmt.Errorf("no certificate in %s", authorityFile)
	}
	certificate, err := tls.LoadX509KeyPair(certificateFile, keyFile)
	if err != nil {
		return nil, err
	}
	return voicegateway.NewClient(target, grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{
		RootCAs:      authorities,                    // left out: those of the system
		Certificates: []tls.Certificate{certificate}, // left out: the gateway does not ask who calls
	})))
}
