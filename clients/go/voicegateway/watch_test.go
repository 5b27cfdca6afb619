package voicegateway_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"example.com/voicegateway/clients/go/voicegateway"
	voicegatewayv1 "example.com/voicegateway/generated/go/voicegateway/v1"
)

// breaks are the ways a stream ends that are not the end.
var breaks = map[string]error{
	"drained":                   drained,
	"no ledger":                 gatewaysError(codes.Unavailable, "LEDGER_UNAVAILABLE"),
	"a bug of the gateway":      gatewaysError(codes.Internal, "INTERNAL"),
	"paced":                     gatewaysError(codes.ResourceExhausted, "RATE_LIMITED"),
	"a reason newer than this":  gatewaysError(codes.Unavailable, "LUNCH"),
	"a cut connection":          foreignError(codes.Unavailable),
	"a reset":                   foreignError(codes.Internal),
	"cancelled by a proxy":      foreignError(codes.Canceled),
	"a proxy's deadline":        foreignError(codes.DeadlineExceeded),
	"a proxy's words":           foreignError(codes.Unknown),
	"a proxy's refusal":         foreignError(codes.PermissionDenied),
	"a proxy that knows nobody": foreignError(codes.NotFound),
	"no status at all":          errors.New("a wire was cut"),
}

func TestAStreamIsResumedWhereverAndHoweverItBreaks(t *testing.T) {
	whole := stream{event(3), beat(4), event(7), event(8), beat(8), event(20)}
	for name, broken := range breaks {
		for point := range len(whole) + 1 {
			t.Run(fmt.Sprintf("%s after %d messages", name, point), func(t *testing.T) {
				first := append(slices.Clone(whole[:point]), broken)
				played := &tape{streams: []stream{first, append(slices.Clone(whole[point:]), ended)}}
				seen := played.play(t, oneCall())
				if seen.err != nil || !slices.Equal(seen.sequences, []int64{3, 7, 8, 20}) || seen.last != 20 {
					t.Errorf("told %v, then %v, up to %d", seen.sequences, seen.err, seen.last)
				}
				wanted := []int64{-1, []int64{-1, 3, 4, 7, 8, 8, 20}[point]}
				if !slices.Equal(played.after(), wanted) {
					t.Errorf("asked for what is after %v, not %v", played.after(), wanted)
				}
			})
		}
	}
}

func TestTheNextStreamIsAskedForTheSame(t *testing.T) {
	begin := proto.Int64(5)
	for _, request := range []*voicegatewayv1.WatchCallsRequest{
		{Lookup: &voicegatewayv1.WatchCallsRequest_CallId{CallId: callID}, Account: "clinic", AfterSequence: begin},
		{Lookup: &voicegatewayv1.WatchCallsRequest_RequestId{RequestId: "reminder-8812"}, AfterSequence: begin},
	} {
		given := proto.CloneOf(request)
		played := &tape{streams: []stream{{event(9), drained}, {ended}}}
		played.play(t, request)
		if !proto.Equal(given, request) || !proto.Equal(given, played.asked[0]) {
			t.Errorf("%v, and %v was asked", request, played.asked[0])
		}
		given.AfterSequence = proto.Int64(9)
		if !proto.Equal(given, played.asked[1]) {
			t.Errorf("%v was asked", played.asked[1])
		}
	}
}

func TestTheRequestMayBeChangedOnceItIsGiven(t *testing.T) {
	played, request := &tape{streams: []stream{{ended}}}, oneCall()
	watch := voicegateway.WatchCalls(t.Context(), played, request)
	request.Reset()
	for event, err := range watch.Events() {
		t.Error(event, err)
	}
	if !proto.Equal(oneCall(), played.asked[0]) {
		t.Errorf("%v was asked", played.asked[0])
	}
}

func TestNoEventIsToldTwiceOrBackwards(t *testing.T) {
	for name, played := range map[string]*tape{
		"twice in one stream":       {streams: []stream{{event(3), event(3), event(7), event(7), ended}}},
		"again after a break":       {streams: []stream{{event(3), event(7), drained}, {event(3), event(7), ended}}},
		"backwards":                 {streams: []stream{{event(3), event(7), event(5), ended}}},
		"before a heartbeat's":      {streams: []stream{{event(3), beat(6), event(5), event(7), ended}}},
		"a heartbeat that is late":  {streams: []stream{{event(3), event(7), beat(2), event(3), event(7), ended}}},
		"what the caller has":       {streams: []stream{{event(2), event(3), event(7), ended}}},
		"all again, break by break": {streams: []stream{{event(3), drained}, {event(3), drained}, {event(3), event(7), ended}}},
	} {
		request := oneCall()
		request.AfterSequence = proto.Int64(2)
		if seen := played.play(t, request); seen.err != nil || !slices.Equal(seen.sequences, []int64{3, 7}) || seen.last != 7 {
			t.Errorf("%s: told %v, then %v, up to %d", name, seen.sequences, seen.err, seen.last)
		}
	}
}

