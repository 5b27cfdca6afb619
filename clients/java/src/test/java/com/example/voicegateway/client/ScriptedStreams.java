package com.example.voicegateway.client;

import com.example.voicegateway.v1.CallEvent;
import com.example.voicegateway.v1.Heartbeat;
import com.example.voicegateway.v1.WatchCallsRequest;
import com.example.voicegateway.v1.WatchCallsResponse;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.stream.Stream;

/** Streams of WatchCalls, one after the other; each is some messages and, where it does not stay open, its end. */
final class ScriptedStreams implements BiConsumer<WatchCallsRequest, StreamObserver<WatchCallsResponse>> {
  /** Ends a stream well. */
  static final Object END = new Object();

  private final Queue<List<Object>> scripts = new ConcurrentLinkedQueue<>();
  private final Semaphore opened = new Semaphore(0);
  private final Semaphore cancelled = new Semaphore(0);

  /** Adds a stream. */
  ScriptedStreams then(Object... script) {
    scripts.add(List.of(script));
    return this;
  }

  static WatchCallsResponse event(long sequence) {
    CallEvent event = CallEvent.newBuilder().setSequence(sequence).build();
    return WatchCallsResponse.newBuilder().setEvent(event).build();
  }

  static WatchCallsResponse heartbeat(long sequence) {
    return WatchCallsResponse.newBuilder().setHeartbeat(Heartbeat.newBuilder().setSequence(sequence)).build();
  }

  static Stream<WatchCallsResponse> events(List<Long> sequences) {
    return sequences.stream().map(ScriptedStreams::event);
  }

  /** Returns once so many more streams were opened, and all that they have to say is said. */
  boolean areOpened(int streams) throws InterruptedException {
    return opened.tryAcquire(streams, 60, TimeUnit.SECONDS);
  }

  /** Returns once so many more streams were cancelled by the client. */
  boolean areCancelled(int streams) throws InterruptedException {
    return cancelled.tryAcquire(streams, 60, TimeUnit.SECONDS);
  }

  @Override
  public void accept(WatchCallsRequest request, StreamObserver<WatchCallsResponse> answer) {
    ((ServerCallStreamObserver<WatchCallsResponse>) answer).setOnCancelHandler(cancelled::release);
    List<Object> script = scripts.poll();
    for (Object each : script == null ? List.of(Statuses.foreign(io.grpc.Status.Code.UNAVAILABLE)) : script) {
      if (each instanceof WatchCallsResponse message) {
        answer.onNext(message);
      } else if (each instanceof Throwable error) {
        answer.onError(error);
      } else {
        answer.onCompleted();
      }
    }
    opened.release();
  }
}
