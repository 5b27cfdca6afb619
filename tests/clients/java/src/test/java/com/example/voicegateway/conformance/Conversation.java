package com.example.voicegateway.conformance;

import com.example.voicegateway.client.CallError;
import com.example.voicegateway.v1.PlaceCallResponse;
import com.example.voicegateway.v1.WatchCallsRequest;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.protobuf.Message;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** One run of a case. */
final class Conversation {
  private final Stand stand;
  private final Words words;

  private Conversation(Stand stand) {
    this.stand = stand;
    words = new Words(stand.reports);
  }

  /** Speaks every step, and tells what was answered otherwise than the case says. */
  static List<String> differences(JsonObject parts, Stand stand) throws IOException, InterruptedException {
    Json.known("the case", parts, Set.of("about", "steps", "sandbox"));
    Conversation conversation = new Conversation(stand);
    stand.forget();
    List<String> differences = new ArrayList<>();
    int number = 1;
    for (JsonElement step : parts.getAsJsonArray("steps")) {
      differences.addAll(conversation.speak("step " + number++, step.getAsJsonObject()));
    }
    differences.addAll(conversation.atTheSandbox(parts.getAsJsonObject("sandbox")));
    return differences;
  }

  private List<String> speak(String name, JsonObject step) throws IOException {
    JsonObject expect = step.getAsJsonObject("expect");
    Json.known(name, step, Set.of("rpc", "request", "deadline", "expect"));
    Service service = Service.named(step.has("rpc") ? step.get("rpc").getAsString() : "PlaceCall");
    Message request = Json.message(words.spoken(step.get("request")), service.newRequest());
    double deadline = step.has("deadline") ? step.get("deadline").getAsDouble() : 30;
    if (request instanceof WatchCallsRequest watched) {
      Json.known("what is expected of " + name, expect, Answer.keys("events", "recipients"));
      return watch(name, watched, deadline, expect);
    }
    Json.known("what is expected of " + name, expect, Answer.keys("reply"));
    return call(name, service, request, deadline, expect);
  }

  private List<String> call(String name, Service service, Message request, double deadline, JsonObject expect) {
    try {
      Message reply = service.call(stand.channel, request, deadline);
      if (reply instanceof PlaceCallResponse placed) {
        words.tell("CALL_ID", placed.getCall().getCallId());
      }
      return Comparison.differences(name, words.spoken(expect), Answer.of(reply));
    } catch (StatusRuntimeException failure) {
      CallError error = CallError.from(failure);
      words.tell("CALL_ID", error.callId().orElse(""));
      JsonObject expected = Answer.expected(words.spoken(expect).getAsJsonObject());
      return Comparison.differences(name, expected, Answer.of(error));
    }
  }

  private List<String> watch(String name, WatchCallsRequest request, double deadline, JsonObject expect) {
    Told told = Told.by(stand.channel, request, deadline);
    if (!told.events().isEmpty()) {
      words.tell("FIRST_SEQUENCE", told.sequences().get(0));
      words.tell("LAST_SEQUENCE", told.sequences().get(told.sequences().size() - 1));
    }
    return told.differences(name, words.spoken(expect).getAsJsonObject());
  }

  private List<String> atTheSandbox(JsonObject expect) throws IOException, InterruptedException {
    Json.known("the sandbox", expect, Set.of("requests", "rings", "form"));
    JsonObject expected = words.spoken(expect).getAsJsonObject();
    JsonObject actual = stand.rings().getAsJsonObject();
    List<String> differences = new ArrayList<>();
    for (String key : List.of("requests", "rings")) {
      if (!actual.get(key).equals(expected.get(key))) {
        differences.add("the sandbox's " + key + ": " + actual.get(key) + ", not " + expected.get(key));
      }
    }
    if (expected.has("form")) {
      JsonArray sent = stand.requests().getAsJsonArray();
      JsonObject form = sent.isEmpty() ? new JsonObject() : last(sent).getAsJsonObject("fields");
      Set<String> others = new TreeSet<>(form.keySet());
      others.removeAll(expected.getAsJsonObject("form").keySet());
      others.forEach(each -> differences.add("the form has " + each + ": " + form.get(each)));
      differences.addAll(Comparison.differences("the form", expected.get("form"), form));
    }
    return differences;
  }

  private static JsonObject last(JsonArray requests) {
    return requests.get(requests.size() - 1).getAsJsonObject();
  }
}
