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
import org.junit.jupiter.params.provider.ValueSource;

/** The runner compares everything that a case says, and passes over nothing that it does not understand. */
class RunnerTest {
  @ParameterizedTest
  @ValueSource(strings = {"a_dry_run", "to_a_flow", "a_flow_not_found", "http_429", "a_number_beyond_the_policy"})
  void aCaseWithAnyOtherExpectationFails(String name) throws IOException, InterruptedException {
    try (Stand stand = new Stand()) {
      JsonObject parts = Cases.call(name);
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
      JsonObject parts = Cases.call("to_a_flow");
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
      JsonElement[] next = {new JsonPrimitive(value instanceof JsonNull ? "$ANY" : "x"), value};
      bugs.add(
          () -> {
            place.accept(next[0]);
            JsonElement shown = next[0];
            next[0] = next[1];
            next[1] = shown;
          });
    }
  }
}
