package com.example.placecall;

import com.example.voicegateway.client.CallError;
import com.example.voicegateway.client.Violation;
import com.example.voicegateway.v1.RetryAdvice;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.Status;
import io.grpc.protobuf.StatusProto;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Scanner;

/**
 * Says what a program does after each error of the gateway.
 *
 * <p>As a program, it reads errors from standard input, one a line, as logs show the trailer {@code
 * grpc-status-details-bin} (base64), and prints what to do about each.
 */
public final class WhatNext {
  private static final Duration SECONDS = Duration.ofSeconds(1); // at first; longer each time
  private static final Duration MINUTES = Duration.ofMinutes(5);

  private WhatNext() {}

  /** What a program does with a request that was answered with an error. */
  public enum Action {
    /** Send it again after the delay, as it is. Nobody rings twice. */
    REPEAT,
    /** Tell those who run the gateway: only they can help. Then repeat it, after the delay. */
    TELL_OPERATORS,
    /** Correct the fields, or this program: the request as it is never works. */
    CORRECT,
    /** Choose another number, flow, sound, bridge or time: the provider does not take the one in the fields. */
    CHOOSE_ANOTHER,
    /** It is too late for this call. Nobody was dialed. */
    DROP,
    /** Send nothing: phones may ring. People look the call up, here and at the provider. */
    ASK_A_PERSON,
    /** This read does not tell: read in another way, or repeat the request. */
    READ_OTHERWISE
  }

  /**
   * What to do next.
   *
   * @param action what to do
   * @param delay how long to wait at least
   * @param fields what it is about
   * @param newRequestId whether the request_id is spent
   */
  public record Next(Action action, Duration delay, List<String> fields, boolean newRequestId) {
    static Next of(Action action) {
      return new Next(action, Duration.ZERO, List.of(), false);
    }

    Next after(Duration delay) {
      return new Next(action, delay, fields, newRequestId);
    }

    Next about(List<String> fields) {
      return new Next(action, delay, fields, newRequestId);
    }
  }

  /** Says what to do: the reason says what, and the advice whether it takes a new request_id. */
  public static Next whatNext(CallError error) {
    if (error.advice() == RetryAdvice.RETRY_ADVICE_LOOK_UP) {
      return Next.of(Action.ASK_A_PERSON);
    }
    Next next = byReason(error);
    boolean isSpent = error.advice() == RetryAdvice.RETRY_ADVICE_NEW_REQUEST_ID;
    return new Next(next.action(), next.delay(), next.fields(), isSpent);
  }

  /** Says what to do about each reason. The compiler finds one that is missing. */
  private static Next byReason(CallError error) {
    Duration delay = longer(error.retryDelay().orElse(SECONDS), SECONDS);
    return switch (error.reason()) {
      case ERROR_REASON_REQUEST_IN_PROGRESS,
          ERROR_REASON_PROVIDER_UNREACHABLE,
          ERROR_REASON_PROVIDER_THROTTLED,
          ERROR_REASON_RATE_LIMITED,
          ERROR_REASON_OVERLOADED,
          ERROR_REASON_LEDGER_UNAVAILABLE -> Next.of(Action.REPEAT).after(delay);
      case ERROR_REASON_PAUSED -> Next.of(Action.REPEAT).after(longer(delay, MINUTES));
      case ERROR_REASON_PROVIDER_CREDENTIALS_REJECTED,
          ERROR_REASON_PROVIDER_MISCONFIGURED,
          ERROR_REASON_INTERNAL -> // with error.errorId()
          Next.of(Action.TELL_OPERATORS).after(longer(delay, MINUTES));
      case ERROR_REASON_INVALID_REQUEST,
          ERROR_REASON_POLICY_REFUSED,
          ERROR_REASON_PROVIDER_INVALID_INPUT,
          ERROR_REASON_PROVIDER_REFUSED -> Next.of(Action.CORRECT).about(fields(error));
      case ERROR_REASON_ACCOUNT_NOT_FOUND,
          ERROR_REASON_PERMISSION_DENIED,
          ERROR_REASON_UNAUTHENTICATED -> Next.of(Action.CORRECT).about(List.of("account"));
      case ERROR_REASON_INVALID_NUMBER -> Next.of(Action.CHOOSE_ANOTHER).about(fields(error));
      case ERROR_REASON_BRIDGE_NOT_FOUND -> Next.of(Action.CHOOSE_ANOTHER).about(List.of("call.bridge"));
      case ERROR_REASON_FLOW_NOT_FOUND -> Next.of(Action.CHOOSE_ANOTHER).about(List.of("call.ivr.flow_id"));
      case ERROR_REASON_SOUND_NOT_FOUND -> Next.of(Action.CHOOSE_ANOTHER).about(List.of("call.playlist"));
      case ERROR_REASON_SCHEDULE_TIME_REFUSED -> Next.of(Action.CHOOSE_ANOTHER).about(List.of("call.schedule_time"));
      case ERROR_REASON_EXPIRED -> Next.of(Action.DROP);
      case ERROR_REASON_OUTCOME_UNKNOWN, ERROR_REASON_REQUEST_ID_REUSED -> Next.of(Action.ASK_A_PERSON);
      case ERROR_REASON_CALL_NOT_FOUND,
          ERROR_REASON_CURSOR_OUT_OF_RANGE,
          ERROR_REASON_UNIMPLEMENTED -> Next.of(Action.READ_OTHERWISE);
      case ERROR_REASON_UNSPECIFIED, UNRECOGNIZED -> byAdvice(error, delay);
    };
  }

  /** Says what to do about a reason that is newer than this program, and about a status of somebody else. */
  private static Next byAdvice(CallError error, Duration delay) {
    if (error.mayRepeat()) {
      return Next.of(Action.REPEAT).after(delay);
    }
    if (error.fromGateway() && error.advice() == RetryAdvice.RETRY_ADVICE_UNSPECIFIED) {
      return Next.of(Action.ASK_A_PERSON);
    }
    return Next.of(Action.CORRECT).about(fields(error));
  }

  private static List<String> fields(CallError error) {
    return error.violations().stream().map(Violation::field).toList();
  }

  private static Duration longer(Duration one, Duration other) {
    return one.compareTo(other) > 0 ? one : other;
  }

  /** Prints what to do about each error. */
  public static void main(String[] args) throws InvalidProtocolBufferException {
    Scanner lines = new Scanner(System.in);
    while (lines.hasNextLine()) {
      Status status = Status.parseFrom(Base64.getDecoder().decode(lines.nextLine()));
      Next next = whatNext(CallError.from(StatusProto.toStatusRuntimeException(status)));
      System.out.printf(
          "%s wait=%ds request_id=%s fields=%s%n",
          next.action(), next.delay().toSeconds(), next.newRequestId() ? "new" : "same", String.join(",", next.fields()));
    }
  }
}