func TestMessagesOfANewerKindAreSkipped(t *testing.T) {
	played := &tape{streams: []stream{{event(3), &voicegatewayv1.WatchCallsResponse{}, event(4), ended}}}
	if seen := played.play(t, oneCall()); seen.err != nil || !slices.Equal(seen.sequences, []int64{3, 4}) {
		t.Errorf("told %v, then %v", seen.sequences, seen.err)
	}
}

func TestWhatDoesNotGetBetterEndsTheWatch(t *testing.T) {
	for _, final := range []error{
		gatewaysError(codes.NotFound, "CALL_NOT_FOUND"),
		gatewaysError(codes.NotFound, "ACCOUNT_NOT_FOUND"),
		gatewaysError(codes.InvalidArgument, "INVALID_REQUEST"),
		gatewaysError(codes.OutOfRange, "CURSOR_OUT_OF_RANGE"),
		gatewaysError(codes.Unauthenticated, "UNAUTHENTICATED"),
		gatewaysError(codes.PermissionDenied, "PERMISSION_DENIED"),
		gatewaysError(codes.Unimplemented, "UNIMPLEMENTED"),
		gatewaysError(codes.FailedPrecondition, "LUNCH"),
		foreignError(codes.Unimplemented),
		foreignError(codes.ResourceExhausted),
		grpc.ErrClientConnClosing,
	} {
		played := &tape{streams: []stream{{event(3), drained}, {event(4), final}}}
		seen := played.play(t, oneCall())
		var e *voicegateway.Error
		if !errors.As(seen.err, &e) || !errors.Is(e, final) || !slices.Equal(seen.sequences, []int64{3, 4}) || len(played.asked) != 2 {
			t.Errorf("told %v, then %v", seen.sequences, seen.err)
		}
	}
}

func TestTheStreamOfACallEndsWithTheCall(t *testing.T) {
	byRequestID := &voicegatewayv1.WatchCallsRequest{Lookup: &voicegatewayv1.WatchCallsRequest_RequestId{RequestId: "reminder-8812"}}
	for _, request := range []*voicegatewayv1.WatchCallsRequest{oneCall(), byRequestID} {
		for _, only := range []stream{{ended}, {event(3), ended}} {
			played := &tape{streams: []stream{only}}
			if seen := played.play(t, request); seen.err != nil || len(seen.sequences) != len(only)-1 || len(played.asked) != 1 {
				t.Errorf("told %v, then %v, in %d streams", seen.sequences, seen.err, len(played.asked))
			}
		}
	}
}

func TestTheStreamOfAnAccountHasNoEnd(t *testing.T) {
	played := &tape{streams: []stream{{beat(2), event(3), ended}, {event(4), gatewaysError(codes.NotFound, "ACCOUNT_NOT_FOUND")}}}
	seen := played.play(t, anAccount())
	if seen.err == nil || !slices.Equal(seen.sequences, []int64{3, 4}) || !slices.Equal(played.after(), []int64{-1, 3}) {
		t.Errorf("told %v, then %v, asked for %v", seen.sequences, seen.err, played.after())
	}
	played = &tape{streams: []stream{{ended}}}
	var e *voicegateway.Error
	if seen := played.play(t, nil); !errors.As(seen.err, &e) || e.Code != codes.Unavailable || e.FromGateway {
		t.Errorf("an account that has only ends: %v", seen.err)
	}
}

func TestAnAccountIsFollowedFromNowOnUntilSomethingWasTold(t *testing.T) {
	final := gatewaysError(codes.NotFound, "ACCOUNT_NOT_FOUND")
	played := &tape{streams: []stream{{drained}, {foreignError(codes.Unavailable)}, {beat(0), drained}, {beat(7), drained}, {event(9), drained}, {final}}}
	played.play(t, anAccount())
	if wanted := []int64{-1, -1, -1, 0, 7, 9}; !slices.Equal(played.after(), wanted) {
		t.Errorf("asked for what is after %v, not %v", played.after(), wanted)
	}
}

