package com.example.voicegateway.client;

import com.example.voicegateway.v1.OutboundCallServiceGrpc;
import com.example.voicegateway.v1.OutboundCallServiceGrpc.OutboundCallServiceBlockingStub;
import com.example.voicegateway.v1.WatchCallsRequest;
import io.grpc.Channel;
import io.grpc.ManagedChannel;
import java.time.Duration;

/**
 * Follows calls: tells what becomes of each recipient, as it happens. A stream that breaks is opened anew where it
 * broke off, so that no event is lost, repeated or out of order; see {@link CallWatch}.
 *
 * <p>Usual settings: waits of 0.2 seconds doubling to 5 before a new stream; a stream on which nothing came for 60
 * seconds, not even a heartbeat (the gateway sends one every 15 seconds, unless it is set otherwise), is taken for
 * broken; after 300 seconds without any message of a gateway a watch gives up. Before a new stream, a {@link
 * ManagedChannel} that waits after an outage is told to connect now.
 *
 * <p>It is immutable and may be used by many threads at once. The methods {@code with...} return a changed copy.
 */
public final class CallWatcher {
  private final OutboundCallServiceBlockingStub stub;
  private final Duration silence;
  private final Duration patience;
  private final Backoff backoff;

  private CallWatcher(
      OutboundCallServiceBlockingStub stub, Duration silence, Duration patience, Backoff backoff) {
    this.stub = stub;
    this.silence = silence;
    this.patience = patience;
    this.backoff = backoff;
  }

  /**
   * Watches through a channel, with the usual settings.
   *
   * @param channel such as one of {@link GatewayChannels}
   * @return a watcher
   */
  public static CallWatcher on(Channel channel) {
    return with(OutboundCallServiceGrpc.newBlockingStub(channel));
  }

  /**
   * Watches through a stub, which may have credentials and interceptors; with the usual settings. If it has a deadline,
   * a watch ends with it.
   *
   * @param stub calls the gateway
   * @return a watcher
   */
  public static CallWatcher with(OutboundCallServiceBlockingStub stub) {
    return new CallWatcher(
        stub,
        Duration.ofSeconds(60),
        Duration.ofSeconds(300),
        new Backoff(Duration.ofMillis(200), Duration.ofSeconds(5)));
  }

  /**
   * Sets for how long nothing may come before a stream is taken for broken. It is several times as long as the
   * gateway's {@code watch.heartbeat}, or good streams are taken for broken, too.
   *
   * @param silence without any message, above zero
   * @return a changed copy
   * @throws IllegalArgumentException if it is not above zero
   */
  public CallWatcher withSilence(Duration silence) {
    return new CallWatcher(stub, Timeouts.aboveZero(silence), patience, backoff);
  }

  /**
   * Sets for how long a watch tries to reach a gateway. The time counts while somebody waits for an event, from the
   * last message on.
   *
   * @param patience without any message, above zero
   * @return a changed copy
   * @throws IllegalArgumentException if it is not above zero
   */
  public CallWatcher withPatience(Duration patience) {
    return new CallWatcher(stub, silence, Timeouts.aboveZero(patience), backoff);
  }

  /**
   * Sets the waits before a new stream. They begin anew with each message that arrives. A longer one that the gateway
   * asks for goes before them.
   *
   * @param first before the first new stream; each further one is twice as long, less up to half of it by chance
   * @param longest never more than this
   * @return a changed copy
   * @throws IllegalArgumentException if the first is negative or the longest is shorter
   */
  public CallWatcher withBackoff(Duration first, Duration longest) {
    return new CallWatcher(stub, silence, patience, new Backoff(first, longest));
  }

  /**
   * Watches one call, or all calls of an account. The first stream is opened when the first event is asked for.
   *
   * @param request names a call by call_id or request_id; neither means every call of the account. With after_sequence
   *     it goes on after that event. Without, it tells the whole history of a call, or of an account what happens from
   *     then on
   * @return the events; close it
   */
  public CallWatch watchCalls(WatchCallsRequest request) {
    return new CallWatch(this, request);
  }

  EventStream open(WatchCallsRequest request) {
    return EventStream.open(stub, request);
  }

  /** Has the channel connect before a stream is opened again. */
  void hasten() {
    Reconnection.hasten(stub.getChannel());
  }

  Duration silence() {
    return silence;
  }

  Duration patience() {
    return patience;
  }

  Backoff backoff() {
    return backoff;
  }

  /** Whether the caller has ended by himself what the streams need. */
  boolean isOver() {
    boolean isLate = stub.getCallOptions().getDeadline() != null && stub.getCallOptions().getDeadline().isExpired();
    return isLate || stub.getChannel() instanceof ManagedChannel channel && channel.isShutdown();
  }
}
