package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"sync/atomic"
	"time"
)

// story is what is reported of one call.
type story struct {
	// ID is the provider's id of the call.
	ID      string   `json:"id"`
	Targets []string `json:"targets"`
}

// teller is how far a worker is with a story.
type teller struct {
	story  story
	told   int
	events <-chan event
}

// reporter tells stories, each worker one at a time.
type reporter struct {
	address string
	client  *http.Client
	stories []story
	taken   atomic.Int64
	tellers []teller
	watcher *watcher
}

func read(file string) ([]story, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var stories []story
	return stories, json.Unmarshal(content, &stories)
}

func newReporter(address string, stories []story, workers int) *reporter {
	transport := &http.Transport{MaxIdleConnsPerHost: workers, DisableCompression: true}
	client := &http.Client{Transport: transport}
	return &reporter{address: address, client: client, stories: stories, tellers: make([]teller, workers)}
}

// report sends a worker's next report, and waits for the answer; while events are watched, for its event as well: then
// it returns how long it took until that came, which may be before the answer.
func (r *reporter) report(ctx context.Context, worker, _ int) (time.Duration, string) {
	own := &r.tellers[worker]
	if own.told == len(own.story.Targets) {
		*own = r.next()
	}
	place := own.told
	own.told++
	begun := time.Now()
	if problem := r.send(ctx, own.story.Targets[place]); problem != "" {
		return 0, problem
	}
	if r.watcher == nil {
		return time.Since(begun), ""
	}
	select {
	case event := <-own.events:
		return event.came.Sub(begun), event.problem(place)
	case <-ctx.Done():
		return 0, "no event came"
	}
}

// next begins the next story.
func (r *reporter) next() teller {
	next := int(r.taken.Add(1)) - 1
	if next >= len(r.stories) {
		log.Fatalf("all of %d calls are told to their end before the time is over", len(r.stories))
	}
	begun := teller{story: r.stories[next]}
	if r.watcher != nil {
		begun.events = r.watcher.expect(begun.story)
	}
	return begun
}

func (r *reporter) send(ctx context.Context, target string) string {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+r.address+target, nil)
	if err != nil {
		return err.Error()
	}
	reply, err := r.client.Do(request)
	if err != nil {
		return "no answer"
	}
	defer reply.Body.Close()
	if _, err := io.Copy(io.Discard, reply.Body); err != nil {
		return "half an answer"
	}
	if reply.StatusCode != http.StatusOK {
		return fmt.Sprintf("the answer is %d", reply.StatusCode)
	}
	return ""
}
