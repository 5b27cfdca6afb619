package com.example.voicegateway.client;

import io.grpc.Channel;
import io.grpc.Deadline;
import io.grpc.ManagedChannel;
import java.util.Map;
import java.util.WeakHashMap;
import java.util.concurrent.TimeUnit;

/**
 * Has a channel connect at once where it waits after attempts that failed. By itself it waits longer each time, up to
 * two minutes, in which a gateway that is back is not noticed.
 *
 * <p>No stable setting bounds that. {@link ManagedChannel#resetConnectBackoff()} is experimental, and the only method
 * of that kind that this package calls. Afterwards the waits begin anew, with a second. A channel that is connected
 * stays so.
 */
final class Reconnection {
  /** A channel is hurried no more often. Its own waits begin anew, and take twice as long to grow beyond this. */
  private static final long RECONNECT_SECONDS = 5;

  private static final Map<Channel, Deadline> NEXT = new WeakHashMap<>();

  private Reconnection() {}

  /** Hurries a channel, however many repeat on it, no more often than one of them would. */
  static void hasten(Channel channel) {
    if (channel instanceof ManagedChannel managed && isDue(managed)) {
      managed.resetConnectBackoff();
    }
  }

  private static synchronized boolean isDue(ManagedChannel channel) {
    Deadline next = NEXT.get(channel);
    if (next != null && !next.isExpired()) {
      return false;
    }
    NEXT.put(channel, Deadline.after(RECONNECT_SECONDS, TimeUnit.SECONDS));
    return true;
  }
}
