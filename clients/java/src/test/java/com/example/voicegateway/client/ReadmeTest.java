package com.example.voicegateway.client;

import static com.example.voicegateway.client.ScriptedStreams.event;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.example.voicegateway.v1.CallEvent;
import com.example.voicegateway.v1.Dispatch;
import com.example.voicegateway.v1.Disposition;
import com.example.voicegateway.v1.OutboundCallServiceGrpc;
import com.example.voicegateway.v1.PlaceCallRequest;
import com.example.voicegateway.v1.PlaceCallResponse;
import com.example.voicegateway.v1.Recipient;
import com.example.voicegateway.v1.RecipientOutcome;
import com.example.voicegateway.v1.RecipientState;
import com.example.voicegateway.v1.WatchCallsRequest;
import com.example.voicegateway.v1.WatchCallsResponse;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the README shows stands here, and does what the README says. */
class ReadmeTest {
  // Errors

  static String whatToDo(CallError error) {
    if (error.mayRepeat()) {
      return "keep it, and send the same request again in some minutes";
    }
    return switch (error.advice()) {
      case RETRY_ADVICE_CORRECT -> "correct it, and keep the request_id: " + error.violations();
      case RETRY_ADVICE_NEW_REQUEST_ID -> "correct it, and use a new request_id: " + error.reasonName();
      case RETRY_ADVICE_LOOK_UP -> "send nothing; a person looks it up: " + error.callId().orElse("");
      default -> "nothing reached the gateway, or it was a read: " + error;
    };
  }

  @ParameterizedTest
  @CsvSource({
    "REPEAT,         keep it",
    "CORRECT,        correct it and keep",
    "NEW_REQUEST_ID, correct it and use a new request_id: ERROR_REASON_PAUSED",
    "LOOK_UP,        send nothing; a person",
    "UNSPECIFIED,    nothing reached the gateway"
  })
  void itSaysWhatToDo(String advice, String words) {
    CallError error = CallError.from(Statuses.error(Status.Code.ABORTED, Statuses.info("PAUSED", "NOT_SENT", advice)));

    assertTrue(whatToDo(error).replace(",", "").startsWith(words), whatToDo(error));
  }

  static String outcome(ManagedChannel channel, PlaceCallRequest request) throws InterruptedException {
    try {
      PlaceCallResponse reply =
          OutboundCallServiceGrpc.newFutureStub(channel)
              .withDeadlineAfter(30, TimeUnit.SECONDS)
              .placeCall(request)
              .get();
      return reply.getCall().getDispatch().name();
    } catch (ExecutionException failure) {
      return whatToDo(CallError.from(failure)); // the status is found among the causes
    }
  }

  @Test
  void itReadsAFuture() throws IOException, InterruptedException {
    try (ScriptedGateway gateway = new ScriptedGateway(Statuses.foreign(Status.Code.INTERNAL))) {
      ManagedChannel channel = GatewayChannels.open(gateway.target(), InsecureChannelCredentials.create());
      try {
        assertEquals(
            List.of("keep it, and send the same request again in some minutes", "DISPATCH_ACCEPTED"),
            List.of(outcome(channel, Requests.toAFlow()), outcome(channel, Requests.toAFlow())));
      } finally {
        channel.shutdownNow();
      }
    }
  }

  // Check before you send

  private static final RequestValidator VALIDATOR = new RequestValidator();

  @Test
  void itFindsALetterInANumber() {
    List<String> lines = new ArrayList<>();
    PlaceCallRequest.Builder builder = Requests.toAFlow().toBuilder();
    builder.getCallBuilder().getRecipientsBuilder(0).setNumber("+1323655O107");
    PlaceCallRequest request = builder.build();
    for (Violation violation : VALIDATOR.validate(request)) {
      lines.add(violation.field() + " " + violation.reason());
    }

    assertEquals(List.of("call.recipients[0].number STRING_PATTERN"), lines);
  }

  // Repeats

  @Test
  void aPatientOneRepeatsMoreOften() throws IOException {
    try (ScriptedGateway gateway = new ScriptedGateway()) {
      ManagedChannel channel = GatewayChannels.open(gateway.target(), InsecureChannelCredentials.create());
      CallPlacer patient =
          CallPlacer.on(channel)
              .withMaxAttempts(20)
              .withAttemptTimeout(Duration.ofMinutes(1))
              .withTimeout(Duration.ofHours(1))
              .withBackoff(Duration.ofSeconds(5), Duration.ofMinutes(5));
      try {
        assertEquals(
            Dispatch.DISPATCH_ACCEPTED, patient.placeCall(Requests.toAFlow()).getCall().getDispatch());
      } finally {
        channel.shutdownNow();
      }

      assertTrue(gateway.secondsLeft.get(0) > 30);
    }
  }

