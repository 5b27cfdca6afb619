package com.example.voicegateway.client;

import static com.example.voicegateway.client.ScriptedStreams.END;
import static com.example.voicegateway.client.ScriptedStreams.event;
import static com.example.voicegateway.client.ScriptedStreams.heartbeat;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.example.voicegateway.v1.ErrorReason;
import com.example.voicegateway.v1.OutboundCallServiceGrpc;
import com.example.voicegateway.v1.OutboundCallServiceGrpc.OutboundCallServiceBlockingStub;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ClientInterceptors;
import io.grpc.Context;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** A watch ends with the call, when it is told to, and where going on would not help. */
@Timeout(120) // where a wait is not cut off
class CallWatchEndTest extends Watching {
  private static final StatusRuntimeException BROKEN = Statuses.foreign(Status.Code.UNAVAILABLE);

  @Test
  void itEndsWhenTheCallDoes() {
    streams.then(event(3), heartbeat(4), END);
    CallWatch watch = watcher.watchCalls(CALL);

    assertEquals(List.of(3L), told(watch));
    assertFalse(watch.hasNext());
    assertThrows(NoSuchElementException.class, watch::next);
    assertEquals(1, gateway.watches.size());
  }

  @Test
  void itEndsWhenTheCallOfARequestIdDoes() {
    streams.then(END);

    assertEquals(List.of(), told(watcher.watchCalls(ACCOUNT.toBuilder().setRequestId("reminder-8812").build())));
  }

  @ParameterizedTest
  @CsvSource({
    "CALL_NOT_FOUND,      NOT_FOUND",
    "ACCOUNT_NOT_FOUND,   NOT_FOUND",
    "INVALID_REQUEST,     INVALID_ARGUMENT",
    "CURSOR_OUT_OF_RANGE, OUT_OF_RANGE",
    "UNAUTHENTICATED,     UNAUTHENTICATED",
    "PERMISSION_DENIED,   PERMISSION_DENIED",
    "UNIMPLEMENTED,       UNIMPLEMENTED"
  })
  void whatDoesNotGetBetterIsThrown(String reason, Status.Code code) {
    streams.then(event(3), Statuses.error(code, Statuses.info(reason, "UNSPECIFIED", "UNSPECIFIED")));
    CallWatch watch = watcher.watchCalls(CALL);
    watch.next();
    CallException failure = assertThrows(CallException.class, watch::hasNext);

    assertEquals(ErrorReason.valueOf("ERROR_REASON_" + reason), failure.error().reason());
    assertSame(failure, assertThrows(CallException.class, watch::next));
    assertEquals(1, gateway.watches.size());
  }

  @ParameterizedTest
  @EnumSource(names = {"RESOURCE_EXHAUSTED", "UNIMPLEMENTED"})
  void whatReachesNoGatewayIsThrown(Status.Code code) {
    streams.then(Statuses.foreign(code));
    CallWatch watch = watcher.watchCalls(ACCOUNT);
    CallException failure = assertThrows(CallException.class, watch::hasNext);

    assertEquals(code, failure.error().code());
    assertEquals(1, gateway.watches.size());
  }

  @Test
  void aCursorThatIsNoLongerKeptSaysWhatIs() {
    ErrorInfo info =
        ErrorInfo.newBuilder()
            .setDomain("voicegateway.v1")
            .setReason("ERROR_REASON_CURSOR_OUT_OF_RANGE")
            .putMetadata("oldest_sequence", "70")
            .putMetadata("newest_sequence", "90")
            .build();
    streams.then(Statuses.error(Status.Code.OUT_OF_RANGE, info));
    CallWatch watch = watcher.watchCalls(ACCOUNT.toBuilder().setAfterSequence(5).build());
    CallException failure = assertThrows(CallException.class, watch::hasNext);

    assertEquals("70", failure.error().metadata().get("oldest_sequence"));
    assertEquals(after(5), watch.lastSequence());
  }

  // How far it is

  @Test
  void anEventCountsOnceItIsHandedOut() {
    streams.then(event(3), event(4), heartbeat(8), END);
    CallWatch watch = watcher.watchCalls(CALL);

    assertEquals(OptionalLong.empty(), watch.lastSequence());
    assertTrue(watch.hasNext());
    assertEquals(OptionalLong.empty(), watch.lastSequence());
    watch.next();
    assertEquals(after(3), watch.lastSequence());
    assertTrue(watch.hasNext());
    assertEquals(after(3), watch.lastSequence());
    watch.next();
    assertFalse(watch.hasNext());
    assertEquals(after(8), watch.lastSequence());
  }

