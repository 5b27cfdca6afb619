package conformance

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
)

// sandbox is the URL of the provider's stand-in.
type sandbox string

func (s sandbox) forget() error {
	_, err := s.ask(http.MethodDelete, "/requests")
	return err
}

func (s sandbox) ask(method, path string) ([]byte, error) {
	request, err := http.NewRequest(method, string(s)+path, nil)
	if err != nil {
		return nil, err
	}
	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer reply.Body.Close()
	if reply.StatusCode/100 != 2 {
		return nil, fmt.Errorf("the sandbox answers %s to %s %s", reply.Status, method, path)
	}
	return io.ReadAll(reply.Body)
}

// delivered tells what reached the sandbox otherwise than a case says.
func (c *conversation) delivered(said json.RawMessage) ([]string, error) {
	content, err := c.words.put(said)
	if err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	var expected, counted delivered
	if err := decode(content, &expected); err != nil {
		return nil, fmt.Errorf("sandbox: %w", err)
	}
	rings, err := c.sandbox.ask(http.MethodGet, "/rings")
	if err != nil {
		return nil, err
	}
	if err := decode(rings, &counted); err != nil {
		return nil, err
	}
	var found []string
	if counted.Requests != expected.Requests {
		found = append(found, fmt.Sprintf("%d requests reached the sandbox, not %d", counted.Requests, expected.Requests))
	}
	if !maps.Equal(counted.Rings, expected.Rings) {
		found = append(found, fmt.Sprintf("it rang %v, not %v", counted.Rings, expected.Rings))
	}
	if expected.Form == nil {
		return found, nil
	}
	form, err := c.sandbox.lastForm()
	return append(found, unlikeForm(expected.Form, form)...), err
}

// unlikeForm compares all fields.
func unlikeForm(expected map[string]any, sent map[string]string) []string {
	fields := map[string]any{}
	var found []string
	for _, name := range slices.Sorted(maps.Keys(sent)) {
		fields[name] = sent[name]
		if _, ok := expected[name]; !ok {
			found = append(found, fmt.Sprintf("the form has %s: %q", name, sent[name]))
		}
	}
	return append(found, unlikeByKey("form", expected, fields)...)
}

// lastForm reads the decoded fields of the last request.
func (s sandbox) lastForm() (map[string]string, error) {
	content, err := s.ask(http.MethodGet, "/requests")
	if err != nil {
		return nil, err
	}
	var requests []struct{ Fields map[string]string }
	if err := json.Unmarshal(content, &requests); err != nil || len(requests) == 0 {
		return nil, err
	}
	return requests[len(requests)-1].Fields, nil
}
