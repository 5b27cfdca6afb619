package com.example.voicegateway.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.example.voicegateway.v1.Dispatch;
import com.example.voicegateway.v1.ErrorReason;
import com.example.voicegateway.v1.RetryAdvice;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.PreconditionFailure;
import com.google.rpc.ResourceInfo;
import com.google.rpc.RetryInfo;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What the gateway tells is read whole. */
class CallErrorTest {
  private static final Map<String, String> TOLD =
      Map.of(
          "dispatch", "DISPATCH_REJECTED",
          "retry", "RETRY_ADVICE_NEW_REQUEST_ID",
          "request_id", "reminder-8812",
          "call_id", "01KB5Y4W2M6T9V3C8D1E7F0GHJ",
          "provider_code", "RBC3004",
          "provider_message", "to: *** is no number",
          "http_status", "200",
          "replayed", "true",
          "original_time", "2026-11-24T12:00:00.250Z",
          "omitted_violations", "7");

  private static ErrorInfo told(Map<String, String> metadata) {
    return Statuses.info("PROVIDER_INVALID_INPUT", "REJECTED", "NEW_REQUEST_ID").toBuilder()
        .putAllMetadata(metadata)
        .build();
  }

  private static StatusRuntimeException everything() {
    return Statuses.error(
        Status.Code.INVALID_ARGUMENT,
        told(TOLD),
        BadRequest.newBuilder()
            .addFieldViolations(
                BadRequest.FieldViolation.newBuilder()
                    .setField("call.bridge")
                    .setReason("PROVIDER_INVALID_INPUT")
                    .setDescription("+1323655**** is unknown"))
            .build(),
        ResourceInfo.newBuilder().setResourceType("flow").setResourceName("SG_missing").build(),
        RetryInfo.newBuilder()
            .setRetryDelay(com.google.protobuf.Duration.newBuilder().setSeconds(2).setNanos(500_000_000))
            .build());
  }

  @Test
  void everyFactIsRead() {
    CallError error = CallError.from(everything());

    assertEquals(Status.Code.INVALID_ARGUMENT, error.code());
    assertEquals("A constant text.", error.message());
    assertTrue(error.fromGateway());
    assertEquals(ErrorReason.ERROR_REASON_PROVIDER_INVALID_INPUT, error.reason());
    assertEquals("ERROR_REASON_PROVIDER_INVALID_INPUT", error.reasonName());
    assertEquals(Dispatch.DISPATCH_REJECTED, error.dispatch());
    assertEquals(RetryAdvice.RETRY_ADVICE_NEW_REQUEST_ID, error.advice());
    assertEquals(
        List.of(new Violation("call.bridge", "PROVIDER_INVALID_INPUT", "+1323655**** is unknown")), error.violations());
    assertEquals(Optional.of(new CallError.Resource("flow", "SG_missing")), error.resource());
    assertEquals(Optional.of(Duration.ofMillis(2500)), error.retryDelay());
    assertEquals(TOLD, error.metadata());
  }

  @Test
  void theMetadataIsReadByName() {
    CallError error = CallError.from(everything());

    assertEquals(Optional.of("reminder-8812"), error.requestId());
    assertEquals(Optional.of("01KB5Y4W2M6T9V3C8D1E7F0GHJ"), error.callId());
    assertEquals(Optional.of("RBC3004"), error.providerCode());
    assertEquals(Optional.of("to: *** is no number"), error.providerMessage());
    assertEquals(OptionalInt.of(200), error.httpStatus());
    assertTrue(error.replayed());
    assertEquals(Optional.of(Instant.parse("2026-11-24T12:00:00.250Z")), error.originalTime());
    assertEquals(7, error.omittedViolations());
    assertEquals(Optional.empty(), error.errorId());
    StatusRuntimeException bug = Statuses.error(Status.Code.INTERNAL, told(Map.of("error_id", "e1")));
    assertEquals(Optional.of("e1"), CallError.from(bug).errorId());
  }

  @Test
  void whatIsNotToldIsEmpty() {
    CallError error = CallError.from(Statuses.error(Status.Code.NOT_FOUND, callNotFound()));

    assertEquals(ErrorReason.ERROR_REASON_CALL_NOT_FOUND, error.reason());
    assertEquals(Dispatch.DISPATCH_UNSPECIFIED, error.dispatch());
    assertEquals(RetryAdvice.RETRY_ADVICE_UNSPECIFIED, error.advice());
    assertEquals(List.of(), error.violations());
    assertEquals(Optional.empty(), error.resource());
    assertEquals(Optional.empty(), error.retryDelay());
    assertEquals(OptionalInt.empty(), error.httpStatus());
    assertEquals(Optional.empty(), error.originalTime());
    assertFalse(error.replayed());
    assertFalse(error.mayRepeat());
  }

  @Test
  void metadataThatIsNoNumberOrTimeIsAsIfItWereNotThere() {
    Map<String, String> odd = Map.of("http_status", "two", "original_time", "noon", "omitted_violations", "");
    CallError error = CallError.from(Statuses.error(Status.Code.INVALID_ARGUMENT, told(odd)));

    assertTrue(error.fromGateway());
    assertEquals(OptionalInt.empty(), error.httpStatus());
    assertEquals(Optional.empty(), error.originalTime());
    assertEquals(0, error.omittedViolations());
  }