  @Test
  void anEventThatNobodyTookIsToldAgainByTheNextWatch() {
    streams.then(event(3), event(4)).then(event(4), END);
    CallWatch watch = watcher.watchCalls(CALL);
    watch.next();
    assertTrue(watch.hasNext());
    watch.close();
    CallWatch next =
        watcher.watchCalls(CALL.toBuilder().setAfterSequence(watch.lastSequence().getAsLong()).build());

    assertEquals(List.of(4L), told(next));
  }

  @Test
  void aSecondLoopGoesOnWhereTheFirstStopped() {
    streams.then(event(3), event(4), event(5), END);
    CallWatch watch = watcher.watchCalls(CALL);
    watch.iterator().next();

    assertEquals(List.of(4L, 5L), told(watch));
  }

  /** Messages are asked for one by one, so that the gateway's flow control bounds what waits here. */
  @Test
  void nothingIsReadAhead() throws InterruptedException {
    streams.then(event(3), event(4), event(5), event(6), END);
    AtomicInteger asked = new AtomicInteger();
    CallWatch watch = CallWatcher.on(ClientInterceptors.intercept(channel, counting(asked))).watchCalls(CALL);
    watch.next();
    watch.next();
    assertTrue(streams.areOpened(1));

    assertEquals(2, asked.get());
    assertEquals(List.of(5L, 6L), told(watch));
    assertEquals(5, asked.get());
  }

  private static ClientInterceptor counting(AtomicInteger messages) {
    return new ClientInterceptor() {
      @Override
      public <Q, R> ClientCall<Q, R> interceptCall(MethodDescriptor<Q, R> method, CallOptions options, Channel next) {
        return new SimpleForwardingClientCall<>(next.newCall(method, options)) {
          @Override
          public void request(int count) {
            messages.addAndGet(count);
            super.request(count);
          }
        };
      }
    };
  }

  // Patience

  @Test
  void itGivesUpWithTheLastError() {
    ErrorInfo overloaded = Statuses.info("OVERLOADED", "UNSPECIFIED", "UNSPECIFIED");
    streams
        .then(Statuses.foreign(Status.Code.INTERNAL))
        .then(Statuses.error(Status.Code.UNAVAILABLE, Statuses.info("PAUSED", "UNSPECIFIED", "UNSPECIFIED")))
        .then(Statuses.error(Status.Code.UNAVAILABLE, overloaded, inAnHour()));
    CallWatch watch = watcher.watchCalls(CALL);
    CallException failure = assertThrows(CallException.class, watch::hasNext);

    assertEquals(ErrorReason.ERROR_REASON_OVERLOADED, failure.error().reason());
    assertSame(failure, assertThrows(CallException.class, watch::hasNext));
    assertEquals(3, gateway.watches.size());
  }

  /** Waits of 1, 2, 4, ... milliseconds: 12 fit into two seconds. */
  @Test
  void theWaitsGrow() {
    CallWatcher waitingLonger =
        watcher.withBackoff(Duration.ofMillis(1), Duration.ofHours(1)).withPatience(Duration.ofSeconds(2));
    CallWatch watch = waitingLonger.watchCalls(CALL);
    assertThrows(CallException.class, watch::hasNext);

    assertTrue(gateway.watches.size() <= 14, gateway.watches.size() + " streams");
  }

  @Test
  void aWaitThatTheGatewayAsksForEndsThePatience() {
    ErrorInfo info = Statuses.info("OVERLOADED", "UNSPECIFIED", "UNSPECIFIED");
    streams.then(Statuses.error(Status.Code.UNAVAILABLE, info, inAnHour()));
    CallWatch watch = watcher.watchCalls(CALL);
    CallException failure = assertThrows(CallException.class, watch::hasNext);

    assertEquals(ErrorReason.ERROR_REASON_OVERLOADED, failure.error().reason());
    assertEquals(1, gateway.watches.size());
  }

