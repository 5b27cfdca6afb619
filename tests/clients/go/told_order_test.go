package conformance

import (
	"fmt"
	"strings"
	"testing"
)

// watchedLike makes events of these types. One in lower case tells of the recipient +1, or of the one whose digit follows.
func watchedLike(letters string) *told {
	watched := &told{}
	for index, word := range strings.Fields(letters) {
		event := map[string]any{"sequence": fmt.Sprint(index + 7), "type": word[:1]}
		if strings.ToLower(word) == word {
			number := map[string]any{"number": "+" + (word + "1")[1:2]}
			event["recipient"] = map[string]any{"recipient": number, "state": word[:1]}
		}
		watched.events = append(watched.events, event)
	}
	return watched
}

func withKey(key, letters string) (expected []any) {
	for _, word := range strings.Fields(letters) {
		expected = append(expected, map[string]any{key: word})
	}
	return expected
}

func TestEventsAreToldInTheirOrder(t *testing.T) {
	for _, test := range []struct {
		told, expected string
		met            bool
	}{
		{"A B C", "A B C", true},
		{"A B B C", "A B C", true},
		{"A B C", "A C", true},
		{"A B C", "B C", false},
		{"A B C", "A B", false},
		{"A B C", "A C B", false},
		{"A B C D", "A C B D", false},
		{"A B C", "A B B C", false},
		{"A C", "A B C", false},
		{"A B", "A B B", false},
		{"", "", true},
		{"A", "", false},
		{"", "A", false},
	} {
		found := watchedLike(test.told).unlike(expectation{Events: withKey("type", test.expected)})
		if met := len(found) == 0; met != test.met {
			t.Errorf("%q as %q: %v", test.told, test.expected, found)
		}
	}
}

func TestEachRecipientHasAnOrderOfItsOwn(t *testing.T) {
	for _, test := range []struct {
		told, first, second string
		met                 bool
	}{
		{"A r e", "r e", "", true},
		{"A w r e", "r e", "", true},
		{"A r r2 e2 e", "r e", "r e", true},
		{"A r e2 r2 e", "r e", "r e", false},
		{"A r e", "r", "", false},
		{"A r", "r", "r", false},
		{"A r r2", "r", "", false},
		{"A r", "", "", false},
		{"A B", "", "", true},
	} {
		expected := expectation{Events: []any{map[string]any{}, map[string]any{}}, Recipients: map[string][]any{}}
		for number, letters := range map[string]string{"+1": test.first, "+2": test.second} {
			if letters != "" {
				expected.Recipients[number] = withKey("state", letters)
			}
		}
		found := watchedLike(test.told).unlike(expected)
		if met := len(found) == 0; met != test.met {
			t.Errorf("%q as %q and %q: %v", test.told, test.first, test.second, found)
		}
	}
}

func TestSequencesGrow(t *testing.T) {
	for _, sequences := range [][]string{{"7", "7"}, {"10", "9"}} {
		watched := told{}
		for _, each := range sequences {
			watched.events = append(watched.events, map[string]any{"sequence": each})
		}
		if found := watched.unlike(expectation{Events: []any{map[string]any{}, map[string]any{}}}); len(found) != 1 {
			t.Errorf("%v: %v", sequences, found)
		}
	}
}
