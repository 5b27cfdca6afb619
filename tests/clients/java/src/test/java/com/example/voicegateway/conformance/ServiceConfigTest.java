package com.example.voicegateway.conformance;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.example.voicegateway.client.GatewayChannels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** Shows the service config, so that it can be compared with those of the other languages. */
class ServiceConfigTest {
  @Test
  void itIsJson() throws IOException {
    Files.writeString(Path.of("target", "service_config.json"), GatewayChannels.SERVICE_CONFIG);

    assertTrue(Json.read(GatewayChannels.SERVICE_CONFIG).isJsonObject());
  }
}
