package com.example.voicegateway.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.example.voicegateway.client.CallException;
import com.example.voicegateway.client.CallPlacer;
import com.example.voicegateway.client.GatewayChannels;
import com.example.voicegateway.v1.Dispatch;
import com.example.voicegateway.v1.Ivr;
import com.example.voicegateway.v1.OutboundCallRequest;
import com.example.voicegateway.v1.PlaceCallRequest;
import com.example.voicegateway.v1.Recipient;
import io.grpc.ManagedChannel;
import io.grpc.TlsChannelCredentials;
import java.io.File;
import java.io.IOException;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** A gateway that serves with TLS, and asks for certificates, lets in who shows one. */
class TlsTest {
  private static final String TARGET = Stand.named("TLS_GATEWAY");
  private static final File AUTHORITY = new File(Stand.named("TLS_AUTHORITY"));

  static ManagedChannel open(String target, File authority, File certificate, File key) throws IOException {
    return GatewayChannels.open(
        target,
        TlsChannelCredentials.newBuilder()
            .trustManager(authority) // leave it out to trust whom Java trusts
            .keyManager(certificate, key) // only where the gateway asks for a certificate
            .build());
  }

  @Test
  void whoShowsACertificatePlacesCalls() throws IOException {
    File certificate = new File(Stand.named("TLS_CERTIFICATE"));
    ManagedChannel channel = open(TARGET, AUTHORITY, certificate, new File(Stand.named("TLS_KEY")));
    try {
      assertEquals(
          Dispatch.DISPATCH_ACCEPTED, CallPlacer.on(channel).placeCall(request()).getCall().getDispatch());
    } finally {
      channel.shutdownNow();
    }
  }

  @Test
  void whoShowsNoneDoesNot() throws IOException {
    ManagedChannel channel =
        GatewayChannels.newBuilder(TARGET, TlsChannelCredentials.newBuilder().trustManager(AUTHORITY).build())
            .disableRetry()
            .build();
    try {
      CallPlacer placer = CallPlacer.on(channel).withMaxAttempts(1);
      CallException failure = assertThrows(CallException.class, () -> placer.placeCall(request()));

      assertFalse(failure.error().fromGateway());
    } finally {
      channel.shutdownNow();
    }
  }

  private static PlaceCallRequest request() {
    return PlaceCallRequest.newBuilder()
        .setRequestId(UUID.randomUUID().toString())
        .setCall(
            OutboundCallRequest.newBuilder()
                .addRecipients(Recipient.newBuilder().setNumber("+13236550107"))
                .setIvr(Ivr.newBuilder().setFlowId("SG_1")))
        .build();
  }
}
