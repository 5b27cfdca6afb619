package com.example.voicegateway.conformance;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Finds where a value is not as expected: objects by the expected keys, arrays item by item. */
final class Comparison {
  private static final JsonPrimitive ANY = new JsonPrimitive("$ANY");

  private final List<String> differences = new ArrayList<>();

  private Comparison() {}

  static List<String> differences(String path, JsonElement expected, JsonElement actual) {
    Comparison comparison = new Comparison();
    comparison.compare(path, expected, actual);
    return comparison.differences;
  }

  private void compare(String path, JsonElement expected, JsonElement actual) {
    if (expected.equals(ANY)) {
      return;
    }
    if (expected instanceof JsonObject keys && actual instanceof JsonObject object) {
      for (Map.Entry<String, JsonElement> each : keys.entrySet()) {
        compareKey(path + "." + each.getKey(), each.getValue(), object.get(each.getKey()));
      }
    } else if (expected instanceof JsonArray items
        && actual instanceof JsonArray array
        && items.size() == array.size()) {
      for (int i = 0; i < items.size(); i++) {
        compare(path + "[" + i + "]", items.get(i), array.get(i));
      }
    } else if (!expected.equals(actual)) {
      differences.add(path + " is " + actual + ", not " + expected);
    }
  }

  private void compareKey(String path, JsonElement expected, JsonElement actual) {
    if (expected.isJsonNull() != (actual == null)) {
      differences.add(actual == null ? "there is no " + path : "there is " + path + ": " + actual);
    } else if (actual != null) {
      compare(path, expected, actual);
    }
  }
}
