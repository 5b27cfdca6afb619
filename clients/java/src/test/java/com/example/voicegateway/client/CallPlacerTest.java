package com.example.voicegateway.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.example.voicegateway.v1.ErrorReason;
import com.example.voicegateway.v1.OutboundCallServiceGrpc;
import com.example.voicegateway.v1.OutboundCallServiceGrpc.OutboundCallServiceBlockingStub;
import com.example.voicegateway.v1.PlaceCallRequest;
import com.example.voicegateway.v1.PlaceCallResponse;
import com.google.rpc.RetryInfo;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptors;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A request is repeated as it is, while that may help and there is time. */
@Timeout(120) // where a wait is not cut off
class CallPlacerTest {
  private static final PlaceCallRequest REQUEST = Requests.toAFlow();
  private static final StatusRuntimeException PAUSED =
      Statuses.error(Status.Code.FAILED_PRECONDITION, Statuses.info("PAUSED", "NOT_SENT", "REPEAT"));

  private ScriptedGateway gateway;
  private ManagedChannel channel;

  /** Waits a moment between attempts; the channel repeats nothing. */
  private CallPlacer gatewayThatAnswers(Throwable... errors) throws IOException {
    gateway = new ScriptedGateway(errors);
    channel = GatewayChannels.newBuilder(gateway.target(), InsecureChannelCredentials.create()).disableRetry().build();
    return CallPlacer.on(channel).withBackoff(Duration.ofMillis(1), Duration.ofMillis(4));
  }

  @AfterEach
  void close() {
    if (gateway != null) {
      channel.shutdownNow();
      gateway.close();
    }
  }

  @Test
  void theFirstReplyIsReturned() throws IOException {
    PlaceCallResponse reply = gatewayThatAnswers().placeCall(REQUEST);

    assertEquals("reminder-8812", reply.getCall().getRequestId());
    assertEquals(List.of(REQUEST), gateway.requests);
  }

  @Test
  void theSameRequestIsSentAgainWhereTheGatewayAdvisesIt() throws IOException {
    gatewayThatAnswers(PAUSED, PAUSED, PAUSED).placeCall(REQUEST);

    assertEquals(List.of(REQUEST, REQUEST, REQUEST, REQUEST), gateway.requests);
  }

  @ParameterizedTest
  @EnumSource(names = {"DEADLINE_EXCEEDED", "UNAVAILABLE", "CANCELLED", "INTERNAL", "UNKNOWN"})
  void itIsSentAgainWhereNobodyKnows(Status.Code code) throws IOException {
    gatewayThatAnswers(Statuses.foreign(code)).placeCall(REQUEST);

    assertEquals(2, gateway.requests.size());
  }

  @ParameterizedTest
  @CsvSource({
    "INVALID_REQUEST, NOT_SENT,        CORRECT",
    "FLOW_NOT_FOUND,  REJECTED,        NEW_REQUEST_ID",
    "OUTCOME_UNKNOWN, OUTCOME_UNKNOWN, LOOK_UP",
    "CALL_NOT_FOUND,  UNSPECIFIED,     UNSPECIFIED"
  })
  void itIsNotSentAgainWhereTheGatewayAdvisesOtherwise(String reason, String dispatch, String advice)
      throws IOException {
    StatusRuntimeException answer = Statuses.error(Status.Code.UNKNOWN, Statuses.info(reason, dispatch, advice));
    CallPlacer placer = gatewayThatAnswers(answer);
    CallException failure = assertThrows(CallException.class, () -> placer.placeCall(REQUEST));

    assertEquals(ErrorReason.valueOf("ERROR_REASON_" + reason), failure.error().reason());
    assertInstanceOf(StatusRuntimeException.class, failure.getCause());
    assertEquals(1, gateway.requests.size());
  }

  @Test
  void itIsNotSentAgainWhereItWouldNotArriveEither() throws IOException {
    CallPlacer placer = gatewayThatAnswers(Statuses.foreign(Status.Code.RESOURCE_EXHAUSTED));
    assertThrows(CallException.class, () -> placer.placeCall(REQUEST));

    assertEquals(1, gateway.requests.size());
  }