  // Follow a call

  static void follow(ManagedChannel channel, String requestId, Consumer<String> log) {
    WatchCallsRequest request = WatchCallsRequest.newBuilder().setRequestId(requestId).build();
    try (CallWatch watch = CallWatcher.on(channel).watchCalls(request)) {
      for (CallEvent event : watch) {
        if (event.hasRecipient()) {
          RecipientOutcome outcome = event.getRecipient();
          log.accept(
              outcome.getRecipient().getReference() + " " + outcome.getState() + " " + outcome.getDisposition());
        }
      }
    }
  }

  @Test
  void itFollowsACall() throws IOException {
    CallEvent created = event(1).getEvent();
    RecipientOutcome.Builder ringing =
        RecipientOutcome.newBuilder()
            .setRecipient(Recipient.newBuilder().setNumber("+13236550107").setReference("ann"))
            .setState(RecipientState.RECIPIENT_STATE_RINGING);
    CallEvent rings = event(2).getEvent().toBuilder().setRecipient(ringing).build();
    ringing.setState(RecipientState.RECIPIENT_STATE_ENDED).setDisposition(Disposition.DISPOSITION_BUSY);
    CallEvent ends = event(3).getEvent().toBuilder().setRecipient(ringing).build();
    List<String> lines = new ArrayList<>();
    ScriptedStreams streams =
        new ScriptedStreams().then(with(created), with(rings), Statuses.foreign(Status.Code.INTERNAL));
    try (ScriptedGateway gateway = new ScriptedGateway()) {
      gateway.streams = streams.then(with(ends), ScriptedStreams.END);
      ManagedChannel channel = GatewayChannels.open(gateway.target(), InsecureChannelCredentials.create());
      try {
        follow(channel, "reminder-8812", lines::add);
      } finally {
        channel.shutdownNow();
      }
    }

    assertEquals(
        List.of(
            "ann RECIPIENT_STATE_RINGING DISPOSITION_UNSPECIFIED", "ann RECIPIENT_STATE_ENDED DISPOSITION_BUSY"),
        lines);
  }

  private static WatchCallsResponse with(CallEvent event) {
    return WatchCallsResponse.newBuilder().setEvent(event).build();
  }

  static void followAccount(ManagedChannel channel, Path kept, Consumer<CallEvent> handle) throws IOException {
    long after = Files.exists(kept) ? Long.parseLong(Files.readString(kept)) : 0; // 0: from the oldest that is kept
    WatchCallsRequest request = WatchCallsRequest.newBuilder().setAfterSequence(after).build();
    try (CallWatch watch = CallWatcher.on(channel).watchCalls(request)) {
      for (CallEvent event : watch) {
        handle.accept(event); // who dies before the next line is told of it again
        Files.writeString(kept, Long.toString(event.getSequence()));
      }
    }
  }

  @Test
  void itFollowsAnAccountAcrossRestarts(@TempDir Path folder) throws IOException {
    ScriptedStreams streams = new ScriptedStreams().then(event(1), event(2)).then(event(2), event(3));
    try (ScriptedGateway gateway = new ScriptedGateway()) {
      gateway.streams = streams;
      ManagedChannel channel = GatewayChannels.open(gateway.target(), InsecureChannelCredentials.create());
      List<Long> handled = new ArrayList<>();
      try {
        for (long dies = 2; dies <= 3; dies++) {
          long at = dies;
          assertThrows(
              IllegalStateException.class,
              () ->
                  followAccount(
                      channel,
                      folder.resolve("kept"),
                      event -> {
                        handled.add(event.getSequence());
                        if (event.getSequence() == at) {
                          throw new IllegalStateException("dies before it is stored");
                        }
                      }));
        }
      } finally {
        channel.shutdownNow();
      }

      assertEquals(List.of(1L, 2L, 2L, 3L), handled);
      assertEquals(List.of(0L, 1L), gateway.watches.stream().map(WatchCallsRequest::getAfterSequence).toList());
    }
  }

  // The channel

  @Test
  void aChannelTakesOptionsOfOnesOwn() throws IOException {
    try (ScriptedGateway gateway = new ScriptedGateway()) {
      String target = gateway.target();
      ManagedChannel channel =
          GatewayChannels.newBuilder(target, InsecureChannelCredentials.create())
              .keepAliveTime(6, TimeUnit.MINUTES)
              .build();
      try {
        assertEquals("reminder-8812", CallPlacer.on(channel).placeCall(Requests.toAFlow()).getCall().getRequestId());
      } finally {
        channel.shutdownNow();
      }
    }
  }
}
