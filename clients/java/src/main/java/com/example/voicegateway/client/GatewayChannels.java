package com.example.voicegateway.client;

import com.google.gson.Gson;
import com.google.gson.reflect.TypeToken;
import io.grpc.ChannelCredentials;
import io.grpc.Grpc;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Opens channels to the gateway, set up as its maintainers recommend.
 *
 * <p>Such a channel
 *
 * <ul>
 *   <li>shares its calls among all addresses that the target's name stands for (with Kubernetes: a headless service);
 *   <li>asks each replica for its health, and sends none to one that is not ready to dial;
 *   <li>repeats what was answered {@code UNAVAILABLE}, up to four times in all within some seconds, unless the answer
 *       forbids it. The gateway answers so only where nothing was sent, and a repeat with the same request_id never
 *       dials twice;
 *   <li>pings an idle connection under running calls every 60 seconds, which the gateway allows (it takes a ping every
 *       10 seconds), and gives it up after 20 seconds of silence;
 *   <li>names this package and its version in its user agent.
 * </ul>
 *
 * <p>After an outage it waits up to two minutes before it connects again, which no stable setting of gRPC's bounds.
 * {@link CallPlacer} and {@link CallWatcher} have it connect before they repeat. With a stub alone, call {@link
 * ManagedChannel#resetConnectBackoff()} yourself.
 *
 * <p>It has no default deadline: set one for every call, 30 seconds or more for PlaceCall, since the gateway may wait
 * 26 seconds for the provider.
 *
 * <p>One channel is enough for a program. It may be used by many threads at once, and is closed by {@link
 * ManagedChannel#shutdown()}.
 */
public final class GatewayChannels {
  /**
   * The service config of these channels, as JSON. It is the same in the clients for Go and Python. A service config
   * that the target's name resolver gives goes before it.
   */
  public static final String SERVICE_CONFIG =
      """
      {
        "loadBalancingConfig": [{"round_robin": {}}],
        "healthCheckConfig": {"serviceName": "voicegateway.v1.OutboundCallService"},
        "methodConfig": [
          {
            "name": [{"service": "voicegateway.v1.OutboundCallService"}],
            "retryPolicy": {
              "maxAttempts": 4,
              "initialBackoff": "0.2s",
              "maxBackoff": "5s",
              "backoffMultiplier": 2,
              "retryableStatusCodes": ["UNAVAILABLE"]
            }
          }
        ]
      }
      """;

  private static final long KEEP_ALIVE_SECONDS = 60;
  private static final long KEEP_ALIVE_TIMEOUT_SECONDS = 20;

  private GatewayChannels() {}

  /**
   * Opens a channel. It connects with its first call.
   *
   * @param target where the gateway is: {@code host:port}, or a target in gRPC's syntax such as {@code
   *     dns:///gateway.voice.svc:50051}
   * @param credentials {@link io.grpc.InsecureChannelCredentials} for plaintext, {@link io.grpc.TlsChannelCredentials}
   *     for TLS, with a certificate of your own where the gateway asks for one
   * @return a channel that the caller shuts down
   * @throws IllegalArgumentException if no transport on the class path takes such credentials
   */
  public static ManagedChannel open(String target, ChannelCredentials credentials) {
    return newBuilder(target, credentials).build();
  }

  /**
   * Prepares a channel, for options of your own: what is set afterwards goes before what is recommended.
   *
   * @param target as for {@link #open}
   * @param credentials as for {@link #open}
   * @return a builder
   * @throws IllegalArgumentException if no transport on the class path takes such credentials
   */
  public static ManagedChannelBuilder<?> newBuilder(String target, ChannelCredentials credentials) {
    return configure(Grpc.newChannelBuilder(target, credentials));
  }

  /**
   * Sets the recommended options on a builder of your own, such as one of another transport.
   *
   * @param <B> the builder's type
   * @param builder is changed
   * @return the same builder
   */
  public static <B extends ManagedChannelBuilder<?>> B configure(B builder) {
    builder
        .defaultServiceConfig(serviceConfig())
        .enableRetry()
        .keepAliveTime(KEEP_ALIVE_SECONDS, TimeUnit.SECONDS)
        .keepAliveTimeout(KEEP_ALIVE_TIMEOUT_SECONDS, TimeUnit.SECONDS)
        .userAgent(UserAgent.TEXT);
    return builder;
  }

  /** Reads the JSON as gRPC wants it: each number is a Double. */
  private static Map<String, Object> serviceConfig() {
    return new Gson().fromJson(SERVICE_CONFIG, new TypeToken<Map<String, Object>>() {}.getType());
  }
}
