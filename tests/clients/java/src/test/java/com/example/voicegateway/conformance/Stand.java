package com.example.voicegateway.conformance;

import com.example.voicegateway.client.GatewayChannels;
import com.google.gson.JsonElement;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

/** A gateway and the sandbox behind it, as the environment names them. */
final class Stand implements AutoCloseable {
  final ManagedChannel channel = GatewayChannels.open(named("GATEWAY"), InsecureChannelCredentials.create());

  private final URI sandbox = URI.create(named("SANDBOX"));
  private final HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  /** Makes the sandbox forget what it was sent. */
  void forget() throws IOException, InterruptedException {
    send(HttpRequest.newBuilder(sandbox.resolve("/requests")).DELETE().build());
  }

  JsonElement rings() throws IOException, InterruptedException {
    return Json.read(send(HttpRequest.newBuilder(sandbox.resolve("/rings")).build()));
  }

  JsonElement requests() throws IOException, InterruptedException {
    return Json.read(send(HttpRequest.newBuilder(sandbox.resolve("/requests")).build()));
  }

  private String send(HttpRequest request) throws IOException, InterruptedException {
    HttpResponse<String> answer = http.send(request, HttpResponse.BodyHandlers.ofString());
    if (answer.statusCode() / 100 != 2) {
      throw new IOException("the sandbox answers " + answer.statusCode());
    }
    return answer.body();
  }

  static String named(String variable) {
    String value = System.getenv(variable);
    if (value == null) {
      throw new IllegalStateException("not set: " + variable);
    }
    return value;
  }

  @Override
  public void close() {
    channel.shutdownNow();
  }
}
