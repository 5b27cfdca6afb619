package com.example.voicegateway.client;

import static java.util.concurrent.TimeUnit.NANOSECONDS;

import com.example.voicegateway.v1.CallEvent;
import com.example.voicegateway.v1.ErrorReason;
import com.example.voicegateway.v1.WatchCallsRequest;
import com.example.voicegateway.v1.WatchCallsRequest.LookupCase;
import com.example.voicegateway.v1.WatchCallsResponse;
import io.grpc.Context;
import io.grpc.Deadline;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CountDownLatch;

/**
 * The events of one call, or of an account, each once and in order, also when the stream breaks in between: a new one
 * is opened after {@link #lastSequence()}.
 *
 * <p>A watch on one call ends when the call does; one on an account never does. It goes on after a broken connection,
 * a gateway that restarts, a silent stream, and any status that the gateway did not write. What does not get better by
 * itself is thrown: the call or the account is not found, the request is refused, the caller is not allowed to watch,
 * the gateway cannot be watched, or {@code CURSOR_OUT_OF_RANGE}. The last says that events after {@code
 * after_sequence} are no longer kept, or that the ledger is another one: read the calls with GetCall or ListCalls, and
 * watch anew.
 *
 * <p>One thread at a time reads it. Nothing is read ahead: the gateway waits for a slow reader, which costs no memory
 * here. {@link #close()} and {@link #lastSequence()} may be called by any thread. A reading thread that is interrupted
 * ends the watch: a {@link CallException} with code {@code CANCELLED} is thrown, and its interrupt flag stays set. So
 * does a {@link Context} of the reading thread that is cancelled, or a channel that was shut down. A watch that has
 * thrown throws the same again.
 */
public final class CallWatch implements Iterator<CallEvent>, Iterable<CallEvent>, AutoCloseable {
  /** What a new stream would end with, too. */
  private static final Set<ErrorReason> FINAL =
      EnumSet.of(
          ErrorReason.ERROR_REASON_CALL_NOT_FOUND,
          ErrorReason.ERROR_REASON_ACCOUNT_NOT_FOUND,
          ErrorReason.ERROR_REASON_INVALID_REQUEST,
          ErrorReason.ERROR_REASON_CURSOR_OUT_OF_RANGE,
          ErrorReason.ERROR_REASON_UNAUTHENTICATED,
          ErrorReason.ERROR_REASON_PERMISSION_DENIED,
          ErrorReason.ERROR_REASON_UNIMPLEMENTED);

  private static final long NOTHING_TOLD = -1;

  private final CallWatcher watcher;
  private final WatchCallsRequest request;
  private final CountDownLatch closed = new CountDownLatch(1);
  private volatile long last;
  private EventStream stream; // read and changed under the lock: close() must see it

  // Of the thread that reads.
  private CallEvent held;
  private CallException failure;
  private Deadline patience;
  private int breaks;

  CallWatch(CallWatcher watcher, WatchCallsRequest request) {
    this.watcher = watcher;
    this.request = request;
    last = request.hasAfterSequence() ? request.getAfterSequence() : NOTHING_TOLD;
  }

  /**
   * Waits until there is an event, or the end.
   *
   * @return false at the end: the call has ended, or the watch was closed
   * @throws CallException if the watch cannot go on; its error says why
   */
  @Override
  public boolean hasNext() {
    if (failure != null) {
      throw failure;
    }
    patience = Timeouts.in(watcher.patience());
    while (held == null && !isClosed()) {
      advance();
    }
    return !isClosed();
  }

  /**
   * Waits for the next event. From now on it is the one that {@link #lastSequence()} tells.
   *
   * @return the event
   * @throws NoSuchElementException at the end: the call has ended, or the watch was closed
   * @throws CallException if the watch cannot go on; its error says why
   */
  @Override
  public CallEvent next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    CallEvent event = held;
    held = null;
    last = event.getSequence();
    return event;
  }

  /**
   * Returns this watch itself, for a loop; a second loop goes on where the first one stopped.
   *
   * @return this
   */
  @Override
  public Iterator<CallEvent> iterator() {
    return this;
  }

  /**
   * Returns how far this watch is: {@code after_sequence} of a request that goes on here, such as after a restart of
   * this program. Store it when an event is dealt with; that event will not come again. It is the sequence of the last
   * event that {@link #next()} returned, or of a heartbeat that came after it.
   *
   * @return at first what the request said; empty while nothing was told
   */
  public OptionalLong lastSequence() {
    long sequence = last;
    return sequence < 0 ? OptionalLong.empty() : OptionalLong.of(sequence);
  }

  /** Ends the watch. A thread that waits for an event is told at once that there is none. */
  @Override
  public synchronized void close() {
    closed.countDown();
    drop();
  }

  private void advance() {
    try {
      read();
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw fail(Status.CANCELLED.withDescription("interrupted").withCause(interrupted).asRuntimeException());
    }
  }

  private void read() throws InterruptedException {
    try {
      Optional<WatchCallsResponse> message =
          stream().read(Timeouts.shorter(watcher.silence(), Timeouts.left(patience)));
      if (message.isPresent()) {
        take(message.get());
      } else if (request.getLookupCase() != LookupCase.LOOKUP_NOT_SET) {
        close();
      } else {
        resume(Status.UNAVAILABLE.withDescription("the stream has ended").asRuntimeException());
      }
    } catch (StatusRuntimeException broken) {
      resume(broken);
    }
  }

  private void take(WatchCallsResponse message) {
    breaks = 0;
    patience = Timeouts.in(watcher.patience());
    if (message.hasEvent() && message.getEvent().getSequence() > last) {
      held = message.getEvent();
    } else if (message.hasHeartbeat()) {
      last = Math.max(last, message.getHeartbeat().getSequence());
    }
  }

  /** Waits before the next stream, unless there is no sense in it. */
  private void resume(StatusRuntimeException broken) throws InterruptedException {
    drop();
    if (isClosed()) {
      return;
    }
    CallError error = CallError.from(broken);
    Duration wait = Timeouts.longer(watcher.backoff().before(++breaks), error.retryDelay().orElse(Duration.ZERO));
    if (isFinal(error) || isOver() || wait.compareTo(Timeouts.left(patience)) >= 0) {
      throw fail(broken);
    }
    closed.await(NANOSECONDS.convert(wait), NANOSECONDS);
    watcher.hasten();
  }

  private static boolean isFinal(CallError error) {
    return error.fromGateway() ? FINAL.contains(error.reason()) : !error.mayRepeat();
  }

  private boolean isOver() {
    return Context.current().isCancelled() || watcher.isOver();
  }

  private boolean isClosed() {
    return closed.getCount() == 0;
  }

  private synchronized EventStream stream() {
    if (isClosed()) {
      throw Status.CANCELLED.asRuntimeException();
    }
    if (stream == null) {
      stream = watcher.open(last < 0 ? request : request.toBuilder().setAfterSequence(last).build());
    }
    return stream;
  }

  private synchronized void drop() {
    if (stream != null) {
      stream.cancel();
      stream = null;
    }
  }

  private CallException fail(StatusRuntimeException cause) {
    failure = new CallException(cause);
    close();
    return failure;
  }
}
