package com.example.voicegateway.client;

import static java.util.concurrent.TimeUnit.NANOSECONDS;

import io.grpc.Deadline;
import java.time.Duration;

/** Times that a caller sets, as long as they may be. */
final class Timeouts {
  private Timeouts() {}

  static Duration aboveZero(Duration timeout) {
    if (timeout.isNegative() || timeout.isZero()) {
      throw new IllegalArgumentException("not above zero: " + timeout);
    }
    return timeout;
  }

  /** Not toNanos(): that throws for more than 292 years. */
  static Deadline in(Duration timeout) {
    return Deadline.after(NANOSECONDS.convert(timeout), NANOSECONDS);
  }

  static Duration left(Deadline deadline) {
    return Duration.ofNanos(deadline.timeRemaining(NANOSECONDS));
  }

  static Duration shorter(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }

  static Duration longer(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? other : one;
  }
}