  @Test
  void theLastAnswerIsThrown() throws IOException {
    CallPlacer placer = gatewayThatAnswers(Statuses.foreign(Status.Code.INTERNAL), PAUSED).withMaxAttempts(2);
    CallException failure = assertThrows(CallException.class, () -> placer.placeCall(REQUEST));

    assertEquals(ErrorReason.ERROR_REASON_PAUSED, failure.error().reason());
    assertEquals(2, gateway.requests.size());
  }

  @Test
  void theUsualNumberOfAttemptsIsFour() throws IOException {
    CallPlacer placer = gatewayThatAnswers(PAUSED, PAUSED, PAUSED, PAUSED, PAUSED);
    assertThrows(CallException.class, () -> placer.placeCall(REQUEST));

    assertEquals(4, gateway.requests.size());
  }

  @Test
  void itWaitsForAsLongAsTheGatewaySays() throws IOException {
    CallPlacer placer = gatewayThatAnswers(throttledFor(1)).withBackoff(Duration.ofHours(1), Duration.ofHours(1));
    long began = System.nanoTime();
    placer.placeCall(REQUEST);

    assertTrue(System.nanoTime() - began >= Duration.ofSeconds(1).toNanos());
    assertEquals(2, gateway.requests.size());
  }

  @ParameterizedTest
  @ValueSource(longs = {3600, 315_576_000_000L})
  void aWaitThatEndsTooLateIsNotBegun(long seconds) throws IOException {
    CallPlacer placer = gatewayThatAnswers(throttledFor(seconds));
    CallException failure = assertThrows(CallException.class, () -> placer.placeCall(REQUEST));

    assertEquals(ErrorReason.ERROR_REASON_PROVIDER_THROTTLED, failure.error().reason());
    assertEquals(1, gateway.requests.size());
  }

  @Test
  void anAttemptHasThirtySecondsAndNoMoreThanIsLeft() throws IOException {
    gatewayThatAnswers();
    CallPlacer placer = CallPlacer.on(ClientInterceptors.intercept(channel, this::keepsDeadline));
    assertGiven(30, () -> placer.placeCall(REQUEST));
    assertGiven(10, () -> placer.withTimeout(Duration.ofSeconds(10)).placeCall(REQUEST));
    assertGiven(20, () -> placer.withAttemptTimeout(Duration.ofSeconds(20)).placeCall(REQUEST));
    Deadline inFifteen = Deadline.after(15, TimeUnit.SECONDS);
    Context.current().withDeadline(inFifteen, clock()).run(() -> placer.placeCall(REQUEST));

    assertEquals(inFifteen, deadline);
    assertEquals(4, gateway.secondsLeft.size());
  }

  private Deadline deadline;

  private <Q, R> ClientCall<Q, R> keepsDeadline(MethodDescriptor<Q, R> method, CallOptions options, Channel next) {
    deadline = options.getDeadline();
    return next.newCall(method, options);
  }

  /** However slow the machine is, the deadline is so long after some moment of the call. */
  private void assertGiven(long seconds, Runnable call) {
    Deadline earliest = Deadline.after(seconds, TimeUnit.SECONDS);
    call.run();

    assertFalse(deadline.isBefore(earliest));
    assertFalse(Deadline.after(seconds, TimeUnit.SECONDS).isBefore(deadline));
  }

  @Test
  void theDeadlinesOfStubAndContextCountAsWell() throws IOException {
    CallPlacer placer = gatewayThatAnswers(throttledFor(60), throttledFor(60));
    OutboundCallServiceBlockingStub stub =
        OutboundCallServiceGrpc.newBlockingStub(channel).withDeadlineAfter(25, TimeUnit.SECONDS);
    assertThrottled(CallPlacer.with(stub));
    Context.current()
        .withDeadlineAfter(25, TimeUnit.SECONDS, clock())
        .run(() -> assertThrottled(placer));

    assertEquals(2, gateway.requests.size());
    assertTrue(gateway.secondsLeft.stream().allMatch(left -> left <= 25), gateway.secondsLeft.toString());
  }

