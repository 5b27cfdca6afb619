package conformance

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc"
)

// The runner compares everything that a case says: with any other word in it, the case fails.
func TestACaseWithAnyOtherExpectationFails(t *testing.T) {
	conn, at := dial(t), sandbox(environment(t, "SANDBOX"))
	for _, name := range []string{"to_a_flow", "a_flow_not_found", "a_broken_rule", "http_429"} {
		everyChangeIsNoticed(t, conn, at, "calls/"+name)
	}
	conn, at = atTheOutcomes(t)
	for _, name := range []string{"a_late_subscriber", "a_refused_call"} {
		everyChangeIsNoticed(t, conn, at, "outcomes/"+name)
	}
}

func everyChangeIsNoticed(t *testing.T, conn *grpc.ClientConn, at sandbox, name string) {
	t.Helper()
	content, err := os.ReadFile(cases + "/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	changes := 0
	for index := 0; ; index++ {
		changed, path := changeValue(t, content, index)
		if changed == nil {
			break
		}
		changes++
		talk := conversation{conn, at, newWords()}
		if found, err := talk.differences(t.Context(), changed); err == nil && len(found) == 0 {
			t.Errorf("%s: nobody noticed another %s", name, path)
		}
	}
	if changes < 5 {
		t.Errorf("%s: only %d values were changed", name, changes)
	}
}

// changeValue changes the value of this number, of those that are expected; nil when there is no such one.
func changeValue(t *testing.T, content []byte, number int) (changed []byte, path string) {
	t.Helper()
	var said map[string]any
	if err := decode(content, &said); err != nil {
		t.Fatal(err)
	}
	expected := map[string]any{"sandbox": said["sandbox"]}
	for _, step := range said["steps"].([]any) {
		expected["expect"] = step.(map[string]any)["expect"] // of the last step: the others are compared alike
	}
	if path = change(expected, &number); path == "" {
		return nil, ""
	}
	changed, err := json.Marshal(said)
	if err != nil {
		t.Fatal(err)
	}
	return changed, path
}

// change counts down over the values, and changes the one at zero in place; it returns its path.
func change(value any, left *int) string {
	switch value := value.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(value)) {
			if path := changeAt(value[name], left, func(other any) { value[name] = other }); path != "" {
				return "." + name + path
			}
		}
	case []any:
		for index := range value {
			if path := changeAt(value[index], left, func(other any) { value[index] = other }); path != "" {
				return "[]" + path
			}
		}
	}
	return ""
}

func changeAt(value any, left *int, put func(any)) string {
	switch value := value.(type) {
	case map[string]any, []any:
		return change(value, left)
	case string:
		if value == "$ANY" {
			return ""
		}
		if *left == 0 {
			put("x" + value)
		}
	case json.Number:
		if *left == 0 {
			put(json.Number("1" + value.String()))
		}
	case nil:
		if *left == 0 {
			put("$ANY")
		}
	}
	*left--
	if *left < 0 {
		return " "
	}
	return ""
}

func TestAKeyThatNobodyKnowsFails(t *testing.T) {
	for _, test := range []struct{ name, where, surprise string }{
		{"calls/to_a_flow", `"about":`, `"surprise": 1`},
		{"calls/to_a_flow", `"request":`, `"surprise": 1`},
		{"calls/to_a_flow", `"code":`, `"surprise": 1`},
		{"calls/to_a_flow", `"requests":`, `"surprise": 1`},
		{"outcomes/busy", `"events":`, `"surprise": 1`},
		{"outcomes/busy", `"reply":`, `"events": []`}, // of a reply
		{"outcomes/busy", `"events":`, `"reply": {}`}, // of events
	} {
		content, err := os.ReadFile(cases + "/" + test.name + ".json")
		if err != nil {
			t.Fatal(err)
		}
		changed := bytes.Replace(content, []byte(test.where), []byte(test.surprise+", "+test.where), 1)
		if bytes.Equal(changed, content) {
			t.Fatalf("there is no %s", test.where)
		}
		conn, at := atTheOutcomes(t)
		talk := conversation{conn, at, newWords()}
		if _, err := talk.differences(t.Context(), changed); err == nil {
			t.Errorf("nobody noticed %s beside %s", test.surprise, test.where)
		}
	}
}

// What becomes of a call is told to its end, or the case is not met.
func TestAStreamThatDoesNotEndFails(t *testing.T) {
	conn, at := atTheOutcomes(t)
	for range 20 { // a machine that is too slow for the events once is not each time
		talk := conversation{conn, at, newWords()}
		found, err := talk.differences(t.Context(), []byte(notOver))
		if err != nil {
			t.Fatal(err)
		}
		if len(found) == 1 && strings.Contains(found[0], "DEADLINE_EXCEEDED") {
			return
		}
		t.Log(found)
	}
	t.Error("its end is not missed")
}

const notOver = `{
	"about": "a call that is not over in time",
	"steps": [
		{
			"request": {"request_id": "$ID", "call": {"recipients": [{"number": "+13236550173"}], "ivr": {"flow_id": "SG_1"}}},
			"expect": {"code": "OK"}
		},
		{
			"rpc": "WatchCalls", "request": {"request_id": "$ID"}, "deadline": 0.5,
			"expect": {"code": "OK", "events": [{"dispatch": "DISPATCH_SENDING"}, {"dispatch": "DISPATCH_ACCEPTED"}]}
		}
	],
	"sandbox": {"requests": 1, "rings": {"+13236550173": 1}}
}`
