package voicegateway

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/protobuf/proto"

	voicegatewayv1 "example.com/voicegateway/generated/go/voicegateway/v1"
)

// ErrNoRequestID is what [PlaceCall] answers to a request without a request_id. Choose it, and store
// it with the intent, before the first attempt: one that is made here would be lost with the process,
// and a later repeat would be a second call.
var ErrNoRequestID = errors.New("voicegateway: the request has no request_id: choose one, and store it, before the first attempt")

// PlaceCallOption changes how [PlaceCall] repeats.
type PlaceCallOption func(*placing)

// WithMaxAttempts sends a request at most so many times. Default: 4.
func WithMaxAttempts(attempts int) PlaceCallOption {
	return func(p *placing) { p.attempts = attempts }
}

// WithAttemptTimeout gives each attempt so much time. Default: 30 seconds. The gateway waits up to 26
// seconds for the provider: an attempt that is given up earlier learns nothing, and the next one
// waits for the first.
func WithAttemptTimeout(timeout time.Duration) PlaceCallOption {
	return func(p *placing) { p.timeout = timeout }
}

// WithBackoff waits so long before the first repeat, and twice as long before each further one, up to
// longest; less a random part, at most half of it. Default: half a second, up to 8 seconds. Where the
// gateway says how long to wait, that counts instead.
func WithBackoff(first, longest time.Duration) PlaceCallOption {
	return func(p *placing) { p.backoff = backoff{first, longest} }
}

type placing struct {
	attempts int
	timeout  time.Duration
	backoff  backoff
}

// PlaceCall places a call, and repeats the same request, with the same request_id, while that may
// help and ctx allows. It never rings twice: the gateway tells what became of the earlier attempt,
// and dials only if nobody was dialed.
//
// Give ctx the deadline of the whole, such as 2 minutes. PlaceCall does not begin to wait for a
// repeat that the deadline would not let happen.
//
// A reply means that the provider accepted the request, not that a phone rang. Every failure of an
// attempt is an [*Error], that of the last attempt; [Error.MayRepeat] tells whether it is worth
// repeating later, with the same request. What could not be sent at all is another error, such as
// [ErrNoRequestID].
func PlaceCall(
	ctx context.Context,
	client voicegatewayv1.OutboundCallServiceClient,
	request *voicegatewayv1.PlaceCallRequest,
	opts ...PlaceCallOption,
) (*voicegatewayv1.PlaceCallResponse, error) {
	if request.GetRequestId() == "" {
		return nil, ErrNoRequestID
	}
	if _, err := proto.Marshal(request); err != nil {
		return nil, fmt.Errorf("voicegateway: the request cannot be encoded: %w", err)
	}
	p := placing{attempts: 4, timeout: 30 * time.Second, backoff: backoff{500 * time.Millisecond, 8 * time.Second}}
	for _, option := range opts {
		option(&p)
	}
	return p.place(ctx, client, request)
}

func (p *placing) place(
	ctx context.Context,
	client voicegatewayv1.OutboundCallServiceClient,
	request *voicegatewayv1.PlaceCallRequest,
) (*voicegatewayv1.PlaceCallResponse, error) {
	for attempt := 1; ; attempt++ {
		reply, err := p.attempt(ctx, client, request)
		if err == nil {
			return reply, nil
		}
		told := FromError(err)
		if attempt >= p.attempts || !told.MayRepeat() || !pause(ctx, p.wait(told)) {
			return nil, told
		}
	}
}

func (p *placing) attempt(
	ctx context.Context,
	client voicegatewayv1.OutboundCallServiceClient,
	request *voicegatewayv1.PlaceCallRequest,
) (*voicegatewayv1.PlaceCallResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	return client.PlaceCall(ctx, request)
}

// wait says how long to wait before the next attempt, and makes the one after it wait longer.
func (p *placing) wait(told *Error) time.Duration {
	wait := p.backoff.wait()
	if told.RetryDelay > 0 {
		return told.RetryDelay
	}
	return wait
}

// pause waits; it is false, and at once, when ctx ends before.
func pause(ctx context.Context, wait time.Duration) bool {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= wait {
		return false
	}
	return sleep(ctx, wait)
}