  private static void assertThrottled(CallPlacer placer) {
    CallException failure = assertThrows(CallException.class, () -> placer.placeCall(REQUEST));
    assertEquals(ErrorReason.ERROR_REASON_PROVIDER_THROTTLED, failure.error().reason());
  }

  @Test
  void aSettingMayBeAsLongAsItGets() throws IOException {
    Duration longest = Duration.ofSeconds(Long.MAX_VALUE);
    gatewayThatAnswers(throttledFor(0))
        .withTimeout(longest)
        .withAttemptTimeout(longest)
        .withBackoff(longest, longest)
        .placeCall(REQUEST);

    assertEquals(2, gateway.requests.size());
  }

  @Test
  void aThreadThatIsInterruptedStopsWaiting() throws IOException {
    CallPlacer placer = gatewayThatAnswers(PAUSED).withBackoff(Duration.ofSeconds(60), Duration.ofSeconds(60));
    Thread waiting = Thread.currentThread();
    clock().schedule(waiting::interrupt, 50, TimeUnit.MILLISECONDS);
    assertThrows(CallException.class, () -> placer.placeCall(REQUEST));

    assertTrue(Thread.interrupted());
    assertTrue(gateway.requests.size() <= 1);
  }

  @Test
  void whoWasCancelledDoesNotRepeat() throws IOException {
    CallPlacer placer = gatewayThatAnswers().withBackoff(Duration.ofSeconds(90), Duration.ofSeconds(90));
    try (Context.CancellableContext cancelled = Context.current().withCancellation()) {
      cancelled.cancel(null);
      cancelled.run(() -> assertThrows(CallException.class, () -> placer.placeCall(REQUEST)));
    }

    assertTrue(gateway.requests.isEmpty());
  }

  @Test
  void aRequestWithoutAnIdIsNotSent() throws IOException {
    CallPlacer placer = gatewayThatAnswers();
    PlaceCallRequest nameless = REQUEST.toBuilder().clearRequestId().build();
    assertThrows(IllegalArgumentException.class, () -> placer.placeCall(nameless));

    assertTrue(gateway.requests.isEmpty());
  }

  @Test
  void settingsThatMakeNoSenseAreRefused() throws IOException {
    CallPlacer placer = gatewayThatAnswers();

    assertThrows(IllegalArgumentException.class, () -> placer.withMaxAttempts(0));
    assertThrows(IllegalArgumentException.class, () -> placer.withTimeout(Duration.ZERO));
    assertThrows(IllegalArgumentException.class, () -> placer.withAttemptTimeout(Duration.ofSeconds(-1)));
    Duration second = Duration.ofSeconds(1);
    assertThrows(IllegalArgumentException.class, () -> placer.withBackoff(second, Duration.ZERO));
    assertThrows(IllegalArgumentException.class, () -> placer.withBackoff(second.negated(), second));
  }

  @Test
  void waitsDoubleUpToTheLongestLessHalfByChance() {
    Backoff backoff = new Backoff(Duration.ofMillis(500), Duration.ofSeconds(8));
    List<Integer> full = List.of(500, 1000, 2000, 4000, 8000, 8000, 8000);
    for (int repeat = 1; repeat <= full.size(); repeat++) {
      for (int i = 0; i < 100; i++) {
        long millis = backoff.before(repeat).toMillis();
        assertFalse(millis > full.get(repeat - 1) || millis < full.get(repeat - 1) / 2, repeat + ": " + millis);
      }
    }

    assertTrue(backoff.before(5000).toSeconds() <= 8);
  }

  private static StatusRuntimeException throttledFor(long seconds) {
    return Statuses.error(
        Status.Code.RESOURCE_EXHAUSTED,
        Statuses.info("PROVIDER_THROTTLED", "REJECTED", "REPEAT"),
        RetryInfo.newBuilder()
            .setRetryDelay(com.google.protobuf.Duration.newBuilder().setSeconds(seconds))
            .build());
  }

  private static ScheduledExecutorService clock() {
    return Executors.newSingleThreadScheduledExecutor(
        work -> {
          Thread thread = new Thread(work);
          thread.setDaemon(true);
          return thread;
        });
  }
}
