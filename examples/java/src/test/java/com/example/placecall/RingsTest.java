package com.example.placecall;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.example.voicegateway.client.CallException;
import com.example.voicegateway.client.CallPlacer;
import com.example.voicegateway.client.GatewayChannels;
import com.example.voicegateway.v1.Dispatch;
import com.example.voicegateway.v1.Ivr;
import com.example.voicegateway.v1.OutboundCall;
import com.example.voicegateway.v1.OutboundCallRequest;
import com.example.voicegateway.v1.PlaceCallRequest;
import com.example.voicegateway.v1.Recipient;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Run {@code kaleyra-gateway sandbox} and a gateway in front of it, then {@code mvn test}: nobody's phone rings. */
class RingsTest {
  private static final String GATEWAY = System.getenv().getOrDefault("GATEWAY", "127.0.0.1:50051");
  private static final String SANDBOX = System.getenv().getOrDefault("SANDBOX", "http://127.0.0.1:8090");
  private static final ManagedChannel CHANNEL = GatewayChannels.open(GATEWAY, InsecureChannelCredentials.create());

  @AfterAll
  static void close() {
    CHANNEL.shutdownNow();
  }

  @ParameterizedTest
  @CsvSource({
    "+13236550107, DISPATCH_ACCEPTED,        1",
    "+13236550126, DISPATCH_REJECTED,        0", // the provider knows no such flow
    "+13236550142, DISPATCH_OUTCOME_UNKNOWN, 1" // an empty answer: the phone rang all the same
  })
  void thePhoneRingsAsOftenAsTheAnswerSays(String number, Dispatch dispatch, int rings) throws Exception {
    Told told = placeCall(callTo(number));

    assertEquals(dispatch, told.dispatch());
    String counted = rings == 0 ? "\"rings\":{}" : "\"rings\":{\"%s\":%d}".formatted(number, rings);
    assertEquals("{\"requests\":1,%s}".formatted(counted), ringsOf(told.callId()));
  }

  @Test
  void aRepeatRingsNobodyTwice() throws Exception {
    PlaceCallRequest request = callTo("+13236550107");
    Told first = placeCall(request);
    Told again = placeCall(request);

    assertEquals(first, again);
    assertEquals("{\"requests\":1,\"rings\":{\"+13236550107\":1}}", ringsOf(first.callId()));
  }

  /** What an answer tells of a call, whether it was accepted or not. */
  private record Told(String callId, Dispatch dispatch) {}

  private static Told placeCall(PlaceCallRequest request) {
    try {
      OutboundCall call = CallPlacer.on(CHANNEL).placeCall(request).getCall();
      return new Told(call.getCallId(), call.getDispatch());
    } catch (CallException failure) {
      return new Told(failure.error().callId().orElseThrow(), failure.error().dispatch());
    }
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

  private static String ringsOf(String callId) throws Exception {
    URI rings = URI.create(SANDBOX + "/rings?custom=" + callId);
    HttpRequest get = HttpRequest.newBuilder(rings).build();
    return HttpClient.newHttpClient().send(get, HttpResponse.BodyHandlers.ofString()).body();
  }
}
