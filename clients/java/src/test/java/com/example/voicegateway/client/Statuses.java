package com.example.voicegateway.client;

import com.google.protobuf.Any;
import com.google.protobuf.Message;
import com.google.rpc.ErrorInfo;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.util.Map;

/** Errors as a gateway sends them, and as others do. */
final class Statuses {
  static final Metadata.Key<String> PUSHBACK =
      Metadata.Key.of("grpc-retry-pushback-ms", Metadata.ASCII_STRING_MARSHALLER);

  private static final Metadata.Key<byte[]> DETAILS =
      Metadata.Key.of("grpc-status-details-bin", Metadata.BINARY_BYTE_MARSHALLER);

  private Statuses() {}

  static ErrorInfo info(String reason, String dispatch, String advice) {
    return ErrorInfo.newBuilder()
        .setDomain("voicegateway.v1")
        .setReason("ERROR_REASON_" + reason)
        .putAllMetadata(Map.of("dispatch", "DISPATCH_" + dispatch, "retry", "RETRY_ADVICE_" + advice))
        .build();
  }

  static StatusRuntimeException error(Status.Code code, Message... details) {
    com.google.rpc.Status.Builder status =
        com.google.rpc.Status.newBuilder().setCode(code.value()).setMessage("A constant text.");
    for (Message detail : details) {
      status.addDetails(detail instanceof Any any ? any : Any.pack(detail));
    }
    return StatusProto.toStatusRuntimeException(status.build());
  }

  /** A status of a proxy, or of a gRPC library. */
  static StatusRuntimeException foreign(Status.Code code) {
    return code.toStatus().withDescription("call to +13236550107 failed").asRuntimeException();
  }

  static StatusRuntimeException withBytes(Status.Code code, byte[] details) {
    Metadata trailers = new Metadata();
    trailers.put(DETAILS, details);
    return code.toStatus().asRuntimeException(trailers);
  }

  static StatusRuntimeException notToBeRepeated(StatusRuntimeException error) {
    Metadata trailers = new Metadata();
    if (error.getTrailers() != null) {
      trailers.merge(error.getTrailers());
    }
    trailers.put(PUSHBACK, "-1");
    return error.getStatus().asRuntimeException(trailers);
  }
}
