package voicegateway

import (
	"context"
	"math/rand/v2"
	"time"
)

// backoff says how long to wait before each new try: twice as long each time, up to longest, less a random part, at
// most half of it, so that callers that fail together do not come back together.
type backoff struct {
	next    time.Duration
	longest time.Duration
}

func (b *backoff) wait() time.Duration {
	step := max(0, min(b.next, b.longest))
	b.next = 2 * step
	return step - rand.N(step/2+1)
}

// sleep waits; it is false when ctx ends before.
func sleep(ctx context.Context, wait time.Duration) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return ctx.Err() == nil
	}
}
