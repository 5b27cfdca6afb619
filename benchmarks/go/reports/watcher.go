package main

import (
	"context"
	"fmt"
	"log"
	"sync"
	"time"

	"example.com/voicegateway/benchmarks/go/measured"
	pb "example.com/voicegateway/generated/go/voicegateway/v1"
)

// event is what a stream told of a recipient, and when it came.
type event struct {
	recipient *pb.RecipientOutcome
	came      time.Time
}

// watcher reads the stream of an account.
type watcher struct {
	mutex    sync.Mutex
	expected map[string]chan event
}

// watch begins to watch all calls of the default account, from now on.
func watch(address string) *watcher {
	client := pb.NewOutboundCallServiceClient(measured.Connect(address))
	stream, err := client.WatchCalls(context.Background(), &pb.WatchCallsRequest{})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := stream.Recv(); err != nil { // the heartbeat from which on it watches
		log.Fatal(err)
	}
	w := &watcher{expected: map[string]chan event{}}
	go func() {
		for {
			response, err := stream.Recv()
			if err != nil {
				log.Fatal(err)
			}
			w.take(response.GetEvent(), time.Now())
		}
	}()
	return w
}

// expect gives the events of a story, which has not begun.
func (w *watcher) expect(story story) <-chan event {
	events := make(chan event, len(story.Targets)+1)
	w.mutex.Lock()
	defer w.mutex.Unlock()
	w.expected[story.ID] = events
	return events
}

func (w *watcher) take(told *pb.CallEvent, came time.Time) {
	if told.GetType() != pb.CallEventType_CALL_EVENT_TYPE_RECIPIENT_CHANGED {
		return
	}
	w.mutex.Lock()
	events := w.expected[told.GetRecipient().GetProviderCallId()]
	w.mutex.Unlock()
	if events == nil {
		log.Fatal("an event tells of a call that was not reported")
	}
	events <- event{told.GetRecipient(), came}
}

// states is how far a call is after each of its reports; the last one tells its price.
var states = []pb.RecipientState{
	pb.RecipientState_RECIPIENT_STATE_RINGING,
	pb.RecipientState_RECIPIENT_STATE_ANSWERED,
	pb.RecipientState_RECIPIENT_STATE_ENDED,
	pb.RecipientState_RECIPIENT_STATE_ENDED,
}

// problem says what is wrong with the event of a call's report at a place.
func (e event) problem(place int) string {
	isLast := place == len(states)-1
	if e.recipient.GetState() != states[place] || (e.recipient.GetCredits() != "") != isLast {
		return fmt.Sprintf("report %d was told as %v", place, e.recipient.GetState())
	}
	return ""
}
