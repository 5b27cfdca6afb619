package com.example.voicegateway.client;

import com.example.voicegateway.v1.CallEvent;
import com.example.voicegateway.v1.WatchCallsRequest;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** What tests of a watch stand on: a gateway with scripted streams, and the recommended channel. */
abstract class Watching {
  static final WatchCallsRequest CALL =
      WatchCallsRequest.newBuilder().setCallId("01KB5Y4W2M6T9V3C8D1E7F0GHJ").build();
  static final WatchCallsRequest ACCOUNT = WatchCallsRequest.newBuilder().setAccount("shop").build();

  final ScriptedStreams streams = new ScriptedStreams();
  ScriptedGateway gateway;
  ManagedChannel channel;

  /** Waits a moment before each new stream. */
  CallWatcher watcher;

  @BeforeEach
  void open() throws IOException {
    gateway = new ScriptedGateway();
    gateway.streams = streams;
    channel = GatewayChannels.newBuilder(gateway.target(), InsecureChannelCredentials.create()).disableRetry().build();
    watcher = CallWatcher.on(channel).withBackoff(Duration.ofMillis(1), Duration.ofMillis(4));
  }

  @AfterEach
  void shutDown() {
    channel.shutdownNow();
    gateway.close();
  }

  /** Reads a watch to its end. */
  static List<Long> told(CallWatch watch) {
    List<Long> sequences = new ArrayList<>();
    for (CallEvent event : watch) {
      sequences.add(event.getSequence());
    }
    return sequences;
  }

  /** Returns after_sequence of each stream that was opened; empty where it was unset. */
  List<OptionalLong> cursors() {
    return gateway.watches.stream()
        .map(each -> each.hasAfterSequence() ? OptionalLong.of(each.getAfterSequence()) : OptionalLong.empty())
        .toList();
  }

  static OptionalLong after(long sequence) {
    return OptionalLong.of(sequence);
  }
}
