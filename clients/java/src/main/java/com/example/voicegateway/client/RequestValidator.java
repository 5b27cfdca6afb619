package com.example.voicegateway.client;

import build.buf.protovalidate.Validator;
import build.buf.protovalidate.ValidatorFactory;
import build.buf.protovalidate.exceptions.ValidationException;
import build.buf.validate.FieldPath;
import com.google.protobuf.Message;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * Finds the rules that a request breaks, before it is sent: the same violations, by field and reason, that the gateway
 * would tell of.
 *
 * <p>The rules are those of the protos, applied by protovalidate, and what the gateway checks beside them: unknown
 * fields ({@code MESSAGE_UNKNOWN_FIELD}), Durations and Timestamps outside of protobuf's own range ({@code
 * VALUE_RANGE}), and text that is no Unicode ({@code MESSAGE_UNDECODABLE}). Three things only the gateway can say:
 * whether schedule_time lies in its window ({@code TIMESTAMP_WINDOW}), whether timeout_json is JSON ({@code
 * STRING_JSON}), and what only it knows, such as its accounts and policies.
 *
 * <p>Make one and keep it: it compiles the rules of a message type when it first meets one, which takes about a second.
 * It may be used by many threads at once.
 */
public final class RequestValidator {
  private final Validator engine = ValidatorFactory.newBuilder().build();

  /** Makes a validator that has met no message yet. */
  public RequestValidator() {}

  /**
   * Finds every rule that a request breaks.
   *
   * @param request a request of the gateway's service, such as a PlaceCallRequest, or a message within one: paths begin
   *     there
   * @return the violations in no certain order; none where the request is valid
   */
  public List<Violation> validate(Message request) {
    Message.Builder screened = request.toBuilder();
    List<Violation> found = new ArrayList<>(RequestScreening.screen(screened));
    for (build.buf.protovalidate.Violation each : byTheProtos(screened.build())) {
      found.add(violation(each.toProto()));
    }
    return List.copyOf(found);
  }

  private List<build.buf.protovalidate.Violation> byTheProtos(Message request) {
    try {
      return engine.validate(request).getViolations();
    } catch (ValidationException error) {
      String type = request.getDescriptorForType().getName();
      throw new IllegalStateException("the rules of " + type + " cannot be applied", error);
    }
  }

  private static Violation violation(build.buf.validate.Violation broken) {
    String reason = broken.getRuleId().replace('.', '_').toUpperCase(Locale.ROOT);
    return new Violation(path(broken.getField()), reason, broken.getMessage());
  }

  /** Writes {@code call.recipients[3].number}. No message of the gateway has a map. */
  private static String path(FieldPath field) {
    return field.getElementsList().stream()
        .map(each -> each.getFieldName() + (each.hasIndex() ? "[" + each.getIndex() + "]" : ""))
        .collect(Collectors.joining("."));
  }
}
