package com.example.voicegateway.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.example.voicegateway.v1.Dispatch;
import com.example.voicegateway.v1.OutboundCallServiceGrpc;
import com.example.voicegateway.v1.PlaceCallRequest;
import com.example.voicegateway.v1.PlaceCallResponse;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
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
