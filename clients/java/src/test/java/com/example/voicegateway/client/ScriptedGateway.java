package com.example.voicegateway.client;

import com.example.voicegateway.v1.Dispatch;
import com.example.voicegateway.v1.OutboundCall;
import com.example.voicegateway.v1.OutboundCallServiceGrpc.OutboundCallServiceImplBase;
import com.example.voicegateway.v1.PlaceCallRequest;
import com.example.voicegateway.v1.PlaceCallResponse;
import com.example.voicegateway.v1.WatchCallsRequest;
import com.example.voicegateway.v1.WatchCallsResponse;
import io.grpc.Context;
import io.grpc.Grpc;
import io.grpc.InsecureServerCredentials;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;

/** A server on a port of its own that answers from a script; at the script's end it accepts every call. */
final class ScriptedGateway extends OutboundCallServiceImplBase implements ServerInterceptor, AutoCloseable {
  static final String SERVICE = "voicegateway.v1.OutboundCallService";

  final List<PlaceCallRequest> requests = new CopyOnWriteArrayList<>();
  final List<WatchCallsRequest> watches = new CopyOnWriteArrayList<>();
  final List<Metadata> headers = new CopyOnWriteArrayList<>();
  final List<Long> secondsLeft = new CopyOnWriteArrayList<>();
  final HealthStatusManager health = new HealthStatusManager();
  final CountDownLatch askedForHealth = new CountDownLatch(1);

  /** Answers WatchCalls, where it is set. */
  volatile BiConsumer<WatchCallsRequest, StreamObserver<WatchCallsResponse>> streams;

  private final Queue<Throwable> script = new ConcurrentLinkedQueue<>();
  private final Server server;

  /** Starts one that is ready, and answers with these errors, one after the other. */
  ScriptedGateway(Throwable... errors) throws IOException {
    script.addAll(List.of(errors));
    health.setStatus(SERVICE, ServingStatus.SERVING);
    server =
        Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create())
            .addService(this)
            .addService(health.getHealthService())
            .intercept(this)
            .build()
            .start();
  }

  String target() {
    return "127.0.0.1:" + port();
  }

  int port() {
    return server.getPort();
  }

  @Override
  public void placeCall(PlaceCallRequest request, StreamObserver<PlaceCallResponse> answer) {
    requests.add(request);
    Throwable error = script.poll();
    if (error != null) {
      answer.onError(error);
      return;
    }
    OutboundCall call =
        OutboundCall.newBuilder()
            .setCallId("01KB5Y4W2M6T9V3C8D1E7F0GHJ")
            .setRequestId(request.getRequestId())
            .setDispatch(Dispatch.DISPATCH_ACCEPTED)
            .build();
    answer.onNext(PlaceCallResponse.newBuilder().setCall(call).build());
    answer.onCompleted();
  }

  /** Without streams: sends the first error of the script before a message, the second after one. */
  @Override
  public void watchCalls(WatchCallsRequest request, StreamObserver<WatchCallsResponse> answer) {
    watches.add(request);
    if (streams != null) {
      streams.accept(request, answer);
      return;
    }
    Throwable error = script.poll();
    if (watches.size() > 1) {
      answer.onNext(WatchCallsResponse.getDefaultInstance());
    }
    if (error == null) {
      answer.onCompleted();
    } else {
      answer.onError(error);
    }
  }

  @Override
  public <Q, R> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, R> call, Metadata metadata, ServerCallHandler<Q, R> next) {
    if (!call.getMethodDescriptor().getServiceName().equals(SERVICE)) {
      askedForHealth.countDown();
      return next.startCall(call, metadata);
    }
    headers.add(metadata);
    if (Context.current().getDeadline() != null) {
      secondsLeft.add(Context.current().getDeadline().timeRemaining(TimeUnit.SECONDS));
    }
    return next.startCall(call, metadata);
  }

  @Override
  public void close() {
    server.shutdownNow();
  }
}