  @Test
  void aPolicyIsAViolation() {
    PreconditionFailure.Violation policy =
        PreconditionFailure.Violation.newBuilder()
            .setType("only_numbers")
            .setSubject("call.recipients[0].number")
            .setDescription("may not be called")
            .build();
    CallError error =
        CallError.from(
            Statuses.error(
                Status.Code.FAILED_PRECONDITION,
                Statuses.info("POLICY_REFUSED", "NOT_SENT", "CORRECT"),
                PreconditionFailure.newBuilder().addViolations(policy).build()));

    assertEquals(
        List.of(new Violation("call.recipients[0].number", "only_numbers", "may not be called")), error.violations());
  }

  @ParameterizedTest
  @EnumSource(value = ErrorReason.class, mode = EnumSource.Mode.EXCLUDE, names = "UNRECOGNIZED")
  void everyReasonIsKnownByName(ErrorReason reason) {
    ErrorInfo info = ErrorInfo.newBuilder().setDomain("voicegateway.v1").setReason(reason.name()).build();
    CallError error = CallError.from(Statuses.error(Status.Code.UNKNOWN, info));

    assertEquals(reason, error.reason());
    assertEquals(reason.name(), error.reasonName());
  }

  @ParameterizedTest
  @CsvSource({"ERROR_REASON_NEWER", "UNRECOGNIZED", "PAUSED"})
  void aNewerReasonKeepsItsName(String name) {
    ErrorInfo info = Statuses.info("PAUSED", "NOT_SENT", "REPEAT").toBuilder().setReason(name).build();
    CallError error = CallError.from(Statuses.error(Status.Code.FAILED_PRECONDITION, info));

    assertEquals(ErrorReason.ERROR_REASON_UNSPECIFIED, error.reason());
    assertEquals(name, error.reasonName());
    assertTrue(error.fromGateway() && error.nobodyWasDialed() && error.mayRepeat());
  }

  @Test
  void aNewerAdviceIsNone() {
    CallError error = CallError.from(Statuses.error(Status.Code.ABORTED, Statuses.info("PAUSED", "NEWER", "NEWER")));

    assertEquals(Dispatch.DISPATCH_UNSPECIFIED, error.dispatch());
    assertEquals(RetryAdvice.RETRY_ADVICE_UNSPECIFIED, error.advice());
    assertFalse(error.mayRepeat());
  }

  @ParameterizedTest
  @CsvSource({
    "NOT_SENT,        true",
    "SENDING,         false",
    "ACCEPTED,        false",
    "REJECTED,        true",
    "OUTCOME_UNKNOWN, false",
    "UNSPECIFIED,     false"
  })
  void nobodyWasDialedWhereNothingWasSentOrTheProviderRefused(String dispatch, boolean nobody) {
    ErrorInfo info = Statuses.info("INTERNAL", dispatch, "REPEAT");

    assertEquals(nobody, CallError.from(Statuses.error(Status.Code.INTERNAL, info)).nobodyWasDialed());
  }

  @ParameterizedTest
  @CsvSource({"REPEAT, true", "CORRECT, false", "NEW_REQUEST_ID, false", "LOOK_UP, false", "UNSPECIFIED, false"})
  void itIsRepeatedWhereTheGatewayAdvisesIt(String advice, boolean mayRepeat) {
    ErrorInfo info = Statuses.info("PROVIDER_THROTTLED", "REJECTED", advice);

    assertEquals(mayRepeat, CallError.from(Statuses.error(Status.Code.RESOURCE_EXHAUSTED, info)).mayRepeat());
  }

  @Test
  void aStatusIsFoundAmongTheCauses() {
    CallError error = CallError.from(everything());

    assertEquals(error, CallError.from(new ExecutionException(everything())));
    assertEquals(error, CallError.from(new IllegalStateException(new CallException(everything()))));
    assertEquals(error, CallError.from(everything().getStatus().asException(everything().getTrailers())));
    assertEquals(error, new CallException(everything()).error());
  }

  @Test
  void neitherNumbersNorTheProvidersWordsAreShown() {
    CallError error = CallError.from(everything());
    String shown =
        "CallError[code=INVALID_ARGUMENT, reason=ERROR_REASON_PROVIDER_INVALID_INPUT, dispatch=DISPATCH_REJECTED,"
            + " advice=RETRY_ADVICE_NEW_REQUEST_ID, callId=01KB5Y4W2M6T9V3C8D1E7F0GHJ]";

    assertEquals(shown, error.toString());
    assertEquals(shown, new CallException(everything()).getMessage());
    assertEquals("[call.bridge: PROVIDER_INVALID_INPUT]", error.violations().toString());
  }

  private static ErrorInfo callNotFound() {
    return ErrorInfo.newBuilder().setDomain("voicegateway.v1").setReason("ERROR_REASON_CALL_NOT_FOUND").build();
  }
}
