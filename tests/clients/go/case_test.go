// Package conformance runs the calls of tests/cases through the client package.
package conformance

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// testCase is a file of tests/cases/calls or tests/cases/outcomes. What may hold words is read once they stand for something.
type testCase struct {
	About   string
	Steps   []step
	Sandbox json.RawMessage
}

type step struct {
	RPC      string
	Request  json.RawMessage
	Deadline float64
	Expect   json.RawMessage
}

// expectation is what an answer must be.
type expectation struct {
	Code       string
	Reply      any
	Reason     string
	Dispatch   string
	Retry      string
	Violations [][]string
	Metadata   map[string]any
	RetryDelay any `json:"retry_delay"`
	Events     []any
	Recipients map[string][]any
}

// fits says whether it expects a reply of what gives one, and events of a watch.
func (e *expectation) fits(isWatch bool) error {
	if isWatch && e.Reply != nil || !isWatch && (e.Events != nil || e.Recipients != nil) {
		return fmt.Errorf("it expects a reply of a watch, or events of another RPC")
	}
	return nil
}

// delivered is what must have reached the sandbox.
type delivered struct {
	Requests int
	Rings    map[string]int
	Form     map[string]any
}

// invalidRequest is a request that breaks a rule.
type invalidRequest struct {
	About         string
	Message       string
	Request       json.RawMessage
	RequestBase64 []byte `json:"request_base64"`
	Violations    [][]string
}

// decode reads JSON, and refuses keys that nobody would look at.
func decode(content []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.DisallowUnknownFields()
	decoder.UseNumber()
	if err := decoder.Decode(into); err != nil {
		return err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("something comes after it")
	}
	return nil
}
