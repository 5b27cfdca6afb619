package com.example.voicegateway.client;

import static java.util.concurrent.TimeUnit.NANOSECONDS;

import com.example.voicegateway.v1.OutboundCallServiceGrpc;
import com.example.voicegateway.v1.OutboundCallServiceGrpc.OutboundCallServiceBlockingStub;
import com.example.voicegateway.v1.WatchCallsRequest;
import com.example.voicegateway.v1.WatchCallsResponse;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ClientResponseObserver;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * One stream of WatchCalls. A message is asked for when it is read, so that one waits here at most, and the gateway
 * sends no more than fits into the connection's window.
 *
 * <p>The iterator of gRPC's blocking stub cannot be given up after a while; its successor, {@code BlockingClientCall},
 * is experimental.
 */
final class EventStream implements ClientResponseObserver<WatchCallsRequest, WatchCallsResponse> {
  private final BlockingQueue<Arrival> arrivals = new LinkedBlockingQueue<>();
  private ClientCallStreamObserver<WatchCallsRequest> call;

  /** A message, or the end: an error, or neither where it ended well. */
  private record Arrival(WatchCallsResponse message, Throwable error) {}

  private EventStream() {}

  static EventStream open(OutboundCallServiceBlockingStub stub, WatchCallsRequest request) {
    EventStream stream = new EventStream();
    ClientCalls.asyncServerStreamingCall(
        stub.getChannel().newCall(OutboundCallServiceGrpc.getWatchCallsMethod(), stub.getCallOptions()),
        request,
        stream);
    return stream;
  }

  /**
   * Waits for a message.
   *
   * @return empty at a good end
   * @throws StatusRuntimeException at a bad one, or if nothing comes for so long
   */
  Optional<WatchCallsResponse> read(Duration silence) throws InterruptedException {
    call.request(1);
    Arrival arrival = arrivals.poll(NANOSECONDS.convert(silence), NANOSECONDS);
    if (arrival == null) {
      throw Status.DEADLINE_EXCEEDED.withDescription("nothing came for " + silence).asRuntimeException();
    }
    if (arrival.error() != null) {
      throw Status.fromThrowable(arrival.error()).asRuntimeException(Status.trailersFromThrowable(arrival.error()));
    }
    return Optional.ofNullable(arrival.message());
  }

  /** May be called by any thread, and at any time. */
  void cancel() {
    call.cancel("the watch is over", null);
  }

  @Override
  public void beforeStart(ClientCallStreamObserver<WatchCallsRequest> call) {
    this.call = call;
    call.disableAutoRequestWithInitial(0);
  }

  @Override
  public void onNext(WatchCallsResponse message) {
    arrivals.add(new Arrival(message, null));
  }

  @Override
  public void onError(Throwable error) {
    arrivals.add(new Arrival(null, error));
  }

  @Override
  public void onCompleted() {
    arrivals.add(new Arrival(null, null));
  }
}
