package com.example.voicegateway.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.example.voicegateway.client.CallError;
import com.example.voicegateway.client.CallException;
import com.example.voicegateway.client.CallPlacer;
import com.example.voicegateway.v1.ErrorReason;
import com.example.voicegateway.v1.Ivr;
import com.example.voicegateway.v1.OutboundCallRequest;
import com.example.voicegateway.v1.OutboundCallServiceGrpc;
import com.example.voicegateway.v1.OutboundCallServiceGrpc.OutboundCallServiceBlockingStub;
import com.example.voicegateway.v1.PlaceCallRequest;
import com.example.voicegateway.v1.Recipient;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ClientStreamTracer;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is repeated before a real gateway, and that nobody is called twice. */
class RepeatsTest {
  private Stand stand;

  @BeforeEach
  void connect() throws Exception {
    stand = new Stand();
    stand.forget();
  }

  @AfterEach
  void disconnect() {
    stand.close();
  }

  @ParameterizedTest
  @CsvSource({"unreachable, PROVIDER_UNREACHABLE, 4", "wrong-key, PROVIDER_CREDENTIALS_REJECTED, 1"})
  void theChannelRepeatsWhatIsUnavailableAndNothingElse(String account, String reason, int times) {
    Attempts attempts = new Attempts();
    OutboundCallServiceBlockingStub stub =
        OutboundCallServiceGrpc.newBlockingStub(stand.channel)
            .withInterceptors(attempts)
            .withDeadlineAfter(60, TimeUnit.SECONDS);
    PlaceCallRequest request = callTo("+13236550107").setAccount(account).build();
    CallError error = CallError.from(assertThrows(StatusRuntimeException.class, () -> stub.placeCall(request)));

    assertEquals("ERROR_REASON_" + reason, error.reasonName());
    assertTrue(error.nobodyWasDialed() && error.mayRepeat());
    assertEquals(times, attempts.count.get());
  }

  @Test
  void whoGivesUpWaitingIsToldByTheRepeatAndNobodyIsCalledTwice() throws Exception {
    CallPlacer hasty =
        CallPlacer.on(stand.channel)
            .withAttemptTimeout(Duration.ofMillis(300))
            .withMaxAttempts(100)
            .withBackoff(Duration.ofMillis(10), Duration.ofMillis(100));
    PlaceCallRequest request = callTo("+13236550150").build();
    CallException failure = assertThrows(CallException.class, () -> hasty.placeCall(request));

    assertEquals(ErrorReason.ERROR_REASON_OUTCOME_UNKNOWN, failure.error().reason());
    assertTrue(failure.error().replayed());
    assertEquals(Json.read("{\"requests\":1,\"rings\":{\"+13236550150\":1}}"), stand.rings());
  }

  private static PlaceCallRequest.Builder callTo(String number) {
    return PlaceCallRequest.newBuilder()
        .setRequestId(UUID.randomUUID().toString())
        .setCall(
            OutboundCallRequest.newBuilder()
                .addRecipients(Recipient.newBuilder().setNumber(number))
                .setIvr(Ivr.newBuilder().setFlowId("SG_1")));
  }

  /** Counts the attempts of a call, which an interceptor alone does not see. */
  private static final class Attempts extends ClientStreamTracer.Factory implements ClientInterceptor {
    final AtomicInteger count = new AtomicInteger();

    @Override
    public <Q, R> ClientCall<Q, R> interceptCall(MethodDescriptor<Q, R> method, CallOptions options, Channel next) {
      return next.newCall(method, options.withStreamTracerFactory(this));
    }

    @Override
    public ClientStreamTracer newClientStreamTracer(ClientStreamTracer.StreamInfo info, Metadata headers) {
      count.incrementAndGet();
      return new ClientStreamTracer() {};
    }
  }
}
