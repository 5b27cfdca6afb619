package conformance

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"slices"
	"testing"
)

// The runner compares everything that a case says: with any other word in it, the case fails.
func TestACaseWithAnyOtherExpectationFails(t *testing.T) {
	conn, at := dial(t), sandbox(environment(t, "SANDBOX"))
	for _, name := range []string{"to_a_flow", "a_flow_not_found", "a_broken_rule", "http_429"} {
		content, err := os.ReadFile(cases + "/calls/" + name + ".json")
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
	content, err := os.ReadFile(cases + "/calls/to_a_flow.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, where := range []string{`"about":`, `"request":`, `"code":`, `"requests":`} {
		changed := bytes.Replace(content, []byte(where), []byte(`"surprise": 1, `+where), 1)
		if bytes.Equal(changed, content) {
			t.Fatalf("there is no %s", where)
		}
		talk := conversation{dial(t), sandbox(environment(t, "SANDBOX")), newWords()}
		if _, err := talk.differences(t.Context(), changed); err == nil {
			t.Errorf("nobody noticed a key beside %s", where)
		}
	}
}
