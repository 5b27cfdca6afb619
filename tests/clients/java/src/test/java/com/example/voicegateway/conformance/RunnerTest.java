package com.example.voicegateway.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The runner compares everything that a case says, and passes over nothing that it does not understand. */
class RunnerTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "calls/a_dry_run",
        "calls/to_a_flow",
        "calls/a_flow_not_found",
        "calls/http_429",
        "calls/a_number_beyond_the_policy",
        "outcomes/busy",
        "outcomes/a_stream_that_goes_on_after_an_event",
        "outcomes/a_sequence_that_was_never_told"
      })
  void aCaseWithAnyOtherExpectationFails(String name) throws IOException, InterruptedException {
    try (Stand stand = Stand.of(name.replaceAll("/.*", ""))) {
      JsonObject parts = Cases.named(name);
      List<Runnable> bugs = new ArrayList<>();
      for (JsonElement step : parts.getAsJsonArray("steps")) {
        plant(step.getAsJsonObject().get("expect"), bugs);
      }
      plant(parts.get("sandbox"), bugs);

      assertEquals(List.of(), Conversation.differences(parts, stand));
      for (Runnable bug : bugs) {
        bug.run();
        assertFalse(Conversation.differences(parts, stand).isEmpty(), "not noticed: " + parts);
        bug.run();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"case", "step", "expect", "sandbox"})
  void aKeyThatNobodyKnowsFails(String place) throws IOException {
    try (Stand stand = new Stand()) {
      JsonObject parts = Cases.named("calls/to_a_flow");
      JsonObject step = parts.getAsJsonArray("steps").get(0).getAsJsonObject();
      JsonObject holder =
          switch (place) {
            case "case" -> parts;
            case "step" -> step;
            case "expect" -> step.getAsJsonObject("expect");
            default -> parts.getAsJsonObject("sandbox");
          };
      holder.addProperty("surprise", 1);

      IllegalArgumentException error =
          assertThrows(IllegalArgumentException.class, () -> Conversation.differences(parts, stand));
      assertEquals("[surprise]", error.getMessage().replaceAll("^.* has ", ""));
    }
  }

  @ParameterizedTest
  @CsvSource({"0, events", "1, reply", "1, surprise"})
  void aKeyOfAnotherRpcFails(int index, String key) throws IOException {
    try (Stand stand = Stand.ofOutcomes()) {
      JsonObject parts = Cases.named("outcomes/busy");
      expectOf(parts, index).add(key, new JsonArray());

      IllegalArgumentException error =
          assertThrows(IllegalArgumentException.class, () -> Conversation.differences(parts, stand));
      assertEquals("[" + key + "]", error.getMessage().replaceAll("^.* has ", ""));
    }
  }

  @Test
  void aStreamThatDoesNotEndFails() throws IOException, InterruptedException {
    try (Stand stand = Stand.ofOutcomes()) {
      JsonObject parts = Cases.named("outcomes/no_report_at_all");
      JsonArray events = expectOf(parts, 1).getAsJsonArray("events");
      events.remove(2);
      expectOf(parts, 1).remove("recipients");
      parts.getAsJsonArray("steps").get(1).getAsJsonObject().addProperty("deadline", 0.5);
      parts.getAsJsonArray("steps").remove(2);

      List<String> differences = Conversation.differences(parts, stand);
      for (int i = 0; i < 20 && tellsOfEvents(differences); i++) { // the machine was too slow for them
        differences = Conversation.differences(parts, stand);
      }
      assertEquals(1, differences.stream().filter(each -> each.contains("DEADLINE_EXCEEDED")).count());
      assertFalse(tellsOfEvents(differences), differences.toString());
    }
  }

  private static boolean tellsOfEvents(List<String> differences) {
    return differences.stream().anyMatch(each -> each.contains("events"));
  }

  private static JsonObject expectOf(JsonObject parts, int index) {
    return parts.getAsJsonArray("steps").get(index).getAsJsonObject().getAsJsonObject("expect");
  }

  @Test
  void jsonThatIsNoneFails() {
    assertThrows(RuntimeException.class, () -> Json.read("{'code': OK}"));
  }

  /** Finds the values of an expectation; each bug changes one when it first runs, and mends it when it runs again. */
  private static void plant(JsonElement value, List<Runnable> bugs) {
    if (value instanceof JsonObject object) {
      object.keySet().forEach(key -> plant(object.get(key), changed -> object.add(key, changed), bugs));
    } else if (value instanceof JsonArray array) {
      for (int i = 0; i < array.size(); i++) {
        int index = i;
        plant(array.get(i), changed -> array.set(index, changed), bugs);
      }
    }
  }

  private static void plant(JsonElement value, Consumer<JsonElement> place, List<Runnable> bugs) {
    boolean hasParts =
        value instanceof JsonObject object && object.size() > 0 || value instanceof JsonArray array && !array.isEmpty();
    if (hasParts) {
      plant(value, bugs);
    } else if (!value.equals(new JsonPrimitive("$ANY"))) {
      JsonElement[] next = {another(value), value};
      bugs.add(
          () -> {
            place.accept(next[0]);
            JsonElement shown = next[0];
            next[0] = next[1];
            next[1] = shown;
          });
    }
  }

  private static JsonElement another(JsonElement value) {
    if (value instanceof JsonArray) {
      return Json.read("[\"x\"]");
    }
    return new JsonPrimitive(value instanceof JsonNull ? "$ANY" : "x");
  }
}
