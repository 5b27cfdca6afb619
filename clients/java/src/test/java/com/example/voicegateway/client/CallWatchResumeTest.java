package com.example.voicegateway.client;

import static com.example.voicegateway.client.ScriptedStreams.END;
import static com.example.voicegateway.client.ScriptedStreams.event;
import static com.example.voicegateway.client.ScriptedStreams.events;
import static com.example.voicegateway.client.ScriptedStreams.heartbeat;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.example.voicegateway.v1.WatchCallsResponse;
import io.grpc.InsecureChannelCredentials;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A watch goes on where its stream broke off, and tells each event once and in order. */
@Timeout(120) // where a wait is not cut off
class CallWatchResumeTest extends Watching {
  private static final List<Long> HISTORY = List.of(3L, 4L, 9L, 11L, 12L);
  private static final StatusRuntimeException BROKEN = Statuses.foreign(Status.Code.UNAVAILABLE);

  static Stream<StatusRuntimeException> breaks() {
    Stream<StatusRuntimeException> foreign =
        Stream.of(Status.Code.values())
            .filter(code -> code != Status.Code.OK)
            .filter(code -> code != Status.Code.RESOURCE_EXHAUSTED && code != Status.Code.UNIMPLEMENTED)
            .map(Statuses::foreign);
    StatusRuntimeException drain =
        Statuses.notToBeRepeated(
            Statuses.error(Status.Code.UNAVAILABLE, Statuses.info("OVERLOADED", "UNSPECIFIED", "UNSPECIFIED")));
    return Stream.concat(
        foreign,
        Stream.of(
            drain,
            Statuses.error(Status.Code.UNAVAILABLE, Statuses.info("LEDGER_UNAVAILABLE", "UNSPECIFIED", "REPEAT")),
            Statuses.error(Status.Code.INTERNAL, Statuses.info("INTERNAL", "UNSPECIFIED", "REPEAT"))));
  }

  @ParameterizedTest
  @MethodSource("breaks")
  void whereverItBreaksEachEventIsToldOnce(StatusRuntimeException broken) {
    for (int before = 0; before <= HISTORY.size(); before++) {
      gateway.watches.clear();
      streams
          .then(Stream.concat(events(HISTORY.subList(0, before)), Stream.of(broken)).toArray())
          .then(Stream.concat(events(HISTORY.subList(before, HISTORY.size())), Stream.of(END)).toArray());

      assertEquals(HISTORY, told(watcher.watchCalls(CALL)));

      OptionalLong last = before == 0 ? OptionalLong.empty() : after(HISTORY.get(before - 1));
      assertEquals(List.of(OptionalLong.empty(), last), cursors());
    }
  }

  @Test
  void theRestOfTheRequestStaysAsItIs() {
    streams.then(event(3), BROKEN).then(END);
    told(watcher.watchCalls(CALL.toBuilder().setAccount("shop").setAfterSequence(2).build()));

    assertEquals(CALL.toBuilder().setAccount("shop").setAfterSequence(3).build(), gateway.watches.get(1));
    assertEquals(List.of(after(2), after(3)), cursors());
  }

  @Test
  void aHeartbeatMovesTheCursorAsAnEventDoes() {
    streams.then(event(3), heartbeat(7), BROKEN).then(heartbeat(8), BROKEN).then(event(9), BROKEN).then(END);

    assertEquals(List.of(3L, 9L), told(watcher.watchCalls(CALL)));
    assertEquals(List.of(OptionalLong.empty(), after(7), after(8), after(9)), cursors());
  }

  @Test
  void anEventThatWasToldIsDropped() {
    streams.then(event(3), event(3), event(5), event(4), heartbeat(6), event(6), BROKEN);
    streams.then(event(5), event(6), heartbeat(2), event(6), event(7), END);

    assertEquals(List.of(3L, 5L, 7L), told(watcher.watchCalls(CALL)));
    assertEquals(List.of(OptionalLong.empty(), after(6)), cursors());
  }

  @Test
  void anEventBeforeTheStartIsDropped() {
    streams.then(event(1), event(2), event(3), END);

    assertEquals(List.of(3L), told(watcher.watchCalls(CALL.toBuilder().setAfterSequence(2).build())));
  }

