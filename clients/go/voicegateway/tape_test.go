package voicegateway_test

import (
	"context"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"example.com/voicegateway/clients/go/voicegateway"
	voicegatewayv1 "example.com/voicegateway/generated/go/voicegateway/v1"
)

// tape is a client whose streams are played as they are recorded, on synctest's clock: a network has its own. The last
// stream is played again and again.
type tape struct {
	voicegatewayv1.OutboundCallServiceClient
	streams  []stream
	began    time.Time
	asked    []*voicegatewayv1.WatchCallsRequest
	at       []time.Duration
	open     []context.Context
	received int
}

// stream holds what comes: messages, times of silence, an error. io.EOF is the end of the call; a stream that has no
// more is silent.
type stream []any

func (t *tape) WatchCalls(
	ctx context.Context, request *voicegatewayv1.WatchCallsRequest, _ ...grpc.CallOption,
) (grpc.ServerStreamingClient[voicegatewayv1.WatchCallsResponse], error) {
	t.asked = append(t.asked, request)
	t.at = append(t.at, time.Since(t.began))
	t.open = append(t.open, ctx)
	if ctx.Err() != nil {
		return nil, status.FromContextError(ctx.Err()).Err()
	}
	return &player{ctx: ctx, tape: t, left: t.streams[min(len(t.asked), len(t.streams))-1]}, nil
}

type player struct {
	grpc.ClientStream
	ctx  context.Context
	tape *tape
	left stream
}

func (p *player) Recv() (*voicegatewayv1.WatchCallsResponse, error) {
	for len(p.left) > 0 {
		next := p.left[0]
		p.left = p.left[1:]
		switch next := next.(type) {
		case *voicegatewayv1.WatchCallsResponse: // also when the context has ended, as the library does
			p.tape.received++
			return next, nil
		case error:
			return nil, next
		case time.Duration:
			select {
			case <-p.ctx.Done():
				return nil, status.FromContextError(p.ctx.Err()).Err()
			case <-time.After(next):
			}
		}
	}
	<-p.ctx.Done()
	return nil, status.FromContextError(p.ctx.Err()).Err()
}

// watched is what a loop was told, and how long it took.
type watched struct {
	sequences []int64
	err       error
	took      time.Duration
	last      int64
}

// play follows the tape on a clock that needs no time.
func (t *tape) play(test *testing.T, request *voicegatewayv1.WatchCallsRequest, options ...voicegateway.WatchOption) watched {
	return t.playUntil(test, noLimit, request, options...)
}

func (t *tape) playUntil(
	test *testing.T, ctx func(context.Context) (context.Context, context.CancelFunc),
	request *voicegatewayv1.WatchCallsRequest, options ...voicegateway.WatchOption,
) (seen watched) {
	test.Helper()
	synctest.Test(test, func(test *testing.T) {
		t.began = time.Now()
		limited, cancel := ctx(test.Context())
		defer cancel()
		watch := voicegateway.WatchCalls(limited, t, request, options...)
		for event, err := range watch.Events() {
			if (event == nil) == (err == nil) || seen.err != nil {
				test.Errorf("told %v and %v after %v", event, err, seen.err)
			}
			seen.err = err
			if event != nil {
				seen.sequences = append(seen.sequences, event.GetSequence())
			}
		}
		seen.took = time.Since(t.began)
		seen.last, _ = watch.LastSequence()
		for _, ctx := range t.open {
			if ctx.Err() == nil {
				test.Error("a stream was left open")
			}
		}
	})
	return seen
}

// waits lists the time between the streams.
func (t *tape) waits() []time.Duration {
	var waits []time.Duration
	for index := range t.at[1:] {
		waits = append(waits, t.at[index+1]-t.at[index])
	}
	return waits
}

// after lists the sequences that the streams were asked to go on after; -1 where none was given.
func (t *tape) after() []int64 {
	var after []int64
	for _, request := range t.asked {
		if request.AfterSequence == nil {
			after = append(after, -1)
		} else {
			after = append(after, request.GetAfterSequence())
		}
	}
	return after
}

func oneCall() *voicegatewayv1.WatchCallsRequest {
	return &voicegatewayv1.WatchCallsRequest{Lookup: &voicegatewayv1.WatchCallsRequest_CallId{CallId: callID}}
}

func anAccount() *voicegatewayv1.WatchCallsRequest {
	return &voicegatewayv1.WatchCallsRequest{Account: "clinic"}
}

func event(sequence int64) *voicegatewayv1.WatchCallsResponse {
	return &voicegatewayv1.WatchCallsResponse{Response: &voicegatewayv1.WatchCallsResponse_Event{Event: &voicegatewayv1.CallEvent{
		Sequence: sequence, CallId: callID, Type: voicegatewayv1.CallEventType_CALL_EVENT_TYPE_RECIPIENT_CHANGED,
		Recipient: &voicegatewayv1.RecipientOutcome{Recipient: &voicegatewayv1.Recipient{Number: "+13236550107"}},
	}}}
}

func beat(sequence int64) *voicegatewayv1.WatchCallsResponse {
	return &voicegatewayv1.WatchCallsResponse{Response: &voicegatewayv1.WatchCallsResponse_Heartbeat{
		Heartbeat: &voicegatewayv1.Heartbeat{Sequence: sequence},
	}}
}

// gatewaysError is an error of the gateway on a stream, which tells neither dispatch nor advice.
func gatewaysError(code codes.Code, reason string) error {
	return withDetails(code, &errdetails.ErrorInfo{Domain: "voicegateway.v1", Reason: "ERROR_REASON_" + reason})
}

func foreignError(code codes.Code) error { return status.Error(code, "+13236550107: reset by peer") }

var (
	drained = gatewaysError(codes.Unavailable, "OVERLOADED")
	ended   = io.EOF
)
