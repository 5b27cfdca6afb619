package com.example.voicegateway.client;

import io.grpc.EquivalentAddressGroup;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.NameResolver;
import io.grpc.NameResolverProvider;
import io.grpc.NameResolverRegistry;
import io.grpc.StatusOr;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/** Resolves every name of a scheme to the addresses of some servers. */
final class Replicas extends NameResolverProvider {
  private static final AtomicInteger COUNT = new AtomicInteger();

  private final String scheme = "replicas" + COUNT.incrementAndGet();
  private final List<EquivalentAddressGroup> addresses;

  private Replicas(ScriptedGateway... servers) {
    addresses =
        Stream.of(servers)
            .map(server -> new EquivalentAddressGroup(new InetSocketAddress("127.0.0.1", server.port())))
            .toList();
  }

  /** Opens a channel to all of them. */
  static ManagedChannel channel(ScriptedGateway... servers) {
    Replicas replicas = new Replicas(servers);
    NameResolverRegistry.getDefaultRegistry().register(replicas);
    return GatewayChannels.open(replicas.scheme + ":///gateway", InsecureChannelCredentials.create());
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
    return scheme;
  }
}