func TestTheLastSequenceCountsWhatWasHandedOut(t *testing.T) {
	played := &tape{streams: []stream{{event(3), event(7), beat(9), event(12), ended}}}
	watch := voicegateway.WatchCalls(t.Context(), played, oneCall())
	if last, told := watch.LastSequence(); told {
		t.Errorf("%d before anything was told", last)
	}
	for event := range watch.Events() {
		if last, told := watch.LastSequence(); !told || last != event.GetSequence() {
			t.Errorf("%d while %d is handled", last, event.GetSequence())
		}
	}
	request := oneCall()
	request.AfterSequence = proto.Int64(5)
	if last, told := voicegateway.WatchCalls(t.Context(), played, request).LastSequence(); !told || last != 5 {
		t.Errorf("%d, not where it begins", last)
	}
	played = &tape{streams: []stream{{event(3), beat(9), ended}}}
	if seen := played.play(t, oneCall()); seen.last != 9 {
		t.Errorf("%d, not that of the heartbeat", seen.last)
	}
}

func TestWhoLeavesTheLoopMayComeBack(t *testing.T) {
	played := &tape{streams: []stream{{event(3), event(7), event(8)}, {event(7), event(8), ended}}}
	watch := voicegateway.WatchCalls(t.Context(), played, oneCall())
	var told []int64
	for event := range watch.Events() {
		told = append(told, event.GetSequence())
		break
	}
	if played.open[0].Err() == nil {
		t.Error("the stream is still open")
	}
	for event := range watch.Events() {
		told = append(told, event.GetSequence())
	}
	if !slices.Equal(told, []int64{3, 7, 8}) || !slices.Equal(played.after(), []int64{-1, 3}) {
		t.Errorf("told %v, asked for %v", told, played.after())
	}
}

func TestNothingIsReceivedBeforeItIsAskedFor(t *testing.T) {
	played := &tape{streams: []stream{{event(1), event(2), event(3), event(4), ended}}}
	for event := range voicegateway.WatchCalls(t.Context(), played, oneCall()).Events() {
		if played.received != int(event.GetSequence()) {
			t.Errorf("%d were received while %d is handled", played.received, event.GetSequence())
		}
	}
}

func TestASilentStreamIsDead(t *testing.T) {
	for _, test := range []struct {
		options []voicegateway.WatchOption
		first   stream
		dead    time.Duration
	}{
		{nil, stream{}, 60 * time.Second},
		{nil, stream{event(3), 59 * time.Second, beat(3), 59 * time.Second, event(3), 59 * time.Second, event(4)}, 237 * time.Second},
		{[]voicegateway.WatchOption{voicegateway.WithSilence(10 * time.Second)}, stream{9 * time.Second, event(3)}, 19 * time.Second},
		{[]voicegateway.WatchOption{voicegateway.WithSilence(0)}, stream{event(3)}, 5 * time.Minute},
	} {
		options := append(test.options, voicegateway.WithWatchBackoff(0, 0))
		played := &tape{streams: []stream{test.first, {ended}}}
		if seen := played.play(t, oneCall(), options...); len(played.at) > 1 && played.at[1] != test.dead {
			t.Errorf("given up after %s, not %s", played.at[1], test.dead)
		} else if len(played.at) == 1 && (seen.took != test.dead || seen.err == nil) {
			t.Errorf("%v after %s", seen.err, seen.took)
		}
	}
}

func TestTheCallersOwnTimeIsNoSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		played := &tape{streams: []stream{{event(1), event(2), drained}, {event(3), ended}}}
		told := 0
		for _, err := range voicegateway.WatchCalls(t.Context(), played, oneCall()).Events() {
			if err != nil {
				t.Error(err)
			}
			told++
			time.Sleep(time.Hour) // more than silence and patience
			if played.open[len(played.open)-1].Err() != nil {
				t.Error("the stream was given up while the caller was busy")
			}
		}
		if told != 3 || len(played.asked) != 2 {
			t.Errorf("%d events in %d streams", told, len(played.asked))
		}
	})
}

