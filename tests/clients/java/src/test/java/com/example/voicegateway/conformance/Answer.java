package com.example.voicegateway.conformance;

import com.example.voicegateway.client.CallError;
import com.example.voicegateway.client.Violation;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.protobuf.Message;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** An answer in the form of an expectation. */
final class Answer {
  private static final Set<String> KEYS =
      Set.of("code", "reason", "dispatch", "retry", "violations", "metadata", "retry_delay");

  private Answer() {}

  /** Returns what may be expected of an answer, with keys of its RPC's own. */
  static Set<String> keys(String... own) {
    return Stream.concat(KEYS.stream(), Stream.of(own)).collect(Collectors.toSet());
  }

  static JsonObject of(Message reply) {
    JsonObject answer = new JsonObject();
    answer.addProperty("code", "OK");
    answer.add("reply", Json.of(reply));
    return answer;
  }

  static JsonObject of(CallError error) {
    JsonObject answer = new JsonObject();
    answer.addProperty("code", error.code().name());
    answer.addProperty("reason", error.reason().name());
    answer.addProperty("dispatch", error.dispatch().name());
    answer.addProperty("retry", error.advice().name());
    answer.add("violations", sorted(error.violations()));
    JsonObject metadata = new JsonObject();
    error.metadata().forEach(metadata::addProperty);
    answer.add("metadata", metadata);
    error.retryDelay().ifPresent(delay -> answer.addProperty("retry_delay", delay.toMillis() / 1000.0));
    return answer;
  }

  /** Puts what an expectation of an error leaves out in words. */
  static JsonObject expected(JsonObject expect) {
    JsonObject whole = new JsonObject();
    whole.addProperty("reason", "ERROR_REASON_UNSPECIFIED");
    whole.addProperty("dispatch", "DISPATCH_UNSPECIFIED");
    whole.addProperty("retry", "RETRY_ADVICE_UNSPECIFIED");
    whole.add("violations", new JsonArray());
    expect.entrySet().forEach(each -> whole.add(each.getKey(), each.getValue()));
    whole.add("violations", sorted(whole.getAsJsonArray("violations").asList().stream()));
    return whole;
  }

  static JsonArray sorted(List<Violation> violations) {
    return sorted(violations.stream().map(each -> {
      JsonArray pair = new JsonArray();
      pair.add(each.field());
      pair.add(each.reason());
      return pair;
    }));
  }

  static JsonArray sorted(Stream<? extends JsonElement> violations) {
    JsonArray sorted = new JsonArray();
    violations.map(JsonElement::toString).sorted().map(Json::read).forEach(sorted::add);
    return sorted;
  }
}
