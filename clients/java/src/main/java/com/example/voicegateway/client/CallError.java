package com.example.voicegateway.client;

import com.example.voicegateway.v1.Dispatch;
import com.example.voicegateway.v1.ErrorReason;
import com.example.voicegateway.v1.RetryAdvice;
import io.grpc.Status;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What an error of the gateway means: why, what happened to the phones, and what to do next.
 *
 * <p>Decide by {@link #dispatch()} and {@link #advice()}; {@link #reason()} tells why. A status that the gateway did
 * not write (a proxy's, or the gRPC library's, such as a deadline that passed) says nothing about the phones: {@link
 * #fromGateway()} is false, and everything but the code and the message is unspecified or empty. So is a status whose
 * details cannot be read, or that are not as the gateway writes them.
 *
 * <p>What {@link #from} returns is immutable, and may be used by many threads at once.
 *
 * @param code the gRPC code; {@code UNKNOWN} where there was no status at all
 * @param message the text of the status: constant for each reason of the gateway, empty where there is none
 * @param fromGateway whether the gateway wrote it: there is exactly one {@code google.rpc.ErrorInfo}, of the domain
 *     {@code voicegateway.v1}
 * @param reason why; {@code ERROR_REASON_UNSPECIFIED} where it is not the gateway's, or newer than this package
 * @param reasonName the reason as it was told, also where it is newer than this package; empty where there is none
 * @param dispatch what happened to the phones; {@code DISPATCH_UNSPECIFIED} where it is not known
 * @param advice what to do next; {@code RETRY_ADVICE_UNSPECIFIED} where none was given, as for reads
 * @param violations the broken rules, as many as fit; see {@link #omittedViolations()}
 * @param resource what was not found, such as a flow
 * @param retryDelay how long to wait before a repeat; empty where nobody said
 * @param metadata all metadata of the ErrorInfo, by the contract's names
 */
public record CallError(
    Status.Code code,
    String message,
    boolean fromGateway,
    ErrorReason reason,
    String reasonName,
    Dispatch dispatch,
    RetryAdvice advice,
    List<Violation> violations,
    Optional<Resource> resource,
    Optional<Duration> retryDelay,
    Map<String, String> metadata) {

  /**
   * What the provider did not find.
   *
   * @param type what it is, such as {@code flow}
   * @param name its name, never a phone number
   */
  public record Resource(String type, String name) {}

  /**
   * Reads an error. It never throws, whatever the status holds.
   *
   * @param error a {@link io.grpc.StatusRuntimeException} or a {@link io.grpc.StatusException}, or what has one among
   *     its causes: a {@link CallException}, the {@link java.util.concurrent.ExecutionException} of a future, the
   *     Throwable of {@code onError}
   * @return what it means; for anything else an error with code {@code UNKNOWN} and an empty message, which is not the
   *     gateway's
   */
  public static CallError from(Throwable error) {
    return StatusReader.read(error);
  }

  /**
   * Says whether it is certain that nobody was dialed for this request.
   *
   * @return whether dispatch is {@code DISPATCH_NOT_SENT} or {@code DISPATCH_REJECTED}
   */
  public boolean nobodyWasDialed() {
    return dispatch == Dispatch.DISPATCH_NOT_SENT || dispatch == Dispatch.DISPATCH_REJECTED;
  }

  /**
   * Says whether the same request with the same request_id is worth sending again, later. It is safe in any case.
   *
   * @return true where the gateway advises it. For a status of somebody else true, since the gateway may know more,
   *     unless the code is {@code RESOURCE_EXHAUSTED} or {@code UNIMPLEMENTED}: then nothing reached the gateway, and
   *     the next request would not either
   */
  public boolean mayRepeat() {
    if (fromGateway) {
      return advice == RetryAdvice.RETRY_ADVICE_REPEAT;
    }
    return code != Status.Code.RESOURCE_EXHAUSTED && code != Status.Code.UNIMPLEMENTED;
  }

  /**
   * Returns the request_id that the gateway read.
   *
   * @return empty where it read none
   */
  public Optional<String> requestId() {
    return told("request_id");
  }

  /**
   * Returns the gateway's id of the call.
   *
   * @return empty where there is no call
   */
  public Optional<String> callId() {
    return told("call_id");
  }

  /**
   * Returns the provider's code, such as {@code RBC3115}.
   *
   * @return empty where it gave none
   */
  public Optional<String> providerCode() {
    return told("provider_code");
  }

  /**
   * Returns the provider's words, at most 200 characters, with digits masked.
   *
   * @return empty where it said nothing
   */
  public Optional<String> providerMessage() {
    return told("provider_message");
  }

  /**
   * Returns the HTTP status of the provider's answer.
   *
   * @return empty where it gave none
   */
  public OptionalInt httpStatus() {
    return number("http_status");
  }

  /**
   * Says whether this repeats an earlier outcome, and nothing was sent now.
   *
   * @return whether it is a replay
   */
  public boolean replayed() {
    return "true".equals(metadata.get("replayed"));
  }

  /**
   * Returns when the outcome was recorded that a replay repeats.
   *
   * @return empty where it is no replay
   */
  public Optional<Instant> originalTime() {
    try {
      return told("original_time").map(Instant::parse);
    } catch (DateTimeParseException error) {
      return Optional.empty();
    }
  }

  /**
   * Returns what finds the gateway's log line: give it to the gateway's operators.
   *
   * @return empty where nothing was logged for them
   */
  public Optional<String> errorId() {
    return told("error_id");
  }

  /**
   * Counts the violations that did not fit.
   *
   * @return how many are not among {@link #violations()}
   */
  public int omittedViolations() {
    return number("omitted_violations").orElse(0);
  }

  /** Shows what a log may hold: no message, no words of the provider, no violation. */
  @Override
  public String toString() {
    return "CallError[code=%s, reason=%s, dispatch=%s, advice=%s, callId=%s]"
        .formatted(code, fromGateway ? reasonName : reason, dispatch, advice, callId().orElse(""));
  }

  private Optional<String> told(String name) {
    return Optional.ofNullable(metadata.get(name));
  }

  private OptionalInt number(String name) {
    try {
      return OptionalInt.of(Integer.parseInt(metadata.getOrDefault(name, "")));
    } catch (NumberFormatException error) {
      return OptionalInt.empty();
    }
  }
}
