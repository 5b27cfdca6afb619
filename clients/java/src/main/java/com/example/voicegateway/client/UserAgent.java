package com.example.voicegateway.client;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;

/** Names this package and its version to a server; gRPC adds its own. */
final class UserAgent {
  /** Such as {@code kaleyra-gateway-client-java/0.1.0}. */
  static final String TEXT = "kaleyra-gateway-client-java/" + version();

  private UserAgent() {}

  /** Reads the version that Maven wrote from the pom. */
  private static String version() {
    Properties properties = new Properties();
    try (InputStream file = UserAgent.class.getResourceAsStream("client.properties")) {
      properties.load(file);
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
    return properties.getProperty("version");
  }
}