func TestEachNewStreamWaitsTwiceAsLong(t *testing.T) {
	second := time.Second
	never := voicegateway.WithPatience(0)
	for _, test := range []struct {
		options []voicegateway.WatchOption
		longest []time.Duration
	}{
		{nil, []time.Duration{second / 5, 2 * second / 5, 4 * second / 5, 8 * second / 5, 16 * second / 5, 5 * second, 5 * second}},
		{[]voicegateway.WatchOption{voicegateway.WithWatchBackoff(time.Minute, 90*second), never}, []time.Duration{time.Minute, 90 * second, 90 * second}},
		{[]voicegateway.WatchOption{voicegateway.WithWatchBackoff(0, 0)}, []time.Duration{0, 0, 0}},
	} {
		differ := map[time.Duration]bool{}
		for range 20 {
			played := &tape{streams: slices.Repeat([]stream{{drained}}, len(test.longest))}
			played.streams = append(played.streams, stream{ended})
			played.play(t, oneCall(), test.options...)
			waits := played.waits()
			if len(waits) != len(test.longest) {
				t.Fatalf("%d waits", len(waits))
			}
			for index, longest := range test.longest {
				if waits[index] > longest || waits[index] < longest/2 {
					t.Errorf("wait %d is %s, not %s at most and half of it at least", index, waits[index], longest)
				}
			}
			differ[waits[0]] = true
		}
		if len(differ) < 2 && test.longest[0] > 0 {
			t.Errorf("watchers that are cut off together come back together: after %v", differ)
		}
	}
}

func TestItWaitsLongerWhereTheGatewayAsksForIt(t *testing.T) {
	paced := withDetails(codes.ResourceExhausted, &errdetails.ErrorInfo{Domain: "voicegateway.v1", Reason: "ERROR_REASON_RATE_LIMITED"},
		&errdetails.RetryInfo{RetryDelay: durationpb.New(7 * time.Second)})
	played := &tape{streams: []stream{{paced}, {ended}}}
	if played.play(t, oneCall()); !slices.Equal(played.waits(), []time.Duration{7 * time.Second}) {
		t.Errorf("waited %v", played.waits())
	}
}

func TestAnyMessageBeginsTheWaitsAnew(t *testing.T) {
	for _, alive := range []*voicegatewayv1.WatchCallsResponse{event(3), beat(0), {}} {
		played := &tape{streams: []stream{{drained}, {drained}, {drained}, {drained}, {alive, drained}, {ended}}}
		played.play(t, oneCall())
		if waits := played.waits(); waits[3] < 800*time.Millisecond || waits[4] > 200*time.Millisecond {
			t.Errorf("waited %v", waits)
		}
	}
}

func TestItGivesUpWithTheLastErrorWhenNoGatewayComesBack(t *testing.T) {
	minute := time.Minute
	for _, test := range []struct {
		options  []voicegateway.WatchOption
		streams  []stream
		patience time.Duration
		last     codes.Code
	}{
		{nil, []stream{{foreignError(codes.Unavailable)}}, 5 * minute, codes.Unavailable},
		{nil, []stream{{event(3), minute / 2, beat(3), drained}, {foreignError(codes.Internal)}}, 5*minute + minute/2, codes.Internal},
		{[]voicegateway.WatchOption{voicegateway.WithPatience(minute)}, []stream{{drained}}, minute, codes.Unavailable},
		{[]voicegateway.WatchOption{voicegateway.WithPatience(minute / 2)}, []stream{{}}, minute / 2, codes.DeadlineExceeded},
	} {
		played := &tape{streams: test.streams}
		seen := played.play(t, oneCall(), test.options...)
		var e *voicegateway.Error
		if !errors.As(seen.err, &e) || e.Code != test.last || strings.Contains(seen.err.Error(), "+1323655") {
			t.Errorf("%v at the end", seen.err)
		}
		if seen.took > test.patience || seen.took < test.patience-5*time.Second {
			t.Errorf("given up after %s, not %s", seen.took, test.patience)
		}
	}
}

func TestWithoutALimitItTriesUntilTheContextEnds(t *testing.T) {
	played := &tape{streams: []stream{{foreignError(codes.Unavailable)}}}
	seen := played.playUntil(t, limit(24*time.Hour), oneCall(), voicegateway.WithPatience(0))
	if !errors.Is(seen.err, context.DeadlineExceeded) || seen.took != 24*time.Hour {
		t.Errorf("%v after %s", seen.err, seen.took)
	}
}

