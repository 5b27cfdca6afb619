package com.example.voicegateway.client;

import com.google.protobuf.Duration;
import com.google.protobuf.Message;
import com.google.protobuf.Timestamp;

/** The ranges that protobuf itself gives to Durations and Timestamps. */
final class Times {
  private static final long DURATION_SECONDS = 315_576_000_000L;
  private static final long FIRST_SECOND = -62_135_596_800L;
  private static final long LAST_SECOND = 253_402_300_799L;
  private static final int NANOS = 999_999_999;

  private Times() {}

  /** Whether a message is a Duration or a Timestamp that holds what none can hold. */
  static boolean outOfRange(Message message) {
    return message instanceof Duration duration && !inRange(duration)
        || message instanceof Timestamp timestamp && !inRange(timestamp);
  }

  static boolean inRange(Duration value) {
    long seconds = value.getSeconds();
    int nanos = value.getNanos();
    boolean oneSign = seconds == 0 || nanos == 0 || (seconds > 0) == (nanos > 0);
    return oneSign && seconds >= -DURATION_SECONDS && seconds <= DURATION_SECONDS && nanos >= -NANOS && nanos <= NANOS;
  }

  private static boolean inRange(Timestamp value) {
    return value.getSeconds() >= FIRST_SECOND
        && value.getSeconds() <= LAST_SECOND
        && value.getNanos() >= 0
        && value.getNanos() <= NANOS;
  }
}
