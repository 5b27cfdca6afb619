package com.example.voicegateway.client;

import build.buf.validate.ValidateProto;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import com.google.protobuf.UnknownFieldSet;
import com.google.protobuf.UnknownFieldSet.Field;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What the gateway does before its rule engine sees a request: it shortens long lists, refuses unknown fields, and
 * takes times out that no Duration or Timestamp can hold (an engine fails on them, and would tell of nothing else). And
 * what only Java can do: half of a surrogate pair in a text would be sent as a question mark, in silence.
 */
final class RequestScreening {
  /** Items of a list that no rule limits: such are lists of enum values, and longer ones repeat themselves. */
  private static final long LIST_LIMIT = 100;

  /** Of unknown fields; the rest are not told. */
  private static final int UNKNOWN_LIMIT = 100;

  private final List<Violation> found = new ArrayList<>();
  private int unknown;

  /** Screens a request, and changes it where the engine must not see something. */
  static List<Violation> screen(Message.Builder request) {
    RequestScreening screening = new RequestScreening();
    screening.screen(request, "");
    return screening.found;
  }

  private void screen(Message.Builder message, String path) {
    tellUnknown(message.getUnknownFields(), path);
    for (FieldDescriptor field : List.copyOf(message.getAllFields().keySet())) {
      String place = path.isEmpty() ? field.getName() : path + "." + field.getName();
      if (field.isRepeated()) {
        shorten(message, field, place);
      }
      if (field.getJavaType() == FieldDescriptor.JavaType.MESSAGE) {
        screenBelow(message, field, place);
      }
      if (field.getJavaType() == FieldDescriptor.JavaType.STRING) {
        screenText(message.getField(field), place);
      }
    }
  }

  private void screenBelow(Message.Builder message, FieldDescriptor field, String place) {
    if (field.isRepeated()) {
      for (int i = 0; i < message.getRepeatedFieldCount(field); i++) {
        screen(message.getRepeatedFieldBuilder(field, i), place + "[" + i + "]");
      }
      return;
    }
    screen(message.getFieldBuilder(field), place);
    if (Times.outOfRange((Message) message.getField(field))) {
      tell(place, "VALUE_RANGE", "no Duration or Timestamp can hold this");
      message.clearField(field);
    }
  }

  private void screenText(Object text, String place) {
    if (text instanceof List<?> list) {
      for (int i = 0; i < list.size(); i++) {
        screenText(list.get(i), place + "[" + i + "]");
      }
    } else if (!StandardCharsets.UTF_8.newEncoder().canEncode((String) text)) {
      tell(place, "MESSAGE_UNDECODABLE", "has half of a surrogate pair, which cannot be sent");
    }
  }

  /** Keeps one item more than allowed, so that the engine tells of the length, and not of a million items. */
  private void shorten(Message.Builder message, FieldDescriptor list, String place) {
    long allowed = list.getOptions().getExtension(ValidateProto.field).getRepeated().getMaxItems();
    long limit = allowed == 0 ? LIST_LIMIT : allowed;
    if (message.getRepeatedFieldCount(list) <= limit) {
      return;
    }
    message.setField(list, ((List<?>) message.getField(list)).subList(0, (int) limit + 1));
    if (allowed == 0) {
      tell(place, "REPEATED_MAX_ITEMS", "must contain no more than " + limit + " item(s)");
    }
  }

  private void tellUnknown(UnknownFieldSet fields, String path) {
    for (Map.Entry<Integer, Field> each : fields.asMap().entrySet()) {
      for (int i = 0; i < times(each.getValue()) && unknown < UNKNOWN_LIMIT; i++, unknown++) {
        tell(path, "MESSAGE_UNKNOWN_FIELD", "no field number " + each.getKey() + " is known here; drop it, or upgrade");
      }
    }
  }

  private static int times(Field field) {
    return field.getVarintList().size()
        + field.getFixed32List().size()
        + field.getFixed64List().size()
        + field.getLengthDelimitedList().size()
        + field.getGroupList().size();
  }

  private void tell(String field, String reason, String description) {
    found.add(new Violation(field, reason, description));
  }
}
