package voicegateway_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"

	"example.com/voicegateway/clients/go/voicegateway"
	voicegatewayv1 "example.com/voicegateway/generated/go/voicegateway/v1"
)

type watchStream = grpc.ServerStreamingServer[voicegatewayv1.WatchCallsResponse]

// noWait resumes at once.
var noWait = voicegateway.WithWatchBackoff(time.Millisecond, time.Millisecond)

// tells is a gateway that sends the events up to newest, and then the end of the call. Each break is asked after each
// event of the stream of its number, and ends it with an error.
func tells(newest int64, breaks ...func(sent int64) error) watching {
	return func(attempt int, request *voicegatewayv1.WatchCallsRequest, stream watchStream) error {
		for sequence := request.GetAfterSequence() + 1; sequence <= newest; sequence++ {
			if err := stream.Send(event(sequence)); err != nil {
				return err
			}
			if attempt <= len(breaks) {
				if err := breaks[attempt-1](sequence); err != nil {
					return err
				}
			}
		}
		return nil
	}
}

// after breaks a stream once it has sent that event.
func after(last int64, broken error) func(int64) error {
	return func(sent int64) error {
		if sent < last {
			return nil
		}
		return broken
	}
}

// follow collects what a loop is told.
func follow(
	t *testing.T, client voicegatewayv1.OutboundCallServiceClient, options ...voicegateway.WatchOption,
) (told []int64, err error) {
	t.Helper()
	for event, err := range voicegateway.WatchCalls(briefly(t), client, oneCall(), append(options, noWait)...).Events() {
		if err != nil {
			return told, err
		}
		told = append(told, event.GetSequence())
	}
	return told, nil
}

func TestStreamsOfARealGatewayAreResumed(t *testing.T) {
	gateway := run(t, accepts)
	gateway.watch = tells(9, after(2, drained), after(5, foreignError(codes.Internal)), after(6, foreignError(codes.Unavailable)))
	told, err := follow(t, dial(t, gateway.address))
	if err != nil || !slices.Equal(told, []int64{1, 2, 3, 4, 5, 6, 7, 8, 9}) || gateway.streams() != 4 {
		t.Errorf("told %v, then %v, in %d streams", told, err, gateway.streams())
	}
}

func TestACutConnectionIsResumed(t *testing.T) {
	gateway := run(t, accepts)
	cut := func(sent int64) error {
		if sent%2 == 0 {
			gateway.listener.cut()
		}
		return nil
	}
	gateway.watch = tells(9, cut, cut, cut)
	told, err := follow(t, dial(t, gateway.address))
	if err != nil || !slices.Equal(told, []int64{1, 2, 3, 4, 5, 6, 7, 8, 9}) || gateway.streams() < 2 {
		t.Errorf("told %v, then %v, in %d streams", told, err, gateway.streams())
	}
}

func TestAnotherReplicaGoesOnWhenOneStops(t *testing.T) {
	var once sync.Once
	var replicas []*replica
	for range 2 {
		gateway := runReplica(t, healthv1.HealthCheckResponse_SERVING)
		gateway.watch = func(attempt int, request *voicegatewayv1.WatchCallsRequest, stream watchStream) error {
			return tells(9, func(sent int64) error {
				if sent == 5 {
					once.Do(gateway.server.Stop)
				}
				return stream.Context().Err()
			})(1, request, stream)
		}
		replicas = append(replicas, gateway)
	}
	client := dialAll(t, replicas[0].address, replicas[1].address)
	placeMany(t, briefly(t), client, func(int) bool { return replicas[0].attempts() > 0 && replicas[1].attempts() > 0 })
	told, err := follow(t, client)
	if err != nil || !slices.Equal(told, []int64{1, 2, 3, 4, 5, 6, 7, 8, 9}) ||
		replicas[0].streams() == 0 || replicas[1].streams() == 0 {
		t.Errorf("told %v, then %v", told, err)
	}
}

// The library may repeat what is UNAVAILABLE before the first message by itself. It asks for the same, so that changes
// nothing; a drain forbids it.
func TestTheLibrarysOwnRepeatsChangeNothing(t *testing.T) {
	gateway := run(t, accepts)
	gateway.watch = func(attempt int, request *voicegatewayv1.WatchCallsRequest, stream watchStream) error {
		if attempt%2 == 1 {
			return foreignError(codes.Unavailable)
		}
		return tells(9, after(0, nil), after(4, foreignError(codes.Unavailable)))(attempt, request, stream)
	}
	if told, err := follow(t, dial(t, gateway.address)); err != nil || !slices.Equal(told, []int64{1, 2, 3, 4, 5, 6, 7, 8, 9}) {
		t.Errorf("told %v, then %v", told, err)
	}
	gateway = run(t, accepts)
	gateway.watch = func(attempt int, request *voicegatewayv1.WatchCallsRequest, stream watchStream) error {
		if attempt <= 5 {
			stream.SetTrailer(metadata.Pairs("grpc-retry-pushback-ms", "-1"))
			return drained
		}
		return tells(3)(attempt, request, stream)
	}
	if told, err := follow(t, dial(t, gateway.address)); err != nil || !slices.Equal(told, []int64{1, 2, 3}) || gateway.streams() != 6 {
		t.Errorf("told %v, then %v, in %d streams", told, err, gateway.streams())
	}
}

