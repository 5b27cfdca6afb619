package com.example.voicegateway.conformance;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What the words of one run of a case stand for. */
final class Words {
  private static final Pattern WORD = Pattern.compile("\\$(?:(ID2|ID|CALL_ID|FIRST_SEQUENCE|LAST_SEQUENCE|REPORTS)|(NOW|TIME)([+-]\\d+))");
  private static final DateTimeFormatter IN_A_FORM =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ssxxx").withZone(ZoneOffset.UTC);

  private final Instant began = Instant.now().truncatedTo(ChronoUnit.SECONDS);
  private final Map<String, String> told;

  /** Chooses ids; {@code reports} is where the gateway's receiver is. */
  Words(String reports) {
    told = new HashMap<>(Map.of("ID", id(), "ID2", id(), "REPORTS", reports));
  }

  /** Keeps what the first step told, such as its call id. */
  void tell(String word, String meaning) {
    told.putIfAbsent(word, meaning);
  }

  /** Returns the value with its words put in place; {@code $ANY} stays. */
  JsonElement spoken(JsonElement value) {
    if (value instanceof JsonObject object) {
      JsonObject spoken = new JsonObject();
      object.entrySet().forEach(each -> spoken.add(each.getKey(), spoken(each.getValue())));
      return spoken;
    }
    if (value instanceof JsonArray array) {
      JsonArray spoken = new JsonArray();
      array.forEach(each -> spoken.add(spoken(each)));
      return spoken;
    }
    boolean isText = value instanceof JsonPrimitive primitive && primitive.isString();
    return isText ? new JsonPrimitive(WORD.matcher(value.getAsString()).replaceAll(this::word)) : value;
  }

  private String word(MatchResult word) {
    if (word.group(1) != null) {
      return Matcher.quoteReplacement(told.getOrDefault(word.group(1), word.group()));
    }
    Instant time = began.plusSeconds(Long.parseLong(word.group(3)));
    return word.group(2).equals("NOW") ? time.toString() : IN_A_FORM.format(time);
  }

  private static String id() {
    return "id-" + UUID.randomUUID().toString().replace("-", "").substring(0, 20);
  }
}
