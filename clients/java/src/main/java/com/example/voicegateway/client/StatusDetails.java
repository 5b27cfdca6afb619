package com.example.voicegateway.client;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.PreconditionFailure;
import com.google.rpc.ResourceInfo;
import com.google.rpc.RetryInfo;
import io.grpc.Metadata;
import io.grpc.Status;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The details of a status, if they are as the gateway writes them: readable, and each kind once. */
record StatusDetails(
    ErrorInfo errorInfo,
    List<Violation> violations,
    Optional<CallError.Resource> resource,
    Optional<Duration> retryDelay) {
  /** Not StatusProto: that throws where the bytes are no status. */
  private static final Metadata.Key<byte[]> TRAILER =
      Metadata.Key.of("grpc-status-details-bin", Metadata.BINARY_BYTE_MARSHALLER);

  private static final String DOMAIN = "voicegateway.v1";

  boolean areTheGateways() {
    return errorInfo.getDomain().equals(DOMAIN);
  }

  /** Reads them; empty where there is no ErrorInfo, or where anything is not as it should be. */
  static Optional<StatusDetails> of(Status status, Metadata trailers) {
    byte[] bytes = trailers == null ? null : trailers.get(TRAILER);
    if (bytes == null) {
      return Optional.empty();
    }
    try {
      com.google.rpc.Status written = com.google.rpc.Status.parseFrom(bytes);
      // Somebody on the way answers with the gateway's details, and another code.
      return written.getCode() == status.getCode().value() ? of(written) : Optional.empty();
    } catch (InvalidProtocolBufferException error) {
      return Optional.empty();
    }
  }

  private static Optional<StatusDetails> of(com.google.rpc.Status status) throws InvalidProtocolBufferException {
    ErrorInfo info = only(ErrorInfo.class, status).orElse(null);
    if (info == null) {
      return Optional.empty();
    }
    BadRequest rules = only(BadRequest.class, status).orElse(BadRequest.getDefaultInstance());
    PreconditionFailure policies =
        only(PreconditionFailure.class, status).orElse(PreconditionFailure.getDefaultInstance());
    return Optional.of(
        new StatusDetails(
            info,
            violations(rules, policies),
            only(ResourceInfo.class, status)
                .map(found -> new CallError.Resource(found.getResourceType(), found.getResourceName())),
            delay(only(RetryInfo.class, status).orElse(RetryInfo.getDefaultInstance()))));
  }

  private static List<Violation> violations(BadRequest rules, PreconditionFailure policies) {
    return Stream.concat(
            rules.getFieldViolationsList().stream()
                .map(each -> new Violation(each.getField(), each.getReason(), each.getDescription())),
            policies.getViolationsList().stream()
                .map(each -> new Violation(each.getSubject(), each.getType(), each.getDescription())))
        .toList();
  }

  private static Optional<Duration> delay(RetryInfo info) throws InvalidProtocolBufferException {
    if (!info.hasRetryDelay()) {
      return Optional.empty();
    }
    if (!Times.inRange(info.getRetryDelay())) {
      throw new InvalidProtocolBufferException("no Duration can hold this retry_delay");
    }
    return Optional.of(Duration.ofSeconds(info.getRetryDelay().getSeconds(), info.getRetryDelay().getNanos()));
  }

  private static <M extends Message> Optional<M> only(Class<M> kind, com.google.rpc.Status status)
      throws InvalidProtocolBufferException {
    List<Any> found = status.getDetailsList().stream().filter(detail -> detail.is(kind)).toList();
    if (found.size() > 1) {
      throw new InvalidProtocolBufferException("there is more than one " + kind.getSimpleName());
    }
    return found.isEmpty() ? Optional.empty() : Optional.of(found.get(0).unpack(kind));
  }
}
