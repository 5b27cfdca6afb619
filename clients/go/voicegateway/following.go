package voicegateway

import (
	"context"
	"errors"
	"io"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	voicegatewayv1 "example.com/voicegateway/generated/go/voicegateway/v1"
)

var (
	// errDone: the call has ended, or the loop was left.
	errDone   = errors.New("voicegateway: there is nothing more to follow")
	errSilent = status.Error(codes.DeadlineExceeded, "no message came in time")
	errEnded  = status.Error(codes.Unavailable, "the stream ended, which has no end")
)

// following is one loop over the events of a watch.
type following struct {
	*Watch
	backoff backoff
	heard   time.Time // when a gateway was last heard of, or not listened to
	yield   func(*voicegatewayv1.CallEvent, error) bool
}

// follow opens stream after stream; nil is the end as it should be.
func (f *following) follow() error {
	for {
		err := f.stream()
		if err == errDone {
			return nil
		}
		if f.ctx.Err() != nil {
			return FromError(f.ctx.Err())
		}
		told := FromError(err)
		wait := max(f.backoff.wait(), told.RetryDelay)
		if lasts(told) || wait >= f.patienceLeft() {
			return told
		}
		if !sleep(f.ctx, wait) {
			return FromError(f.ctx.Err())
		}
	}
}

// stream hands out the events of one stream, and says how it ended.
func (f *following) stream() error {
	ctx, cancel := context.WithCancelCause(f.ctx)
	defer cancel(nil)
	alarm := time.AfterFunc(f.mayBeSilent(), func() { cancel(errSilent) })
	defer alarm.Stop()
	stream, err := f.client.WatchCalls(ctx, f.next())
	for err == nil {
		var message *voicegatewayv1.WatchCallsResponse
		if message, err = f.receive(stream); err != nil {
			break
		}
		if f.ctx.Err() != nil { // the library hands out what it has received, also when the context has ended
			return f.ctx.Err()
		}
		alarm.Stop() // what the loop's body takes is no silence
		if !f.take(message) {
			return errDone
		}
		alarm.Reset(f.mayBeSilent())
	}
	if status.Code(err) == codes.Canceled && context.Cause(ctx) == errSilent {
		return errSilent
	}
	return err
}

func (f *following) receive(
	stream grpc.ServerStreamingClient[voicegatewayv1.WatchCallsResponse],
) (*voicegatewayv1.WatchCallsResponse, error) {
	message, err := stream.Recv()
	switch {
	case !errors.Is(err, io.EOF):
		return message, err
	case f.request.GetLookup() != nil:
		return nil, errDone
	default:
		return nil, errEnded
	}
}

// next is the request of the next stream.
func (f *following) next() *voicegatewayv1.WatchCallsRequest {
	request := proto.CloneOf(f.request)
	request.AfterSequence = f.last.Load()
	return request
}

// take hands out what a message tells; false when the loop was left. Messages of a kind that is newer than this package
// are signs of life, too.
func (f *following) take(message *voicegatewayv1.WatchCallsResponse) bool {
	defer func() { f.heard = time.Now() }()
	f.backoff = f.Watch.backoff
	if beat := message.GetHeartbeat(); beat != nil {
		f.advance(beat.GetSequence())
	}
	event := message.GetEvent()
	return event == nil || !f.advance(event.GetSequence()) || f.yield(event, nil)
}

// advance notes a sequence; false for one that was told before.
func (f *following) advance(sequence int64) bool {
	if last := f.last.Load(); last != nil && sequence <= *last {
		return false
	}
	f.last.Store(&sequence)
	return true
}

func (f *following) patienceLeft() time.Duration { return f.patience - time.Since(f.heard) }

// mayBeSilent is how long to wait for the next message.
func (f *following) mayBeSilent() time.Duration { return min(f.silence, f.patienceLeft()) }

// lasts tells whether another stream would end the same way: by codes, so that it holds for newer reasons, too.
func lasts(told *Error) bool {
	switch told.Code {
	case codes.Unimplemented:
		return true
	case codes.ResourceExhausted: // not the gateway's: a message that is too large for the library
		return !told.FromGateway
	case codes.InvalidArgument, codes.NotFound, codes.OutOfRange, codes.FailedPrecondition, codes.AlreadyExists,
		codes.DataLoss, codes.Unauthenticated, codes.PermissionDenied:
		return told.FromGateway
	default: // the library calls its error of a channel that the caller has closed deprecated, but has no other
		return errors.Is(told, grpc.ErrClientConnClosing)
	}
}
