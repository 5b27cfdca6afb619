package com.example.voicegateway.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.example.voicegateway.v1.Dispatch;
import com.example.voicegateway.v1.OutboundCallServiceGrpc;
import com.example.voicegateway.v1.OutboundCallServiceGrpc.OutboundCallServiceBlockingStub;
import com.example.voicegateway.v1.PlaceCallRequest;
import com.example.voicegateway.v1.WatchCallsRequest;
import com.example.voicegateway.v1.WatchCallsResponse;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The recommended channel repeats by itself what may be repeated, and nothing else. */
class GatewayChannelsTest {
  private static final StatusRuntimeException OVERLOADED =
      Statuses.error(Status.Code.UNAVAILABLE, Statuses.info("OVERLOADED", "NOT_SENT", "REPEAT"));

  private ScriptedGateway gateway;
  private ManagedChannel channel;

  private OutboundCallServiceBlockingStub gatewayThatAnswers(Throwable... errors) throws IOException {
    gateway = new ScriptedGateway(errors);
    channel = GatewayChannels.open(gateway.target(), InsecureChannelCredentials.create());
    return OutboundCallServiceGrpc.newBlockingStub(channel).withDeadlineAfter(60, TimeUnit.SECONDS);
  }

  @AfterEach
  void close() {
    channel.shutdownNow();
    gateway.close();
  }

  @Test
  void unavailableIsRepeatedWithTheSameRequest() throws IOException {
    PlaceCallRequest request = Requests.toAFlow();
    Dispatch dispatch = gatewayThatAnswers(OVERLOADED, OVERLOADED).placeCall(request).getCall().getDispatch();

    assertEquals(Dispatch.DISPATCH_ACCEPTED, dispatch);
    assertEquals(List.of(request, request, request), gateway.requests);
  }

  @Test
  void theFourthAnswerIsTheLast() throws IOException {
    OutboundCallServiceBlockingStub stub = gatewayThatAnswers(OVERLOADED, OVERLOADED, OVERLOADED, OVERLOADED);
    StatusRuntimeException error =
        assertThrows(StatusRuntimeException.class, () -> stub.placeCall(Requests.toAFlow()));

    assertTrue(CallError.from(error).nobodyWasDialed());
    assertEquals(4, gateway.requests.size());
  }

  @Test
  void whatTheGatewayForbidsIsNotRepeated() throws IOException {
    OutboundCallServiceBlockingStub stub = gatewayThatAnswers(Statuses.notToBeRepeated(OVERLOADED));
    assertThrows(StatusRuntimeException.class, () -> stub.placeCall(Requests.toAFlow()));

    assertEquals(1, gateway.requests.size());
  }

  @ParameterizedTest
  @EnumSource(value = Status.Code.class, mode = EnumSource.Mode.EXCLUDE, names = {"OK", "UNAVAILABLE"})
  void noOtherCodeIsRepeated(Status.Code code) throws IOException {
    OutboundCallServiceBlockingStub stub = gatewayThatAnswers(Statuses.foreign(code));
    assertThrows(StatusRuntimeException.class, () -> stub.placeCall(Requests.toAFlow()));

    assertEquals(1, gateway.requests.size());
  }

  @Test
  void aStreamIsRepeatedOnlyBeforeItsFirstMessage() throws IOException {
    OutboundCallServiceBlockingStub stub = gatewayThatAnswers(OVERLOADED, OVERLOADED);
    Iterator<WatchCallsResponse> events = stub.watchCalls(WatchCallsRequest.getDefaultInstance());
    WatchCallsResponse first = events.next();
    StatusRuntimeException end = assertThrows(StatusRuntimeException.class, events::hasNext);

    assertEquals(WatchCallsResponse.getDefaultInstance(), first);
    assertEquals(Status.Code.UNAVAILABLE, end.getStatus().getCode());
    assertEquals(2, gateway.watches.size());
  }

  @Test
  void theUserAgentNamesThisPackageAndItsVersion() throws IOException {
    gatewayThatAnswers().placeCall(Requests.toAFlow());

    String wanted = "kaleyra-gateway-client-java/" + System.getProperty("project.version") + " grpc-java-";
    assertTrue(userAgent().startsWith(wanted), userAgent());
  }

  @Test
  void anOptionOfTheCallersOwnGoesBeforeWhatIsRecommended() throws IOException {
    gatewayThatAnswers(OVERLOADED);
    channel.shutdownNow();
    channel =
        GatewayChannels.newBuilder(gateway.target(), InsecureChannelCredentials.create())
            .userAgent("reminders/1")
            .disableRetry()
            .build();
    OutboundCallServiceBlockingStub stub = OutboundCallServiceGrpc.newBlockingStub(channel);
    assertThrows(StatusRuntimeException.class, () -> stub.placeCall(Requests.toAFlow()));

    assertEquals(1, gateway.requests.size());
    assertTrue(userAgent().startsWith("reminders/1 "), userAgent());
  }

  @Test
  void thereIsNoDeadlineButTheCallers() throws IOException {
    gatewayThatAnswers();
    OutboundCallServiceGrpc.newBlockingStub(channel).placeCall(Requests.toAFlow());

    assertEquals(Collections.emptyList(), gateway.secondsLeft);
  }

  private String userAgent() {
    return gateway.headers.get(0).get(Metadata.Key.of("user-agent", Metadata.ASCII_STRING_MARSHALLER));
  }
}
