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

  static List<Path> in(String folder) throws IOException {
    try (Stream<Path> files = Files.list(FOLDER.resolve(folder))) {
      return files.filter(each -> each.toString().endsWith(".json")).sorted().toList();
    }
  }

  /** Reads a case by its folder and name, such as {@code calls/to_a_flow}. */
  static JsonObject named(String name) throws IOException {
    return read(FOLDER.resolve(name + ".json")).getAsJsonObject();
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
