package com.example.voicegateway.client;

import com.example.voicegateway.v1.OutboundCallServiceGrpc;
import com.example.voicegateway.v1.OutboundCallServiceGrpc.OutboundCallServiceBlockingStub;
import com.example.voicegateway.v1.PlaceCallRequest;
import com.example.voicegateway.v1.PlaceCallResponse;
import io.grpc.Channel;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.StatusRuntimeException;
import java.time.Duration;

/**
 * Places calls, and repeats a request with the same request_id while that may help and there is time.
 *
 * <p>A repeat never rings a second time: the gateway tells what became of the first attempt, and dials only if nobody
 * was dialed. So it is repeated after a deadline that passed and after a broken connection, too; see {@link
 * CallError#mayRepeat()}. Before a repeat it waits for as long as the gateway says, or else a while that doubles each
 * time, less up to half of it by chance.
 *
 * <p>Usual settings: 4 attempts of 30 seconds each and 2 minutes in all, waits of 0.5 seconds doubling to 8. The
 * channel of {@link GatewayChannels} repeats {@code UNAVAILABLE} within each attempt, besides. Before a repeat, a {@link
 * io.grpc.ManagedChannel} that waits after an outage is told to connect now.
 *
 * <p>It is immutable and may be used by many threads at once. The methods {@code with...} return a changed copy.
 */
public final class CallPlacer {
  private final OutboundCallServiceBlockingStub stub;
  private final int maxAttempts;
  private final Duration attemptTimeout;
  private final Duration timeout;
  private final Backoff backoff;

  private CallPlacer(
      OutboundCallServiceBlockingStub stub,
      int maxAttempts,
      Duration attemptTimeout,
      Duration timeout,
      Backoff backoff) {
    this.stub = stub;
    this.maxAttempts = maxAttempts;
    this.attemptTimeout = attemptTimeout;
    this.timeout = timeout;
    this.backoff = backoff;
  }

  /**
   * Places calls through a channel, with the usual settings.
   *
   * @param channel such as one of {@link GatewayChannels}
   * @return a placer
   */
  public static CallPlacer on(Channel channel) {
    return with(OutboundCallServiceGrpc.newBlockingStub(channel));
  }

  /**
   * Places calls through a stub, which may have credentials, interceptors and a deadline of its own; with the usual
   * settings.
   *
   * @param stub calls the gateway
   * @return a placer
   */
  public static CallPlacer with(OutboundCallServiceBlockingStub stub) {
    return new CallPlacer(
        stub,
        4,
        Duration.ofSeconds(30),
        Duration.ofMinutes(2),
        new Backoff(Duration.ofMillis(500), Duration.ofSeconds(8)));
  }

  /**
   * Limits how often a request is sent.
   *
   * @param attempts the first included; 1 for no repeats
   * @return a changed copy
   * @throws IllegalArgumentException if it is less than 1
   */
  public CallPlacer withMaxAttempts(int attempts) {
    if (attempts < 1) {
      throw new IllegalArgumentException("at least one attempt: " + attempts);
    }
    return new CallPlacer(stub, attempts, attemptTimeout, timeout, backoff);
  }

  /**
   * Sets the deadline of each attempt. The gateway may wait 26 seconds for the provider; an attempt that ends earlier
   * tells nothing, and its repeat waits for the same outcome.
   *
   * @param timeout of one attempt, above zero
   * @return a changed copy
   * @throws IllegalArgumentException if it is not above zero
   */
  public CallPlacer withAttemptTimeout(Duration timeout) {
    return new CallPlacer(stub, maxAttempts, Timeouts.aboveZero(timeout), this.timeout, backoff);
  }

  /**
   * Sets how long a call may take in all, with repeats and waits. A deadline of the stub or of the current {@link
   * Context} that is earlier counts as well.
   *
   * @param timeout of one {@link #placeCall}, above zero
   * @return a changed copy
   * @throws IllegalArgumentException if it is not above zero
   */
  public CallPlacer withTimeout(Duration timeout) {
    return new CallPlacer(stub, maxAttempts, attemptTimeout, Timeouts.aboveZero(timeout), backoff);
  }

  /**
   * Sets the waits before repeats where the gateway does not say how long.
   *
   * @param first before the first repeat; each further one is twice as long
   * @param longest never more than this
   * @return a changed copy
   * @throws IllegalArgumentException if the first is negative or the longest is shorter
   */
  public CallPlacer withBackoff(Duration first, Duration longest) {
    return new CallPlacer(stub, maxAttempts, attemptTimeout, timeout, new Backoff(first, longest));
  }

  /**
   * Places one call, and waits for the answer. The thread sleeps between attempts; when it is interrupted, or the
   * current {@link Context} is cancelled, no further attempt is made, and its interrupt flag stays set.
   *
   * @param request with a request_id that was chosen before, and stored with the intent. It is never changed here, so a
   *     program that crashed sends the same again
   * @return the reply: the provider accepted the request; or a preview, with validate_only
   * @throws IllegalArgumentException if the request has no request_id; nothing was sent
   * @throws CallException if the last answer was an error, and says what it means
   */
  public PlaceCallResponse placeCall(PlaceCallRequest request) {
    if (request.getRequestId().isEmpty()) {
      throw new IllegalArgumentException("no request_id: choose it once for each intent, before the first attempt");
    }
    Deadline deadline = deadline();
    for (int attempt = 1; ; attempt++) {
      try {
        return stub.withDeadline(Timeouts.in(attemptTimeout).minimum(deadline)).placeCall(request);
      } catch (StatusRuntimeException error) {
        CallException failure = new CallException(error);
        Duration wait = failure.error().retryDelay().orElse(backoff.before(attempt));
        if (attempt == maxAttempts || !failure.error().mayRepeat() || !waited(wait, deadline)) {
          throw failure;
        }
        Reconnection.hasten(stub.getChannel());
      }
    }
  }

  private Deadline deadline() {
    Deadline earliest = Timeouts.in(timeout);
    Deadline ofStub = stub.getCallOptions().getDeadline();
    Deadline ofContext = Context.current().getDeadline();
    earliest = ofStub == null ? earliest : earliest.minimum(ofStub);
    return ofContext == null ? earliest : earliest.minimum(ofContext);
  }

  /** Waits, unless nobody would be there afterwards. */
  private static boolean waited(Duration wait, Deadline deadline) {
    if (wait.compareTo(Timeouts.left(deadline)) >= 0 || Context.current().isCancelled()) {
      return false;
    }
    try {
      Thread.sleep(Math.max(0, wait.toMillis()));
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      return false;
    }
    return true;
  }
}
