package com.example.voicegateway.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a case says of a watch is met or not as tests/cases/README.md says. */
class ToldTest {
  @ParameterizedTest
  @CsvSource({
    "A B C,   A B C, true",
    "A B B C, A B C, true",
    "A B C,   A C,   true",
    "A B C,   B C,   false",
    "A B C,   A B,   false",
    "A B C,   A C B, false",
    "A B C D, A C B D, false",
    "A B C,   A B B C, false",
    "A C,     A B C, false",
    "A B,     A B B, false",
    "'',      '',    true",
    "A,       '',    false",
    "'',      A,     false"
  })
  void eventsAreToldInTheirOrder(String told, String expected, boolean met) {
    JsonObject expect = expecting(with("type", expected));

    assertEquals(met, told(told).differences("it", expect).isEmpty());
  }

  @ParameterizedTest
  @CsvSource({
    "A r e,       r e, '',  true",
    "A w r e,     r e, '',  true",
    "A r r2 e2 e, r e, r e, true",
    "A r e2 r2 e, r e, r e, false",
    "A r e,       r,   '',  false",
    "A r,         r,   r,   false",
    "A r r2,      r,   '',  false",
    "A r,         '',  '',  false",
    "A B,         '',  '',  true"
  })
  void eachRecipientHasAnOrderOfItsOwn(String told, String first, String second, boolean met) {
    JsonObject recipients = new JsonObject();
    if (!first.isEmpty()) {
      recipients.add("+1", with("state", first));
    }
    if (!second.isEmpty()) {
      recipients.add("+2", with("state", second));
    }
    JsonObject expect = expecting((JsonArray) Json.read("[{},{}]"));
    expect.add("recipients", recipients);

    assertEquals(met, told(told).differences("it", expect).isEmpty());
  }

  @ParameterizedTest
  @ValueSource(strings = {"7 7", "10 9"})
  void sequencesGrow(String sequences) {
    List<JsonObject> events =
        with("sequence", sequences).asList().stream().map(each -> each.getAsJsonObject()).toList();

    assertEquals(
        1, new Told(events, Optional.empty()).differences("it", expecting((JsonArray) Json.read("[{},{}]"))).size());
  }

  /** Makes events of these types; one in lower case tells of the recipient +1, or of the one whose digit follows. */
  private static Told told(String letters) {
    List<JsonObject> events = new ArrayList<>();
    for (String word : words(letters)) {
      JsonObject event = new JsonObject();
      event.addProperty("sequence", Integer.toString(events.size() + 7));
      event.addProperty("type", word.substring(0, 1));
      if (Character.isLowerCase(word.charAt(0))) {
        String number = "+" + (word + "1").charAt(1);
        String outcome = "{\"recipient\":{\"number\":\"%s\"},\"state\":\"%s\"}";
        event.add("recipient", Json.read(outcome.formatted(number, word.charAt(0))));
      }
      events.add(event);
    }
    return new Told(events, Optional.empty());
  }

  private static JsonObject expecting(JsonArray events) {
    JsonObject expect = new JsonObject();
    expect.addProperty("code", "OK");
    expect.add("events", events);
    return expect;
  }

  private static JsonArray with(String key, String values) {
    JsonArray objects = new JsonArray();
    for (String value : words(values)) {
      JsonObject object = new JsonObject();
      object.addProperty(key, value);
      objects.add(object);
    }
    return objects;
  }

  private static List<String> words(String text) {
    return text.isEmpty() ? List.of() : List.of(text.split(" "));
  }
}
