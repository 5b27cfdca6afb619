package com.example.voicegateway.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.example.voicegateway.v1.Dispatch;
import com.example.voicegateway.v1.ErrorReason;
import com.example.voicegateway.v1.RetryAdvice;
import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.google.protobuf.Duration;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** A status that is not as the gateway writes them says nothing about the phones. */
class ForeignStatusTest {
  private static final ErrorInfo OURS = Statuses.info("FLOW_NOT_FOUND", "REJECTED", "NEW_REQUEST_ID");
  private static final Status.Code CODE = Status.Code.NOT_FOUND;

  static Stream<Arguments> foreign() {
    return Stream.of(
        Arguments.of("no details", Statuses.foreign(CODE)),
        Arguments.of("no trailers", CODE.toStatus().asRuntimeException()),
        Arguments.of("details without an ErrorInfo", Statuses.error(CODE, retry(2, 0))),
        Arguments.of("another domain", Statuses.error(CODE, OURS.toBuilder().setDomain("pubsub.example.com").build())),
        Arguments.of("no domain", Statuses.error(CODE, OURS.toBuilder().clearDomain().build())),
        Arguments.of("ErrorInfo twice", Statuses.error(CODE, OURS, OURS)),
        Arguments.of("BadRequest twice", Statuses.error(CODE, OURS, badRequest(), badRequest())),
        Arguments.of("an ErrorInfo that is garbage", Statuses.error(CODE, garbage(ErrorInfo.getDefaultInstance()))),
        Arguments.of("a BadRequest that is garbage", Statuses.error(CODE, OURS, garbage(badRequest()))),
        Arguments.of("a delay that no Duration can hold", Statuses.error(CODE, OURS, retry(Long.MAX_VALUE, 0))),
        Arguments.of("details that are garbage", Statuses.withBytes(CODE, new byte[] {1, 2, 3})),
        Arguments.of("empty details", Statuses.withBytes(CODE, new byte[0])),
        Arguments.of("details of another code", ofAnotherCode()));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("foreign")
  void itIsUnknown(String about, StatusRuntimeException status) {
    assertEquals(unknown(status), CallError.from(status));
  }

  @Test
  void detailsOfAKindThatIsNewerAreNoHarm() {
    Any newer = Any.newBuilder().setTypeUrl("type.googleapis.com/google.rpc.Newer").setValue(bytes()).build();

    assertEquals(
        ErrorReason.ERROR_REASON_FLOW_NOT_FOUND, CallError.from(Statuses.error(CODE, newer, OURS)).reason());
  }

  @Test
  void garbageThatCameOverAConnectionIsUnknown() throws IOException {
    try (ScriptedGateway gateway = new ScriptedGateway(Statuses.withBytes(CODE, new byte[] {1, 2, 3}))) {
      ManagedChannel channel = GatewayChannels.open(gateway.target(), InsecureChannelCredentials.create());
      CallError error = null;
      try {
        CallPlacer.on(channel).withMaxAttempts(1).placeCall(Requests.toAFlow());
      } catch (CallException failure) {
        error = failure.error();
      } finally {
        channel.shutdownNow();
      }

      assertEquals(unknown(CODE.toStatus().asRuntimeException()), error);
    }
  }

  @ParameterizedTest
  @EnumSource(value = Status.Code.class, mode = EnumSource.Mode.EXCLUDE, names = "OK")
  void itIsRepeatedUnlessTheNextWouldNotArriveEither(Status.Code code) {
    boolean arrives = code != Status.Code.RESOURCE_EXHAUSTED && code != Status.Code.UNIMPLEMENTED;
    CallError error = CallError.from(Statuses.foreign(code));

    assertEquals(arrives, error.mayRepeat());
    assertFalse(error.nobodyWasDialed());
  }

  @Test
  void whatIsNoStatusHasTheCodeUnknown() {
    CallError error = CallError.from(new IOException("connection to +13236550107"));

    assertEquals(unknown(Status.UNKNOWN.asRuntimeException()), error);
  }

  @Test
  void itsTextIsNotShown() {
    CallError error = CallError.from(Statuses.foreign(CODE));

    assertEquals("call to +13236550107 failed", error.message());
    assertEquals(
        "CallError[code=NOT_FOUND, reason=ERROR_REASON_UNSPECIFIED, dispatch=DISPATCH_UNSPECIFIED,"
            + " advice=RETRY_ADVICE_UNSPECIFIED, callId=]",
        error.toString());
  }

  private static CallError unknown(StatusRuntimeException status) {
    String text = status.getStatus().getDescription();
    return new CallError(
        status.getStatus().getCode(),
        text == null ? "" : text,
        false,
        ErrorReason.ERROR_REASON_UNSPECIFIED,
        "",
        Dispatch.DISPATCH_UNSPECIFIED,
        RetryAdvice.RETRY_ADVICE_UNSPECIFIED,
        List.of(),
        Optional.empty(),
        Optional.empty(),
        Map.of());
  }

  private static RetryInfo retry(long seconds, int nanos) {
    return RetryInfo.newBuilder().setRetryDelay(Duration.newBuilder().setSeconds(seconds).setNanos(nanos)).build();
  }

  private static BadRequest badRequest() {
    return BadRequest.newBuilder().addFieldViolations(BadRequest.FieldViolation.newBuilder().setField("call")).build();
  }

  private static Any garbage(com.google.protobuf.Message kind) {
    return Any.pack(kind).toBuilder().setValue(bytes()).build();
  }

  private static ByteString bytes() {
    return ByteString.copyFrom(new byte[] {10, 99, 1});
  }

  private static StatusRuntimeException ofAnotherCode() {
    StatusRuntimeException ours = Statuses.error(CODE, OURS);
    return Status.UNAVAILABLE.asRuntimeException(ours.getTrailers());
  }
}