  @Test
  void anAccountIsWatchedFromNowOnUntilTheFirstHeartbeatAndExactlyFromThereAfterIt() {
    streams.then(BROKEN).then(BROKEN).then(heartbeat(40), BROKEN).then(event(41));
    try (CallWatch watch = watcher.watchCalls(ACCOUNT)) {
      assertEquals(41, watch.next().getSequence());
    }

    assertEquals(List.of(OptionalLong.empty(), OptionalLong.empty(), OptionalLong.empty(), after(40)), cursors());
  }

  @Test
  void theBeginningOfALedgerIsACursorToo() {
    streams.then(heartbeat(0), BROKEN).then(event(1));
    try (CallWatch watch = watcher.watchCalls(ACCOUNT)) {
      assertEquals(1, watch.next().getSequence());
    }

    assertEquals(List.of(OptionalLong.empty(), after(0)), cursors());
  }

  @Test
  void theStreamOfAnAccountHasNoEnd() {
    streams.then(heartbeat(4), event(5), END).then(END).then(event(6));
    try (CallWatch watch = watcher.watchCalls(ACCOUNT)) {
      assertEquals(List.of(5L, 6L), List.of(watch.next().getSequence(), watch.next().getSequence()));
    }

    assertEquals(List.of(OptionalLong.empty(), after(5), after(5)), cursors());
  }

  @Test
  void aMessageOfAKindToComeIsLeftOut() {
    streams.then(event(3), WatchCallsResponse.getDefaultInstance(), event(4), END);

    assertEquals(List.of(3L, 4L), told(watcher.watchCalls(CALL)));
  }

  @Test
  void aStreamOnWhichNothingComesIsGivenUp() throws InterruptedException {
    gateway.streams = // On a slow machine more than these are given up.
        (request, answer) -> {
          if (gateway.watches.size() == 1) {
            streams.then();
          } else if (!request.hasAfterSequence()) {
            streams.then(event(3), heartbeat(4));
          } else {
            streams.then(event(5), END);
          }
          streams.accept(request, answer);
        };

    assertEquals(List.of(3L, 5L), told(watcher.withSilence(Duration.ofMillis(200)).watchCalls(CALL)));
    assertEquals(OptionalLong.empty(), cursors().get(1));
    assertTrue(List.of(after(3), after(4)).contains(cursors().get(cursors().size() - 1)));
    assertTrue(streams.areCancelled(2));
  }

  @Test
  void whatTheChannelRepeatsItselfIsToldOnce() {
    channel.shutdownNow();
    channel = GatewayChannels.open(gateway.target(), InsecureChannelCredentials.create());
    streams.then(BROKEN).then(BROKEN).then(event(3), BROKEN).then(BROKEN).then(event(4), END);

    assertEquals(List.of(3L, 4L), told(CallWatcher.on(channel).watchCalls(CALL)));
    assertEquals(
        List.of(OptionalLong.empty(), OptionalLong.empty(), OptionalLong.empty(), after(3), after(3)), cursors());
  }

  @Test
  void theStreamGoesOnAtAnotherReplica() throws IOException {
    try (ScriptedGateway other = new ScriptedGateway()) {
      other.streams = streams;
      channel.shutdownNow();
      channel = Replicas.channel(gateway, other);
      streams.then(event(3), event(4)).then(event(5), END);
      CallWatch watch = CallWatcher.on(channel).withBackoff(Duration.ofMillis(1), Duration.ofMillis(4)).watchCalls(CALL);
      List<Long> told = new ArrayList<>(List.of(watch.next().getSequence(), watch.next().getSequence()));
      ScriptedGateway dying = gateway.watches.isEmpty() ? other : gateway;
      ScriptedGateway living = dying == gateway ? other : gateway;
      dying.close();
      told.addAll(told(watch));

      assertEquals(List.of(3L, 4L, 5L), told);
      assertEquals(after(4), OptionalLong.of(living.watches.get(0).getAfterSequence()));
    }
  }

  /** 40 breaks in a row would end in a wait of one hour. */
  @Test
  void eachMessageMakesTheWaitsShortAgain() {
    for (int i = 0; i < 40; i++) {
      streams.then(heartbeat(i), BROKEN);
    }
    streams.then(END);
    told(watcher.withBackoff(Duration.ofMillis(1), Duration.ofHours(1)).withPatience(Duration.ofDays(1)).watchCalls(CALL));

    assertEquals(41, gateway.watches.size());
  }
}
