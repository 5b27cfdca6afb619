package com.example.voicegateway.conformance;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The files of {@code tests/cases}. */
final class Cases {
  private static final Path FOLDER = Path.of("..", "..", "cases");

  private Cases() {}

  static List<Path> calls() throws IOException {
    try (Stream<Path> files = Files.list(FOLDER.resolve("calls"))) {
      return files.filter(each -> each.toString().endsWith(".json")).sorted().toList();
    }
  }

  static JsonObject call(String name) throws IOException {
    return read(FOLDER.resolve("calls").resolve(name + ".json")).getAsJsonObject();
  }

  static List<JsonObject> invalidRequests() throws IOException {
    return read(FOLDER.resolve("invalid_requests.json")).getAsJsonArray().asList().stream()
        .map(JsonElement::getAsJsonObject)
        .toList();
  }

  static JsonElement read(Path file) throws IOException {
    return Json.read(Files.readString(file));
  }
}
