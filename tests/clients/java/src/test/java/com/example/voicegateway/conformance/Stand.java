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

/** A gateway and the sandbox behind it, as the environment names them; and where its receiver is, if it has one. */
final class Stand implements AutoCloseable {
  final ManagedChannel channel;
  final String reports;

  private final URI sandbox;
  private final HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

  /** The gateway of the calls. */
  Stand() {
    this(named("GATEWAY"), named("SANDBOX"), "");
  }

  private Stand(String gateway, String sandbox, String reports) {
    channel = GatewayChannels.open(gateway, InsecureChannelCredentials.create());
    this.sandbox = URI.create(sandbox);
    this.reports = reports;
  }

  /** Finds the gateway of a folder of cases. */
  static Stand of(String folder) {
    return folder.equals("outcomes") ? ofOutcomes() : new Stand();
  }

  /** Finds the gateway of the outcomes: it is reported to by phones that are fast. */
  static Stand ofOutcomes() {
    return new Stand(named("OUTCOMES_GATEWAY"), named("OUTCOMES_SANDBOX"), named("OUTCOMES_REPORTS"));
  }

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
