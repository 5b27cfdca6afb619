package conformance

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"example.com/voicegateway/clients/go/voicegateway"
	voicegatewayv1 "example.com/voicegateway/generated/go/voicegateway/v1"
)

// told is what a watch told, and the error that it ended with; nil when it ended by itself.
type told struct {
	events []any
	failed *voicegateway.Error
}

// watch follows a call with the package's own watch, and tells where it is not as expected.
func (c *conversation) watch(ctx context.Context, said json.RawMessage, request *voicegatewayv1.WatchCallsRequest) ([]string, error) {
	client, watched := voicegatewayv1.NewOutboundCallServiceClient(c.conn), told{}
	for event, err := range voicegateway.WatchCalls(ctx, client, request).Events() {
		if err != nil {
			watched.failed = voicegateway.FromError(err)
			break
		}
		each, err := shown(event)
		if err != nil {
			return nil, err
		}
		watched.events = append(watched.events, each)
	}
	if count := len(watched.events); count > 0 {
		c.words.tells("FIRST_SEQUENCE", sequence(watched.events[0]))
		c.words.tells("LAST_SEQUENCE", sequence(watched.events[count-1]))
	}
	expected, err := c.expected(said, true)
	if err != nil {
		return nil, err
	}
	found := watched.unlike(expected)
	if watched.failed != nil {
		return append(found, unlikeError(expected, watched.failed)...), nil
	}
	return append(found, unlike("code", expected.Code, "OK")...), nil
}

func sequence(event any) string {
	told, _ := event.(map[string]any)["sequence"].(string)
	return told
}

// unlike tells where the events are not as expected; the error is compared elsewhere.
func (w *told) unlike(expected expectation) []string {
	var found []string
	if len(expected.Events) > 0 && len(w.events) > 0 {
		found = unlike("events[0]", expected.Events[0], w.events[0])
	}
	found = append(found, unlikeInOrder("events", expected.Events, w.events)...)
	outcomes := w.outcomes()
	numbers := slices.Collect(maps.Keys(outcomes))
	for number := range expected.Recipients {
		if outcomes[number] == nil {
			numbers = append(numbers, number)
		}
	}
	slices.Sort(numbers)
	for _, number := range numbers {
		found = append(found, unlikeInOrder("recipients."+number, expected.Recipients[number], outcomes[number])...)
	}
	return append(found, w.notGrowing()...)
}

// outcomes are what was told of each recipient, by its number.
func (w *told) outcomes() map[string][]any {
	outcomes := map[string][]any{}
	for _, event := range w.events {
		outcome, ok := event.(map[string]any)["recipient"].(map[string]any)
		if ok {
			number := outcome["recipient"].(map[string]any)["number"].(string)
			outcomes[number] = append(outcomes[number], outcome)
		}
	}
	return outcomes
}

func (w *told) notGrowing() []string {
	last := int64(-1)
	for _, event := range w.events {
		next, err := strconv.ParseInt(sequence(event), 10, 64)
		if err != nil || next <= last {
			return []string{fmt.Sprintf("sequence %q is told after %d", sequence(event), last)}
		}
		last = next
	}
	return nil
}

// unlikeInOrder wants what is expected in its order, with others before and between, and the last at the end.
func unlikeInOrder(path string, expected, told []any) []string {
	if len(expected) == 0 && len(told) == 0 {
		return nil
	}
	if len(expected) == 0 || len(told) == 0 {
		return []string{fmt.Sprintf("%s is %v, not %v", path, told, expected)}
	}
	left := told[:len(told)-1]
	for _, each := range expected[:len(expected)-1] {
		at := slices.IndexFunc(left, func(one any) bool { return len(unlike(path, each, one)) == 0 })
		if at < 0 {
			return []string{fmt.Sprintf("%s does not tell %v in its place, but %v", path, each, told)}
		}
		left = left[at+1:]
	}
	return unlike(path+"[-1]", expected[len(expected)-1], told[len(told)-1])
}
