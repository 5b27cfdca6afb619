package com.example.voicegateway.client;

import com.example.voicegateway.v1.Dispatch;
import com.example.voicegateway.v1.ErrorReason;
import com.example.voicegateway.v1.RetryAdvice;
import com.google.protobuf.Descriptors.EnumDescriptor;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.rpc.ErrorInfo;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.StatusRuntimeException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/** Reads a {@link CallError} from what a gRPC call ended with. */
final class StatusReader {
  private StatusReader() {}

  static CallError read(Throwable error) {
    for (Throwable each = error; each != null; each = each.getCause()) {
      if (each instanceof StatusRuntimeException found) {
        return read(found.getStatus(), found.getTrailers());
      }
      if (each instanceof StatusException found) {
        return read(found.getStatus(), found.getTrailers());
      }
    }
    return foreign(Status.UNKNOWN);
  }

  private static CallError read(Status status, Metadata trailers) {
    return StatusDetails.of(status, trailers)
        .filter(StatusDetails::areTheGateways)
        .map(details -> ours(status, details))
        .orElseGet(() -> foreign(status));
  }

  private static CallError ours(Status status, StatusDetails details) {
    ErrorInfo info = details.errorInfo();
    return new CallError(
        status.getCode(),
        message(status),
        true,
        named(info.getReason(), ErrorReason.getDescriptor(), ErrorReason::valueOf),
        info.getReason(),
        named(info.getMetadataOrDefault("dispatch", ""), Dispatch.getDescriptor(), Dispatch::valueOf),
        named(info.getMetadataOrDefault("retry", ""), RetryAdvice.getDescriptor(), RetryAdvice::valueOf),
        details.violations(),
        details.resource(),
        details.retryDelay(),
        info.getMetadataMap());
  }

  private static CallError foreign(Status status) {
    return new CallError(
        status.getCode(),
        message(status),
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

  private static String message(Status status) {
    return status.getDescription() == null ? "" : status.getDescription();
  }

  /** Finds the value of a name; the one of number zero for a name that is newer than this package. */
  private static <E> E named(String name, EnumDescriptor type, Function<EnumValueDescriptor, E> valueOf) {
    EnumValueDescriptor value = type.findValueByName(name);
    return valueOf.apply(value == null ? type.findValueByNumber(0) : value);
  }
}
