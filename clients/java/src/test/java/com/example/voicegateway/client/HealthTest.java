package com.example.voicegateway.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.example.voicegateway.v1.OutboundCallServiceGrpc;
import com.example.voicegateway.v1.OutboundCallServiceGrpc.OutboundCallServiceBlockingStub;
import io.grpc.EquivalentAddressGroup;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.NameResolver;
import io.grpc.NameResolverProvider;
import io.grpc.NameResolverRegistry;
import io.grpc.StatusOr;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** A replica that is not ready to dial gets no calls; the others share them. */
class HealthTest {
  @Test
  void aReplicaThatIsNotReadyGetsNoCallsUntilItIs() throws IOException, InterruptedException {
    try (ScriptedGateway ready = new ScriptedGateway();
        ScriptedGateway draining = new ScriptedGateway()) {
      draining.health.setStatus(ScriptedGateway.SERVICE, ServingStatus.NOT_SERVING);
      NameResolverRegistry.getDefaultRegistry().register(new Replicas(ready, draining));
      ManagedChannel channel = GatewayChannels.open("replicas:///gateway", InsecureChannelCredentials.create());
      OutboundCallServiceBlockingStub stub = OutboundCallServiceGrpc.newBlockingStub(channel);
      try {
        stub.placeCall(Requests.toAFlow());
        assertTrue(draining.askedForHealth.await(20, TimeUnit.SECONDS), "nobody asked the other for its health");
        for (int i = 1; i < 10; i++) {
          stub.placeCall(Requests.toAFlow());
        }

        assertEquals(List.of(10, 0), List.of(ready.requests.size(), draining.requests.size()));

        draining.health.setStatus(ScriptedGateway.SERVICE, ServingStatus.SERVING);
        for (long end = System.nanoTime() + 20_000_000_000L; draining.requests.isEmpty() && System.nanoTime() < end; ) {
          stub.placeCall(Requests.toAFlow());
        }

        assertEquals(1, draining.requests.size());
      } finally {
        channel.shutdownNow();
      }
    }
  }

  /** Resolves every name of the scheme {@code replicas} to the addresses of some servers. */
  private static final class Replicas extends NameResolverProvider {
    private final List<EquivalentAddressGroup> addresses;

    Replicas(ScriptedGateway... servers) {
      addresses =
          Stream.of(servers)
              .map(server -> new EquivalentAddressGroup(new InetSocketAddress("127.0.0.1", server.port())))
              .toList();
    }

    @Override
    public NameResolver newNameResolver(URI target, NameResolver.Args args) {
      return new NameResolver() {
        @Override
        public String getServiceAuthority() {
          return "gateway";
        }

        @Override
        public void start(Listener2 listener) {
          listener.onResult(ResolutionResult.newBuilder().setAddressesOrError(StatusOr.fromValue(addresses)).build());
        }

        @Override
        public void shutdown() {}
      };
    }

    @Override
    protected boolean isAvailable() {
      return true;
    }

    @Override
    protected int priority() {
      return 5;
    }

    @Override
    public String getDefaultScheme() {
      return "replicas";
    }
  }
}
