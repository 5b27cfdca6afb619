package com.example.voicegateway.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.example.voicegateway.v1.OutboundCallServiceGrpc;
import com.example.voicegateway.v1.OutboundCallServiceGrpc.OutboundCallServiceBlockingStub;
import io.grpc.ManagedChannel;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** A replica that is not ready to dial gets no calls; the others share them. */
class HealthTest {
  @Test
  void aReplicaThatIsNotReadyGetsNoCallsUntilItIs() throws IOException, InterruptedException {
    try (ScriptedGateway ready = new ScriptedGateway();
        ScriptedGateway draining = new ScriptedGateway()) {
      draining.health.setStatus(ScriptedGateway.SERVICE, ServingStatus.NOT_SERVING);
      ManagedChannel channel = Replicas.channel(ready, draining);
      OutboundCallServiceBlockingStub stub = OutboundCallServiceGrpc.newBlockingStub(channel);
      try {
        stub.placeCall(Requests.toAFlow());
        assertTrue(draining.askedForHealth.await(60, TimeUnit.SECONDS), "nobody asked the other for its health");
        for (int i = 1; i < 10; i++) {
          stub.placeCall(Requests.toAFlow());
        }

        assertEquals(List.of(10, 0), List.of(ready.requests.size(), draining.requests.size()));

        draining.health.setStatus(ScriptedGateway.SERVICE, ServingStatus.SERVING);
        for (long end = System.nanoTime() + 60_000_000_000L; draining.requests.isEmpty() && System.nanoTime() < end; ) {
          stub.placeCall(Requests.toAFlow());
        }

        assertEquals(1, draining.requests.size());
      } finally {
        channel.shutdownNow();
      }
    }
  }
}
