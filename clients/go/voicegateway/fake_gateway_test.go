package voicegateway_test

import (
	"context"
	"net"
	"sync"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"

	"example.com/voicegateway/clients/go/voicegateway"
	voicegatewayv1 "example.com/voicegateway/generated/go/voicegateway/v1"
)

// answer is what a gateway does with the attempt of this number, from 1.
type answer func(ctx context.Context, attempt int, request *voicegatewayv1.PlaceCallRequest) error

// watching is what a gateway does with the stream of this number, from 1.
type watching func(
	attempt int, request *voicegatewayv1.WatchCallsRequest, stream grpc.ServerStreamingServer[voicegatewayv1.WatchCallsResponse],
) error

// fakeGateway is a real gRPC server whose answers a test decides. A nil error is answered with a call.
type fakeGateway struct {
	voicegatewayv1.UnimplementedOutboundCallServiceServer
	address  string
	server   *grpc.Server
	listener *wires
	answer   answer
	watch    watching

	mu       sync.Mutex
	placed   []*voicegatewayv1.PlaceCallRequest
	metadata []metadata.MD
	watched  int
}

const callID = "01M877T75TZ34YP86YJBAKTDN5"

func newFakeGateway(answer answer, options ...grpc.ServerOption) *fakeGateway {
	gateway := &fakeGateway{answer: answer, server: grpc.NewServer(options...)}
	voicegatewayv1.RegisterOutboundCallServiceServer(gateway.server, gateway)
	return gateway
}

// serve listens until stop is called.
func (g *fakeGateway) serve() (stop func()) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	g.address = listener.Addr().String()
	g.listener = &wires{Listener: listener}
	go g.server.Serve(g.listener)
	return g.server.Stop
}

func (g *fakeGateway) PlaceCall(
	ctx context.Context, request *voicegatewayv1.PlaceCallRequest,
) (*voicegatewayv1.PlaceCallResponse, error) {
	g.mu.Lock()
	g.placed = append(g.placed, request)
	told, _ := metadata.FromIncomingContext(ctx)
	g.metadata = append(g.metadata, told)
	attempt := len(g.placed)
	g.mu.Unlock()
	if err := g.answer(ctx, attempt, request); err != nil {
		return nil, err
	}
	return accepted(request), nil
}

func (g *fakeGateway) WatchCalls(
	request *voicegatewayv1.WatchCallsRequest, stream grpc.ServerStreamingServer[voicegatewayv1.WatchCallsResponse],
) error {
	g.mu.Lock()
	g.watched++
	attempt := g.watched
	g.mu.Unlock()
	return g.watch(attempt, request, stream)
}

// attempts counts the calls of PlaceCall.
func (g *fakeGateway) attempts() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.placed)
}

// streams counts the calls of WatchCalls.
func (g *fakeGateway) streams() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.watched
}

func accepted(request *voicegatewayv1.PlaceCallRequest) *voicegatewayv1.PlaceCallResponse {
	return &voicegatewayv1.PlaceCallResponse{Call: &voicegatewayv1.OutboundCall{
		CallId:    callID,
		RequestId: request.GetRequestId(),
		Request:   request.GetCall(),
		Dispatch:  voicegatewayv1.Dispatch_DISPATCH_ACCEPTED,
	}}
}

// refusal is a status as the gateway writes it, with the pushback that goes with its advice.
func refusal(
	ctx context.Context, code codes.Code, reason, dispatch, retry string, more ...protoadapt.MessageV1,
) error {
	if retry != "RETRY_ADVICE_REPEAT" {
		grpc.SetTrailer(ctx, metadata.Pairs("grpc-retry-pushback-ms", "-1"))
	}
	info := &errdetails.ErrorInfo{Domain: "voicegateway.v1", Reason: reason, Metadata: map[string]string{
		"dispatch": dispatch, "retry": retry, "request_id": "reminder-8812", "call_id": callID,
	}}
	return withDetails(code, append([]protoadapt.MessageV1{info}, more...)...)
}

func withDetails(code codes.Code, details ...protoadapt.MessageV1) error {
	told, err := status.New(code, "The flow is not the account's. Nobody was dialed.").WithDetails(details...)
	if err != nil {
		panic(err)
	}
	return told.Err()
}

// run serves a gateway for a test.
func run(t *testing.T, answer answer, options ...grpc.ServerOption) *fakeGateway {
	t.Helper()
	gateway := newFakeGateway(answer, options...)
	t.Cleanup(gateway.serve())
	return gateway
}

// dial opens a channel of the package for a test.
func dial(t *testing.T, target string, options ...grpc.DialOption) voicegatewayv1.OutboundCallServiceClient {
	t.Helper()
	plaintext := grpc.WithTransportCredentials(insecure.NewCredentials())
	conn, err := voicegateway.NewClient(target, append([]grpc.DialOption{plaintext}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return voicegatewayv1.NewOutboundCallServiceClient(conn)
}

// briefly is a context for what takes a moment; a test that hangs ends with it.
func briefly(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func aCall() *voicegatewayv1.PlaceCallRequest {
	return &voicegatewayv1.PlaceCallRequest{
		RequestId: "reminder-8812",
		Call: &voicegatewayv1.OutboundCallRequest{
			Recipients: []*voicegatewayv1.Recipient{{Number: "+13236550107"}},
			Target:     &voicegatewayv1.OutboundCallRequest_Ivr{Ivr: &voicegatewayv1.Ivr{FlowId: "SG_1"}},
		},
	}
}

// accepts is an answer: the call.
func accepts(context.Context, int, *voicegatewayv1.PlaceCallRequest) error { return nil }
