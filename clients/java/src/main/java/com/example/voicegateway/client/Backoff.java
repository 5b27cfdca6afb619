package com.example.voicegateway.client;

import static java.util.concurrent.TimeUnit.NANOSECONDS;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Waits twice as long each time, and each time up to half less by chance, so that many callers do not come back at
 * once.
 *
 * @param first before the first repeat
 * @param longest never more
 */
record Backoff(Duration first, Duration longest) {
  Backoff {
    if (first.isNegative() || longest.compareTo(first) < 0) {
      throw new IllegalArgumentException("not a wait and one at least as long: " + first + ", " + longest);
    }
  }

  /**
   * Chooses a wait.
   *
   * @param repeat counts from 1
   */
  Duration before(int repeat) {
    double doubled = NANOSECONDS.convert(first) * Math.scalb(1.0, repeat - 1);
    double full = Math.min(doubled, NANOSECONDS.convert(longest));
    return Duration.ofNanos((long) (full * ThreadLocalRandom.current().nextDouble(0.5, 1)));
  }
}
