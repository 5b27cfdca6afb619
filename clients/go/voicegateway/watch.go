package voicegateway

import (
	"context"
	"fmt"
	"iter"
	"math"
	"sync/atomic"
	"time"

	"google.golang.org/protobuf/proto"

	voicegatewayv1 "example.com/voicegateway/generated/go/voicegateway/v1"
)

// WatchOption changes how [WatchCalls] resumes.
type WatchOption func(*Watch)

// WithSilence takes a stream for dead when nothing came on it for so long, and opens a new one.
// Default: 60 seconds. The gateway sends a heartbeat every 15 seconds, unless its operators chose
// another interval. 0 means no limit.
func WithSilence(limit time.Duration) WatchOption {
	return func(w *Watch) { w.silence = limited(limit) }
}

// WithPatience gives up when no gateway has sent any message for so long. Default: 5 minutes. 0 means
// no limit: to try until the context ends.
func WithPatience(limit time.Duration) WatchOption {
	return func(w *Watch) { w.patience = limited(limit) }
}

// WithWatchBackoff waits so long before a new stream is opened, and twice as long before each further
// one, up to longest; less a random part, at most half of it. Any message begins this anew. Default:
// 0.2 seconds, up to 5 seconds. It is longer where the gateway asks for more.
func WithWatchBackoff(first, longest time.Duration) WatchOption {
	return func(w *Watch) { w.backoff = backoff{first, longest} }
}

func limited(limit time.Duration) time.Duration {
	if limit <= 0 {
		return math.MaxInt64
	}
	return limit
}

// Watch follows one call, or every call of an account. [WatchCalls] makes one.
type Watch struct {
	ctx      context.Context
	client   voicegatewayv1.OutboundCallServiceClient
	request  *voicegatewayv1.WatchCallsRequest
	silence  time.Duration
	patience time.Duration
	backoff  backoff
	last     atomic.Pointer[int64]
}

// WatchCalls follows one call, by its call_id or request_id, or else every call of an account. It
// opens no stream yet: [Watch.Events] does.
//
// AfterSequence of the request says where to begin. Without it, a call is told from its first event
// on, and an account from now on; see [Watch.LastSequence] for how to go on after a restart.
//
// Give ctx no deadline but that of the whole: it ends the watch.
func WatchCalls(
	ctx context.Context,
	client voicegatewayv1.OutboundCallServiceClient,
	request *voicegatewayv1.WatchCallsRequest,
	opts ...WatchOption,
) *Watch {
	w := &Watch{
		ctx:      ctx,
		client:   client,
		request:  &voicegatewayv1.WatchCallsRequest{},
		silence:  60 * time.Second,
		patience: 5 * time.Minute,
		backoff:  backoff{200 * time.Millisecond, 5 * time.Second},
	}
	proto.Merge(w.request, request)
	w.last.Store(w.request.AfterSequence)
	for _, option := range opts {
		option(w)
	}
	return w
}

// Events tells each event once, in the order of their sequences. When a stream breaks, is silent, or
// is ended by a gateway that drains, it waits a moment and opens a new one, after the last sequence
// that it was told: no event is missed, repeated or reordered.
//
// With a call, the loop ends when the call does: nothing more will happen to its recipients, or the
// gateway has stopped to wait for it. With an account, it never ends by itself. Leaving the loop ends
// the stream at once. To range again goes on after the last event; do not range twice at a time.
//
// An error is the last that is told, without an event:
//
//   - An [*Error] for what does not get better by itself: CALL_NOT_FOUND, ACCOUNT_NOT_FOUND,
//     INVALID_REQUEST, UNAUTHENTICATED, PERMISSION_DENIED, UNIMPLEMENTED; from a proxy or a gRPC
//     library, UNIMPLEMENTED and RESOURCE_EXHAUSTED.
//   - CURSOR_OUT_OF_RANGE among these says that the events after the last sequence are no longer
//     kept. Read the calls with GetCall or ListCalls, and watch anew. The Metadata of the error has
//     oldest_sequence and newest_sequence.
//   - The last error of a gateway that did not come back; see [WithPatience].
//   - When ctx has ended, an [*Error] that wraps the error of ctx, so that [errors.Is] finds
//     [context.Canceled] or [context.DeadlineExceeded].
//   - Another error for a request that cannot be encoded.
//
// Events are received as the loop asks for them. A loop that is slow holds back the gateway, which
// goes on from its ledger, and nothing queues up here.
func (w *Watch) Events() iter.Seq2[*voicegatewayv1.CallEvent, error] {
	return func(yield func(*voicegatewayv1.CallEvent, error) bool) {
		if _, err := proto.Marshal(w.request); err != nil {
			yield(nil, fmt.Errorf("voicegateway: the request cannot be encoded: %w", err))
			return
		}
		f := following{Watch: w, backoff: w.backoff, heard: time.Now(), yield: yield}
		if err := f.follow(); err != nil {
			yield(nil, err)
		}
	}
}

// LastSequence is how far this watch is: the sequence of the last event that was handed out, or of a
// later heartbeat. It is false when nothing was told yet, and no AfterSequence was given.
//
// To go on after a restart of your own, store it once you have handled the event that you were
// handed, and give it as AfterSequence of the next request, in the same account. It may be called at
// any time.
func (w *Watch) LastSequence() (sequence int64, told bool) {
	last := w.last.Load()
	if last == nil {
		return 0, false
	}
	return *last, true
}
