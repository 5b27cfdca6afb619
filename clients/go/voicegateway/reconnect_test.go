package voicegateway_test

import (
	"context"
	"net"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	grpcbackoff "google.golang.org/grpc/backoff"
)

// attempt is one to connect.
type attempt struct {
	at    time.Time
	given time.Duration // until it is given up
}

// deadFor tells how a channel tried to connect where every attempt is refused. The clock is the bubble's: an hour takes a
// moment.
func deadFor(t *testing.T, outage time.Duration, options ...grpc.DialOption) (made []attempt) {
	t.Helper()
	dialer := grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
		end, _ := ctx.Deadline()
		made = append(made, attempt{time.Now(), time.Until(end)})
		return nil, syscall.ECONNREFUSED
	})
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), outage)
		defer cancel()
		client := dial(t, "passthrough:///gateway", append(options, dialer)...)
		if reply, err := client.PlaceCall(ctx, aCall(), grpc.WaitForReady(true)); err == nil {
			t.Error(reply)
		}
	})
	return made
}

// longestWait is the longest time between two attempts.
func longestWait(made []attempt) (longest time.Duration) {
	for i := range made[1:] {
		longest = max(longest, made[i+1].at.Sub(made[i].at))
	}
	return longest
}

func TestAChannelTriesToConnectEveryFewSecondsAlsoAfterAnHour(t *testing.T) {
	longest := longestWait(deadFor(t, time.Hour))
	if longest < 4*time.Second || longest > 6*time.Second { // gRPC changes each by up to a fifth
		t.Errorf("it waits %s", longest)
	}
}

func TestASlowConnectionIsNotGivenUpEarlier(t *testing.T) {
	for _, each := range deadFor(t, time.Minute) {
		if each.given != 20*time.Second {
			t.Errorf("it is given %s", each.given)
		}
	}
}

func TestTheCallersOwnWaitsCount(t *testing.T) {
	waits := grpcbackoff.DefaultConfig
	waits.MaxDelay = time.Minute
	longest := longestWait(deadFor(t, time.Hour, grpc.WithConnectParams(grpc.ConnectParams{Backoff: waits})))
	if longest < 48*time.Second {
		t.Errorf("it waits %s", longest)
	}
}