func TestTheContextEndsTheWatchAtOnce(t *testing.T) {
	cancels := func(ctx context.Context) (context.Context, context.CancelFunc) {
		ctx, cancel := context.WithCancel(ctx)
		time.AfterFunc(5*time.Second, cancel)
		return ctx, cancel
	}
	before := func(ctx context.Context) (context.Context, context.CancelFunc) {
		ctx, cancel := context.WithCancel(ctx)
		cancel()
		return ctx, cancel
	}
	for name, test := range map[string]struct {
		ctx  func(context.Context) (context.Context, context.CancelFunc)
		all  stream
		want error
		code codes.Code
		took time.Duration
	}{
		"while nothing comes":          {cancels, stream{event(3)}, context.Canceled, codes.Canceled, 5 * time.Second},
		"while it waits for a stream":  {cancels, stream{drained}, context.Canceled, codes.Canceled, 5 * time.Second},
		"before it begins":             {before, stream{event(3)}, context.Canceled, codes.Canceled, 0},
		"a deadline":                   {limit(time.Second), stream{event(3)}, context.DeadlineExceeded, codes.DeadlineExceeded, time.Second},
		"a deadline, while it waits":   {limit(time.Second), stream{drained}, context.DeadlineExceeded, codes.DeadlineExceeded, time.Second},
		"at the gateway before it did": {limit(time.Second), stream{foreignError(codes.DeadlineExceeded)}, context.DeadlineExceeded, codes.DeadlineExceeded, time.Second},
	} {
		played := &tape{streams: []stream{test.all}}
		seen := played.playUntil(t, test.ctx, oneCall())
		var e *voicegateway.Error
		if !errors.Is(seen.err, test.want) || !errors.As(seen.err, &e) || e.Code != test.code || e.FromGateway || seen.took != test.took {
			t.Errorf("%s: %v after %s", name, seen.err, seen.took)
		}
	}
}

func TestTheContextsEndIsToldAlsoWhenPatienceEndsWithIt(t *testing.T) {
	played := &tape{streams: []stream{{event(3)}}}
	seen := played.playUntil(t, limit(time.Second), oneCall(), voicegateway.WithPatience(time.Second+time.Millisecond))
	if !errors.Is(seen.err, context.DeadlineExceeded) {
		t.Error(seen.err)
	}
}

func TestNoEventIsToldOnceTheContextHasEnded(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	played := &tape{streams: []stream{{event(3), event(7), ended}}}
	watch := voicegateway.WatchCalls(ctx, played, oneCall())
	var told []int64
	for event, err := range watch.Events() {
		cancel()
		if told = append(told, event.GetSequence()); err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
	if last, _ := watch.LastSequence(); !slices.Equal(told, []int64{3, 0}) || last != 3 {
		t.Errorf("told %v, up to %d", told, last)
	}
}

func TestARequestThatCannotBeEncodedIsNotSent(t *testing.T) {
	played, request := &tape{}, anAccount()
	request.Account = "caf\xe9"
	seen := played.play(t, request)
	var e *voicegateway.Error
	if seen.err == nil || errors.As(seen.err, &e) || len(played.asked) != 0 {
		t.Error(seen.err)
	}
}

// ledger is a client of gateways that keep all events, break whenever they like, and forget where they were.
type ledger struct {
	tape
	random *rand.Rand
	newest int64
}

func (l *ledger) WatchCalls(
	ctx context.Context, request *voicegatewayv1.WatchCallsRequest, opts ...grpc.CallOption,
) (grpc.ServerStreamingClient[voicegatewayv1.WatchCallsResponse], error) {
	var told stream
	sequence := max(0, request.GetAfterSequence()-l.random.Int64N(3)) // some tell again what was told
	for sequence < l.newest && l.random.IntN(8) > 0 {
		if l.random.IntN(4) == 0 {
			told = append(told, beat(sequence))
			continue
		}
		sequence++
		told = append(told, event(sequence))
	}
	if sequence == l.newest {
		told = append(told, ended)
	} else {
		told = append(told, []any{drained, foreignError(codes.Unavailable), 2 * time.Minute}[l.random.IntN(3)])
	}
	l.streams = append(l.streams, told)
	return l.tape.WatchCalls(ctx, request, opts...)
}

func TestWhateverBreaksEveryEventIsToldOnceAndInOrder(t *testing.T) {
	var wanted []int64
	for sequence := range int64(200) {
		wanted = append(wanted, sequence+1)
	}
	for seed := range uint64(50) {
		kept := &ledger{random: rand.New(rand.NewPCG(seed, 0)), newest: 200}
		synctest.Test(t, func(t *testing.T) {
			var told []int64
			for event, err := range voicegateway.WatchCalls(t.Context(), kept, oneCall()).Events() {
				if err != nil {
					t.Fatal(err)
				}
				told = append(told, event.GetSequence())
			}
			if !slices.Equal(told, wanted) {
				t.Errorf("seed %d: told %v in %d streams", seed, told, len(kept.asked))
			}
		})
	}
}
