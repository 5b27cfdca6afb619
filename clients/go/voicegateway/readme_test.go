package voicegateway_test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// What the README shows is part of an example that the tests run; its first program is run against a gateway by
// tests/clients/test_go_client.py.
func TestWhatTheReadmeShowsIsRun(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	examples, err := os.ReadFile("example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(string(readme), -1)
	if len(blocks) != 7 {
		t.Errorf("%d blocks", len(blocks))
	}
	for _, block := range blocks {
		code := block[1]
		inFunction := regexp.MustCompile(`(?m)^(.)`).ReplaceAllString(code, "\t$1")
		if !strings.HasPrefix(code, "package main\n") &&
			!strings.Contains(string(examples), code) && !strings.Contains(string(examples), inFunction) {
			t.Errorf("no example runs this:\n%s", code)
		}
	}
}
