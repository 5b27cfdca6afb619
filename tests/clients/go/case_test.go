// Package conformance runs the calls of tests/cases through the client package.
package conformance

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// testCase is a file of tests/cases/calls. What may hold words is read once they stand for something.
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
}

// delivered is what must have reached the sandbox.
type delivered struct {
	Requests int
	Rings    map[string]int
	Form     map[string]string
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
