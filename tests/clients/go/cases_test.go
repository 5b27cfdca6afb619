package conformance

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"example.com/voicegateway/clients/go/voicegateway"
)

const cases = "../../cases"

// environment reads where the gateway or the sandbox is. Nothing is skipped: a run without them has shown nothing.
func environment(t *testing.T, name string) string {
	t.Helper()
	value := os.Getenv(name)
	if value == "" {
		t.Fatalf("%s is not set; tests/cases/README.md says to what", name)
	}
	return value
}

func dial(t *testing.T, options ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	return dialTo(t, environment(t, "GATEWAY"), options...)
}

func dialTo(t *testing.T, target string, options ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	plaintext := grpc.WithTransportCredentials(insecure.NewCredentials())
	conn, err := voicegateway.NewClient(target, append(options, plaintext)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

func TestCases(t *testing.T) {
	runAll(t, "calls", dial(t), sandbox(environment(t, "SANDBOX")))
}

// The cases of outcomes go on to what becomes of the call, at a gateway that is reported to by fast phones.
func TestOutcomes(t *testing.T) {
	conn, at := atTheOutcomes(t)
	runAll(t, "outcomes", conn, at)
}

func atTheOutcomes(t *testing.T) (*grpc.ClientConn, sandbox) {
	t.Helper()
	environment(t, "OUTCOMES_REPORTS")
	return dialTo(t, environment(t, "OUTCOMES_GATEWAY")), sandbox(environment(t, "OUTCOMES_SANDBOX"))
}

func runAll(t *testing.T, folder string, conn *grpc.ClientConn, at sandbox) {
	files, err := filepath.Glob(cases + "/" + folder + "/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal("there are no cases", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			talk := conversation{conn, at, newWords()}
			found, err := talk.differences(t.Context(), content)
			if err != nil {
				t.Fatal(err)
			}
			for _, each := range found {
				t.Error(each)
			}
		})
	}
}
