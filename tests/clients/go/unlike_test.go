package conformance

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
)

// unlike tells where a decoded JSON value is not as expected: objects by the expected keys, arrays item by item.
func unlike(path string, expected, actual any) []string {
	if expected == "$ANY" {
		return nil
	}
	switch expected := expected.(type) {
	case map[string]any:
		if actual, ok := actual.(map[string]any); ok {
			return unlikeByKey(path, expected, actual)
		}
	case []any:
		if actual, ok := actual.([]any); ok && len(actual) == len(expected) {
			var found []string
			for index, each := range expected {
				found = append(found, unlike(fmt.Sprintf("%s[%d]", path, index), each, actual[index])...)
			}
			return found
		}
	case json.Number:
		if actual, ok := actual.(json.Number); ok && sameNumber(expected, actual) {
			return nil
		}
	}
	if reflect.DeepEqual(expected, actual) {
		return nil
	}
	return []string{fmt.Sprintf("%s is %v, not %v", path, actual, expected)}
}

func unlikeByKey(path string, expected, actual map[string]any) []string {
	var found []string
	for _, name := range slices.Sorted(maps.Keys(expected)) {
		value, there := actual[name]
		switch {
		case expected[name] == nil && there:
			found = append(found, fmt.Sprintf("%s has %s: %v", path, name, value))
		case expected[name] != nil && !there:
			found = append(found, fmt.Sprintf("%s has no %s", path, name))
		case there:
			found = append(found, unlike(path+"."+name, expected[name], value)...)
		}
	}
	return found
}

// sameNumber compares 2 and 2.0 as equal, and large integers exactly.
func sameNumber(one, other json.Number) bool {
	first, err := one.Float64()
	second, err2 := other.Float64()
	return one == other || err == nil && err2 == nil && first == second && max(first, -first) < 1<<53
}
