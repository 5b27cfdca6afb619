package com.example.voicegateway.client;

import static com.example.voicegateway.client.ScriptedStreams.event;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.example.voicegateway.v1.Dispatch;
import com.example.voicegateway.v1.OutboundCallServiceGrpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.grpc.internal.BackoffPolicy;
import java.io.IOException;
import java.lang.reflect.Field;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** After a long outage, whoever repeats finds a gateway that is back within seconds, and not after two minutes. */
@Timeout(120)
class ReconnectionTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  private final Door door = Door.open();
  private ManagedChannel channel;

  /** Leaves a channel that has failed to connect to a port, where whoever connects is hung up on. */
  @BeforeEach
  void fail() throws ReflectiveOperationException {
    channel = asAfterMinutes(door.target());
    assertThrows(
        StatusRuntimeException.class,
        () -> OutboundCallServiceGrpc.newBlockingStub(channel).placeCall(Requests.toAFlow()));
  }

  /** Opens a channel whose first wait is already as long as gRPC's longest. Only its internals can be told so. */
  private static ManagedChannel asAfterMinutes(String target) throws ReflectiveOperationException {
    ManagedChannel channel = GatewayChannels.open(target, InsecureChannelCredentials.create());
    Field inner = channel.getClass().getSuperclass().getDeclaredField("delegate");
    inner.setAccessible(true);
    Field waits = inner.get(channel).getClass().getDeclaredField("backoffPolicyProvider");
    waits.setAccessible(true);
    BackoffPolicy.Provider twoMinutes = () -> () -> TimeUnit.MINUTES.toNanos(2);
    waits.set(inner.get(channel), twoMinutes);
    return channel;
  }

  @AfterEach
  void close() throws IOException {
    channel.shutdownNow();
    door.close();
  }

  @Test
  void aCallIsPlacedWhenTheGatewayIsBack() throws IOException {
    try (ScriptedGateway gateway = new ScriptedGateway()) {
      door.leadTo(gateway.port());
      CallPlacer placer = CallPlacer.on(channel).withMaxAttempts(100).withTimeout(PATIENCE);
      Dispatch dispatch = placer.placeCall(Requests.toAFlow()).getCall().getDispatch();

      assertEquals(Dispatch.DISPATCH_ACCEPTED, dispatch);
      assertEquals(1, gateway.requests.size());
    }
  }

  @Test
  void aWatchGoesOnWhenTheGatewayIsBack() throws IOException {
    try (ScriptedGateway gateway = new ScriptedGateway();
        CallWatch watch = CallWatcher.on(channel).withPatience(PATIENCE).watchCalls(Watching.CALL)) {
      gateway.streams = new ScriptedStreams().then(event(1));
      door.leadTo(gateway.port());

      assertEquals(1, watch.next().getSequence());
    }
  }

  @Test
  void manyWhoRepeatHurryAChannelNoMoreThanOne() throws InterruptedException {
    int before = door.connections.get();
    long began = System.nanoTime();
    for (int repeat = 0; repeat < 100; repeat++) {
      Reconnection.hasten(channel);
      Thread.sleep(2);
    }
    int made = door.connections.get() - before;
    long most = 1 + Duration.ofNanos(System.nanoTime() - began).toSeconds() / 5;

    assertTrue(made <= most, made + " of " + most);
  }
}