  private static RetryInfo inAnHour() {
    return RetryInfo.newBuilder()
        .setRetryDelay(com.google.protobuf.Duration.newBuilder().setSeconds(3600))
        .build();
  }

  /** Runs with a second; where the machine is too slow for that, with longer times. */
  private void inShortTime(Consumer<Duration> test) {
    for (Duration time = Duration.ofSeconds(1); ; time = time.multipliedBy(2)) {
      try {
        test.accept(time);
        return;
      } catch (CallException tooSlow) {
        if (time.toSeconds() > 20) {
          throw tooSlow;
        }
      }
    }
  }

  @Test
  void silenceEndsThePatienceToo() {
    inShortTime(
        patience -> {
          gateway.streams = new ScriptedStreams().then(event(3));
          CallWatch watch = watcher.withPatience(patience).watchCalls(CALL);
          watch.next();
          CallException failure = assertThrows(CallException.class, watch::hasNext);

          assertEquals(Status.Code.DEADLINE_EXCEEDED, failure.error().code());
          assertEquals(after(3), watch.lastSequence());
        });
  }

  @Test
  void aReaderMayTakeLongerThanThePatience() {
    inShortTime(
        patience -> {
          gateway.streams = new ScriptedStreams().then(event(3), BROKEN).then(event(4), END);
          CallWatch watch = watcher.withPatience(patience).watchCalls(CALL);
          watch.next();
          LockSupport.parkNanos(patience.plusMillis(100).toNanos()); // the reader's own work

          assertEquals(List.of(4L), told(watch));
        });
  }

  // The caller's own end

  /** A thread that reads a watch; it is at some place of this package once it stands still there. */
  private static final class Reader<T> extends FutureTask<T> {
    private final Thread thread = new Thread(this);

    Reader(Callable<T> work) {
      super(work);
      thread.setDaemon(true);
      thread.start();
    }

    Reader<T> waitingIn(Class<?> place, String method) {
      while (!isDone()) {
        List<StackTraceElement> stack = List.of(thread.getStackTrace());
        if (thread.getState() == Thread.State.TIMED_WAITING
            && stack.stream().filter(each -> each.getClassName().startsWith(PACKAGE)).findFirst().stream()
                .anyMatch(each -> each.getClassName().equals(place.getName()) && each.getMethodName().equals(method))) {
          return this;
        }
        Thread.onSpinWait();
      }
      throw new AssertionError("it does not wait in " + method);
    }

    T result() throws Exception {
      return get(60, TimeUnit.SECONDS);
    }
  }

  private static final String PACKAGE = CallWatch.class.getPackageName();

  @Test
  void closingEndsTheWaitForAnEvent() throws Exception {
    streams.then();
    CallWatch watch = watcher.watchCalls(CALL);
    Reader<Boolean> reader = new Reader<>(watch::hasNext).waitingIn(EventStream.class, "read");
    assertTrue(streams.areOpened(1));
    watch.close();

    assertFalse(reader.result());
    assertTrue(streams.areCancelled(1));
    assertEquals(1, gateway.watches.size());
  }

  @Test
  void closingEndsTheWaitForANewStream() throws Exception {
    streams.then(BROKEN);
    CallWatch watch = hourly().watchCalls(CALL);
    Reader<Boolean> reader = new Reader<>(watch::hasNext).waitingIn(CallWatch.class, "resume");
    watch.close();

    assertFalse(reader.result());
    assertEquals(1, gateway.watches.size());
  }

  @Test
  void aWatchThatWasClosedBeforeItBeganOpensNothing() {
    CallWatch watch = watcher.watchCalls(CALL);
    watch.close();
    watch.close();

    assertFalse(watch.hasNext());
    assertEquals(List.of(), gateway.watches);
  }

  @Test
  void anEventThatWaitsIsNotToldAfterClosing() {
    streams.then(event(3));
    CallWatch watch = watcher.watchCalls(CALL);
    assertTrue(watch.hasNext());
    watch.close();

    assertFalse(watch.hasNext());
    assertThrows(NoSuchElementException.class, watch::next);
    assertEquals(OptionalLong.empty(), watch.lastSequence());
  }

  private CallWatcher hourly() {
    Duration hour = Duration.ofHours(1);
    return watcher.withBackoff(hour, hour).withPatience(Duration.ofDays(1));
  }