// silent sends one event, and then nothing until the client leaves.
func silent(left chan<- struct{}) watching {
	return func(_ int, _ *voicegatewayv1.WatchCallsRequest, stream watchStream) error {
		stream.Send(event(1))
		<-stream.Context().Done()
		left <- struct{}{}
		return nil
	}
}

func TestASilentStreamIsLeft(t *testing.T) {
	gateway, left := run(t, accepts), make(chan struct{}, 100)
	gateway.watch = func(attempt int, request *voicegatewayv1.WatchCallsRequest, stream watchStream) error {
		if request.AfterSequence == nil {
			return silent(left)(attempt, request, stream)
		}
		return tells(3)(attempt, request, stream)
	}
	told, err := follow(t, dial(t, gateway.address), voicegateway.WithSilence(100*time.Millisecond))
	if err != nil || !slices.Equal(told, []int64{1, 2, 3}) {
		t.Errorf("told %v, then %v", told, err)
	}
	<-left
}

func TestWhoLeavesTheLoopLeavesTheGateway(t *testing.T) {
	gateway, left := run(t, accepts), make(chan struct{})
	gateway.watch = silent(left)
	ctx := briefly(t)
	for range voicegateway.WatchCalls(ctx, dial(t, gateway.address), oneCall()).Events() {
		break
	}
	select {
	case <-left:
	case <-ctx.Done():
		t.Error("the stream is still open")
	}
}

func TestWhoCancelsLeavesTheGateway(t *testing.T) {
	gateway, left := run(t, accepts), make(chan struct{}, 1)
	gateway.watch = silent(left)
	limit := briefly(t)
	ctx, cancel := context.WithCancel(limit)
	defer cancel()
	var last error
	for _, err := range voicegateway.WatchCalls(ctx, dial(t, gateway.address), oneCall()).Events() {
		last = err
		cancel()
	}
	if !errors.Is(last, context.Canceled) {
		t.Error(last)
	}
	select {
	case <-left:
	case <-limit.Done():
		t.Error("the stream is still open")
	}
}

func TestAChannelThatTheCallerClosedEndsTheWatch(t *testing.T) {
	gateway := run(t, accepts)
	gateway.watch = silent(make(chan struct{}, 100))
	conn, err := voicegateway.NewClient(gateway.address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	ctx := briefly(t)
	var last error
	for _, last = range voicegateway.WatchCalls(ctx, voicegatewayv1.NewOutboundCallServiceClient(conn), oneCall()).Events() {
		conn.Close()
	}
	var e *voicegateway.Error
	if !errors.As(last, &e) || e.Code != codes.Canceled || ctx.Err() != nil {
		t.Error(last)
	}
}

func TestACursorThatIsNoLongerKeptIsTold(t *testing.T) {
	gateway := run(t, accepts)
	gateway.watch = func(_ int, _ *voicegatewayv1.WatchCallsRequest, stream watchStream) error {
		stream.SetTrailer(metadata.Pairs("grpc-retry-pushback-ms", "-1"))
		return withDetails(codes.OutOfRange, &errdetails.ErrorInfo{
			Domain: "voicegateway.v1", Reason: "ERROR_REASON_CURSOR_OUT_OF_RANGE",
			Metadata: map[string]string{"oldest_sequence": "100", "newest_sequence": "900"},
		})
	}
	_, err := follow(t, dial(t, gateway.address))
	var e *voicegateway.Error
	if !errors.As(err, &e) || e.Reason != voicegatewayv1.ErrorReason_ERROR_REASON_CURSOR_OUT_OF_RANGE ||
		e.Metadata["oldest_sequence"] != "100" || e.Metadata["newest_sequence"] != "900" || gateway.streams() != 1 {
		t.Errorf("%v after %d streams", err, gateway.streams())
	}
}

func TestAWatchLeavesNoGoroutineBehind(t *testing.T) {
	gateway, ctx := run(t, accepts), briefly(t)
	gateway.watch = func(attempt int, request *voicegatewayv1.WatchCallsRequest, stream watchStream) error {
		if attempt%3 == 0 {
			return foreignError(codes.Internal)
		}
		return tells(9)(attempt, request, stream)
	}
	client := dial(t, gateway.address)
	watch := func() {
		for event := range voicegateway.WatchCalls(ctx, client, oneCall(), noWait).Events() {
			if event.GetSequence() == 5 {
				break
			}
		}
	}
	watch()
	before := runtime.NumGoroutine()
	for range 100 {
		watch()
	}
	for runtime.NumGoroutine() > before {
		if ctx.Err() != nil {
			t.Fatalf("%d goroutines became %d", before, runtime.NumGoroutine())
		}
		runtime.Gosched()
	}
}
