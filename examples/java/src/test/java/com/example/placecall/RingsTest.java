package com.example.placecall;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.example.voicegateway.v1.Ivr;
import com.example.voicegateway.v1.OutboundCall;
import com.example.voicegateway.v1.OutboundCallRequest;
import com.example.voicegateway.v1.OutboundCallServiceGrpc;
import com.example.voicegateway.v1.PlaceCallRequest;
import com.example.voicegateway.v1.Recipient;
import com.google.protobuf.Any;
import com.google.rpc.ErrorInfo;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Run {@code kaleyra-gateway sandbox} and a gateway in front of it, then {@code mvn test}: nobody's phone rings. */
class RingsTest {
  private static final String GATEWAY = System.getenv().getOrDefault("GATEWAY", "127.0.0.1:50051");
  private static final String SANDBOX = System.getenv().getOrDefault("SANDBOX", "http://127.0.0.1:8090");

  @ParameterizedTest
  @CsvSource({
    "+13236550107, DISPATCH_ACCEPTED,        1",
    "+13236550126, DISPATCH_REJECTED,        0", // the provider knows no such flow
    "+13236550142, DISPATCH_OUTCOME_UNKNOWN, 1" // an empty answer: the phone rang all the same
  })
  void thePhoneRingsAsOftenAsTheAnswerSays(String number, String dispatch, int rings) throws Exception {
    PlaceCallRequest request =
        PlaceCallRequest.newBuilder()
            .setRequestId(UUID.randomUUID().toString())
            .setCall(
                OutboundCallRequest.newBuilder()
                    .addRecipients(Recipient.newBuilder().setNumber(number))
                    .setIvr(Ivr.newBuilder().setFlowId("SG_1")))
            .build();
    String[] told = placeCall(request);

    assertEquals(dispatch, told[1]);
    String counted = rings == 0 ? "\"rings\":{}" : "\"rings\":{\"%s\":%d}".formatted(number, rings);
    assertEquals("{\"requests\":1,%s}".formatted(counted), ringsOf(told[0]));
  }

  @Test
  void aRepeatRingsNobodyTwice() throws Exception {
    PlaceCallRequest request =
        PlaceCallRequest.newBuilder()
            .setRequestId(UUID.randomUUID().toString())
            .setCall(
                OutboundCallRequest.newBuilder()
                    .addRecipients(Recipient.newBuilder().setNumber("+13236550107"))
                    .setIvr(Ivr.newBuilder().setFlowId("SG_1")))
            .build();
    String[] first = placeCall(request);
    String[] again = placeCall(request);

    assertArrayEquals(first, again);
    assertEquals("{\"requests\":1,\"rings\":{\"+13236550107\":1}}", ringsOf(first[0]));
  }

  /** Returns the call id and what happened to the phone. */
  private static String[] placeCall(PlaceCallRequest request) throws Exception {
    ManagedChannel channel = Grpc.newChannelBuilder(GATEWAY, InsecureChannelCredentials.create()).build();
    try {
      OutboundCall call = OutboundCallServiceGrpc.newBlockingStub(channel).placeCall(request).getCall();
      return new String[] {call.getCallId(), call.getDispatch().name()};
    } catch (StatusRuntimeException error) {
      for (Any detail : StatusProto.fromThrowable(error).getDetailsList()) {
        if (detail.is(ErrorInfo.class)) {
          ErrorInfo info = detail.unpack(ErrorInfo.class);
          return new String[] {info.getMetadataOrThrow("call_id"), info.getMetadataOrThrow("dispatch")};
        }
      }
      throw error;
    } finally {
      channel.shutdownNow();
    }
  }

  private static String ringsOf(String callId) throws Exception {
    URI rings = URI.create(SANDBOX + "/rings?custom=" + callId);
    HttpRequest get = HttpRequest.newBuilder(rings).build();
    return HttpClient.newHttpClient().send(get, HttpResponse.BodyHandlers.ofString()).body();
  }
}
