package com.example.placecall;

import com.example.voicegateway.v1.Ivr;
import com.example.voicegateway.v1.OutboundCall;
import com.example.voicegateway.v1.OutboundCallRequest;
import com.example.voicegateway.v1.OutboundCallServiceGrpc;
import com.example.voicegateway.v1.PlaceCallRequest;
import com.example.voicegateway.v1.Recipient;
import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/** Places a call to a flow, and says what happened to the phone. */
public final class PlaceCall {
  public static void main(String[] args) throws InvalidProtocolBufferException {
    Map<String, String> options = new HashMap<>();
    for (int i = 0; i + 1 < args.length; i += 2) {
      options.put(args[i], args[i + 1]);
    }
    String target = options.getOrDefault("--target", "127.0.0.1:50051");
    PlaceCallRequest request =
        PlaceCallRequest.newBuilder()
            .setCall(
                OutboundCallRequest.newBuilder()
                    .addRecipients(Recipient.newBuilder().setNumber(options.getOrDefault("--to", "+13236550107")))
                    .setIvr(Ivr.newBuilder().setFlowId(options.getOrDefault("--flow", "SG_1"))))
            // Made once, before the first attempt, and kept for every repeat: it names the intent, not the attempt.
            .setRequestId(UUID.randomUUID().toString())
            .build();
    System.out.println("request_id: " + request.getRequestId());
    try {
      OutboundCall call = placeCall(target, request);
      System.out.println("call_id: " + call.getCallId());
      System.out.println("dispatch: " + call.getDispatch());
    } catch (StatusRuntimeException error) {
      explain(error);
      System.exit(1);
    }
  }

  private static OutboundCall placeCall(String target, PlaceCallRequest request) {
    ManagedChannel channel = Grpc.newChannelBuilder(target, InsecureChannelCredentials.create()).build();
    try {
      return OutboundCallServiceGrpc.newBlockingStub(channel)
          .withDeadlineAfter(30, TimeUnit.SECONDS)
          .placeCall(request)
          .getCall();
    } finally {
      channel.shutdownNow();
    }
  }

  /** Prints why the call was not accepted, what happened to the phone, and what to do next. */
  private static void explain(StatusRuntimeException error) throws InvalidProtocolBufferException {
    ErrorInfo info = ErrorInfo.getDefaultInstance();
    BadRequest badRequest = BadRequest.getDefaultInstance();
    for (Any detail : StatusProto.fromThrowable(error).getDetailsList()) {
      if (detail.is(ErrorInfo.class)) {
        info = detail.unpack(ErrorInfo.class);
      } else if (detail.is(BadRequest.class)) {
        badRequest = detail.unpack(BadRequest.class);
      }
    }

    if (!info.getDomain().equals("voicegateway.v1")) {
      // Not the gateway's answer: a proxy's, or this library's. The phone may ring.
      System.err.println(error.getMessage());
      System.out.printf("reason: unknown%ndispatch: unknown%nretry: unknown%n");
      return;
    }
    System.out.println("reason: " + info.getReason());
    System.out.println("dispatch: " + info.getMetadataOrDefault("dispatch", "unknown"));
    System.out.println("retry: " + info.getMetadataOrDefault("retry", "unknown"));
    for (BadRequest.FieldViolation violation : badRequest.getFieldViolationsList()) {
      System.out.println("violation: " + violation.getField() + ": " + violation.getDescription());
    }
  }
}
