package com.example.voicegateway.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.example.voicegateway.client.CallError;
import com.example.voicegateway.client.CallException;
import com.example.voicegateway.client.CallPlacer;
import com.example.voicegateway.client.CallWatch;
import com.example.voicegateway.client.CallWatcher;
import com.example.voicegateway.v1.CallEvent;
import com.example.voicegateway.v1.Dispatch;
import com.example.voicegateway.v1.ErrorReason;
import com.example.voicegateway.v1.Ivr;
import com.example.voicegateway.v1.OutboundCallRequest;
import com.example.voicegateway.v1.PlaceCallRequest;
import com.example.voicegateway.v1.Recipient;
import com.example.voicegateway.v1.WatchCallsRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a real gateway tells a watch. */
@Timeout(120) // where there is no end
class WatchTest {
  private Stand stand;

  @BeforeEach
  void connect() {
    stand = new Stand();
  }

  @AfterEach
  void disconnect() {
    stand.close();
  }

  @Test
  void whatBecameOfACallThatNobodyWasDialedForIsToldToItsEnd() {
    PlaceCallRequest refused = callTo("+13236550126"); // the provider knows no such flow
    CallPlacer placer = CallPlacer.on(stand.channel);
    assertThrows(CallException.class, () -> placer.placeCall(refused));
    List<CallEvent> told = new ArrayList<>();
    try (CallWatch watch = watch(WatchCallsRequest.newBuilder().setRequestId(refused.getRequestId()))) {
      watch.forEach(told::add);
    }

    assertEquals(refused.getCall(), told.get(0).getCall().getRequest());
    assertEquals(Dispatch.DISPATCH_REJECTED, told.get(told.size() - 1).getDispatch());
  }

  @ParameterizedTest
  @CsvSource({
    "'',      never-placed, CALL_NOT_FOUND",
    "'',      x,            INVALID_REQUEST",
    "nobodys, never-placed, ACCOUNT_NOT_FOUND"
  })
  void whatThereIsNotIsNotWatched(String account, String requestId, String reason) {
    CallError error = refusal(WatchCallsRequest.newBuilder().setAccount(account).setRequestId(requestId));

    assertEquals(ErrorReason.valueOf("ERROR_REASON_" + reason), error.reason());
  }

  @Test
  void aSequenceThatWasNeverToldSaysWhichAreKept() {
    CallPlacer.on(stand.channel).placeCall(callTo("+13236550107"));
    CallError error = refusal(WatchCallsRequest.newBuilder().setAfterSequence(1L << 40));

    assertEquals(ErrorReason.ERROR_REASON_CURSOR_OUT_OF_RANGE, error.reason());
    assertTrue(error.metadata().keySet().containsAll(List.of("oldest_sequence", "newest_sequence")));
  }

  /** A watch that stops at each event and begins again tells what one tells in one piece. */
  @Test
  void anAccountIsWatchedAcrossRestarts() {
    PlaceCallRequest last = callTo("+13236550107");
    CallPlacer.on(stand.channel).placeCall(callTo("+13236550107"));
    CallPlacer.on(stand.channel).placeCall(last);
    List<CallEvent> atOnce = new ArrayList<>();
    try (CallWatch watch = watch(WatchCallsRequest.newBuilder().setAfterSequence(0))) {
      do {
        atOnce.add(watch.next());
      } while (!isAccepted(last, atOnce));
      assertEquals(atOnce.get(atOnce.size() - 1).getSequence(), watch.lastSequence().getAsLong());
    }
    int from = Math.max(0, atOnce.size() - 5);
    List<CallEvent> pieces = new ArrayList<>();
    long after = from == 0 ? 0 : atOnce.get(from - 1).getSequence();
    do {
      try (CallWatch watch = watch(WatchCallsRequest.newBuilder().setAfterSequence(after))) {
        pieces.add(watch.next());
        after = watch.lastSequence().getAsLong();
      }
    } while (!isAccepted(last, pieces));

    assertEquals(atOnce.subList(from, atOnce.size()), pieces);
    assertTrue(pieces.size() > 1);
  }

  private static boolean isAccepted(PlaceCallRequest placed, List<CallEvent> told) {
    CallEvent event = told.get(told.size() - 1);
    return event.getRequestId().equals(placed.getRequestId()) && event.getDispatch() == Dispatch.DISPATCH_ACCEPTED;
  }

  private CallError refusal(WatchCallsRequest.Builder request) {
    try (CallWatch watch = watch(request)) {
      CallError error = assertThrows(CallException.class, watch::hasNext).error();
      assertTrue(error.fromGateway());
      return error;
    }
  }

  private CallWatch watch(WatchCallsRequest.Builder request) {
    return CallWatcher.on(stand.channel).watchCalls(request.build());
  }

  private static PlaceCallRequest callTo(String number) {
    return PlaceCallRequest.newBuilder()
        .setRequestId(UUID.randomUUID().toString())
        .setCall(
            OutboundCallRequest.newBuilder()
                .addRecipients(Recipient.newBuilder().setNumber(number))
                .setIvr(Ivr.newBuilder().setFlowId("SG_1")))
        .build();
  }
}
