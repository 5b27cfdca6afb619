package com.example.voicegateway.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.grpc.LoadBalancerRegistry;
import org.junit.jupiter.api.Test;

/** What a program gets that depends on the client. */
class ClassPathTest {
  @Test
  void itsRoundRobinAsksForHealth() {
    Object provider = LoadBalancerRegistry.getDefaultRegistry().getProvider("round_robin");

    assertEquals("io.grpc.protobuf.services", provider.getClass().getPackageName().replace(".internal", ""));
  }
}
