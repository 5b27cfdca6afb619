package com.example.voicegateway.client;

/**
 * One broken rule. Found by a {@link RequestValidator} before a request is sent, and told by the gateway in {@link
 * CallError#violations()}, with the same field and the same reason.
 *
 * <p>For {@code ERROR_REASON_POLICY_REFUSED} it is one policy of the gateway that refuses the request: its setting such
 * as {@code only_numbers} is the reason.
 *
 * @param field the path to what breaks it, by the protos' names, such as {@code call.recipients[3].number}; empty for
 *     the request as a whole
 * @param reason the rule's id in capitals, such as {@code STRING_PATTERN}: stable, for programs
 * @param description what is wrong, in words for people; it never repeats the value
 */
public record Violation(String field, String reason, String description) {
  /** Shows the field and the reason; the provider's words may be in the description. */
  @Override
  public String toString() {
    return field + ": " + reason;
  }
}