  /** Reads in a thread that is interrupted, and returns what it was thrown. */
  private static CallException whenInterrupted(CallWatch watch, Class<?> place, String method) throws Exception {
    Reader<CallException> reader =
        new Reader<>(
            () -> {
              CallException failure = assertThrows(CallException.class, watch::hasNext);
              assertTrue(Thread.currentThread().isInterrupted());
              return failure;
            });
    reader.waitingIn(place, method).thread.interrupt();
    return reader.result();
  }

  @Test
  void interruptingEndsTheWaitForAnEvent() throws Exception {
    streams.then(event(3));
    CallWatch watch = watcher.watchCalls(CALL);
    watch.next();
    CallException failure = whenInterrupted(watch, EventStream.class, "read");

    assertEquals(Status.Code.CANCELLED, failure.error().code());
    assertEquals(after(3), watch.lastSequence());
    assertTrue(streams.areCancelled(1));
    assertEquals(1, gateway.watches.size());
  }

  @Test
  void interruptingEndsTheWaitForANewStream() throws Exception {
    streams.then(BROKEN);
    CallException failure = whenInterrupted(hourly().watchCalls(CALL), CallWatch.class, "resume");

    assertEquals(Status.Code.CANCELLED, failure.error().code());
    assertEquals(1, gateway.watches.size());
  }

  @Test
  void theCallersOwnDeadlineIsItsEnd() {
    inShortTime(
        time -> {
          gateway.streams = new ScriptedStreams().then(event(3));
          OutboundCallServiceBlockingStub stub =
              OutboundCallServiceGrpc.newBlockingStub(channel).withDeadlineAfter(time.toMillis(), TimeUnit.MILLISECONDS);
          CallWatch watch =
              CallWatcher.with(stub).withBackoff(Duration.ofMillis(1), Duration.ofMillis(4)).watchCalls(CALL);
          watch.next();
          CallException failure = assertThrows(CallException.class, watch::hasNext);

          assertEquals(Status.Code.DEADLINE_EXCEEDED, failure.error().code());
          assertFalse(failure.error().fromGateway());
        });
  }

  @Test
  void aContextThatIsCancelledIsItsEnd() throws Exception {
    streams.then();
    CallWatch watch = watcher.watchCalls(CALL);
    try (Context.CancellableContext context = Context.current().withCancellation()) {
      Callable<CallException> reading = () -> assertThrows(CallException.class, watch::hasNext);
      Reader<CallException> reader = new Reader<>(context.wrap(reading)).waitingIn(EventStream.class, "read");
      assertTrue(streams.areOpened(1));
      context.cancel(null);

      assertEquals(Status.Code.CANCELLED, reader.result().error().code());
    }
    assertEquals(1, gateway.watches.size());
  }

  @Test
  void aChannelThatIsShutDownIsItsEnd() {
    streams.then(event(3));
    CallWatch watch = watcher.watchCalls(CALL);
    watch.next();
    channel.shutdownNow();
    CallException failure = assertThrows(CallException.class, watch::hasNext);

    assertFalse(failure.error().fromGateway());
    assertEquals(1, gateway.watches.size());
  }

  // Settings and words

  @Test
  void settingsThatMakeNoSenseAreRefused() {
    Duration second = Duration.ofSeconds(1);

    assertThrows(IllegalArgumentException.class, () -> watcher.withPatience(Duration.ZERO));
    assertThrows(IllegalArgumentException.class, () -> watcher.withSilence(Duration.ofSeconds(-1)));
    assertThrows(IllegalArgumentException.class, () -> watcher.withBackoff(second, Duration.ZERO));
  }

  @Test
  void aSettingMayBeAsLongAsItGets() {
    Duration longest = Duration.ofSeconds(Long.MAX_VALUE);
    streams.then(event(3), END);

    assertEquals(List.of(3L), told(watcher.withPatience(longest).withSilence(longest).watchCalls(CALL)));
  }

  @Test
  void noNumberIsInItsWords() {
    streams.then(Statuses.foreign(Status.Code.UNIMPLEMENTED));
    CallWatch watch = watcher.watchCalls(CALL);
    CallException failure = assertThrows(CallException.class, watch::hasNext);

    assertFalse((failure.getMessage() + failure + watch + watcher).contains("3236550107"));
  }
}
