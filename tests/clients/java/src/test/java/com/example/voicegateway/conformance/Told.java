package com.example.voicegateway.conformance;

import static java.util.concurrent.TimeUnit.MICROSECONDS;

import com.example.voicegateway.client.CallError;
import com.example.voicegateway.client.CallException;
import com.example.voicegateway.client.CallWatch;
import com.example.voicegateway.client.CallWatcher;
import com.example.voicegateway.v1.CallEvent;
import com.example.voicegateway.v1.OutboundCallServiceGrpc;
import com.example.voicegateway.v1.WatchCallsRequest;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.grpc.Channel;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What a watch told, and the error that it ended with.
 *
 * @param error none when it ended by itself
 */
record Told(List<JsonObject> events, Optional<CallError> error) {
  /** Follows a call with the client's own watch to its end, or for so many seconds. */
  static Told by(Channel channel, WatchCallsRequest request, double seconds) {
    var stub =
        OutboundCallServiceGrpc.newBlockingStub(channel)
            .withDeadlineAfter((long) (seconds * 1_000_000), MICROSECONDS);
    List<JsonObject> events = new ArrayList<>();
    try (CallWatch watch = CallWatcher.with(stub).watchCalls(request)) {
      for (CallEvent event : watch) {
        events.add(Json.of(event).getAsJsonObject());
      }
      return new Told(events, Optional.empty());
    } catch (CallException failure) {
      return new Told(events, Optional.of(failure.error()));
    }
  }

  List<String> sequences() {
    return events.stream().map(each -> each.get("sequence").getAsString()).toList();
  }

  /** Tells what is not as expected of it. */
  List<String> differences(String name, JsonObject expect) {
    List<String> differences = new ArrayList<>(ofEvents(name + ".events", Json.array(expect, "events")));
    differences.addAll(ofRecipients(name + ".recipients", Json.object(expect, "recipients")));
    JsonObject rest = expect.deepCopy();
    Set.of("events", "recipients").forEach(rest::remove);
    JsonObject ended = new JsonObject();
    ended.add("code", new JsonPrimitive("OK"));
    differences.addAll(
        error
            .map(each -> Comparison.differences(name, Answer.expected(rest), Answer.of(each)))
            .orElseGet(() -> Comparison.differences(name, rest, ended)));
    return differences;
  }

  private List<String> ofEvents(String path, JsonArray expected) {
    List<String> differences = new ArrayList<>();
    if (!expected.isEmpty() && !events.isEmpty()) {
      differences.addAll(Comparison.differences(path + "[0]", expected.get(0), events.get(0)));
    }
    differences.addAll(inOrder(path, expected, events));
    List<Long> numbers = sequences().stream().map(Long::valueOf).toList();
    if (!numbers.equals(List.copyOf(new TreeSet<>(numbers)))) {
      differences.add("the sequences do not grow: " + numbers);
    }
    return differences;
  }

  private List<String> ofRecipients(String path, JsonObject expected) {
    Map<String, List<JsonObject>> outcomes = new TreeMap<>();
    expected.keySet().forEach(number -> outcomes.put(number, new ArrayList<>()));
    for (JsonObject event : events) {
      if (event.get("recipient") instanceof JsonObject outcome) {
        String number = outcome.getAsJsonObject("recipient").get("number").getAsString();
        outcomes.computeIfAbsent(number, each -> new ArrayList<>()).add(outcome);
      }
    }
    List<String> differences = new ArrayList<>();
    outcomes.forEach(
        (number, told) -> differences.addAll(inOrder(path + "." + number, Json.array(expected, number), told)));
    return differences;
  }

  /** Wants what is expected in its order, with others before and between, and the last at the end. */
  private static List<String> inOrder(String path, JsonArray expected, List<JsonObject> told) {
    if (expected.isEmpty() || told.isEmpty()) {
      return expected.isEmpty() && told.isEmpty() ? List.of() : List.of(path + " is " + told + ", not " + expected);
    }
    int next = 0;
    for (JsonElement each : expected.asList().subList(0, expected.size() - 1)) {
      while (next < told.size() - 1 && !Comparison.differences(path, each, told.get(next)).isEmpty()) {
        next++;
      }
      if (next++ >= told.size() - 1) {
        return List.of(path + " does not tell " + each + " in its place, but " + told);
      }
    }
    return Comparison.differences(path + "[-1]", expected.get(expected.size() - 1), told.get(told.size() - 1));
  }
}
