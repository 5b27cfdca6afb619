package com.example.placecall;

import com.example.voicegateway.v1.GetCallRequest;
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
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/** Places a call to a flow, and says what happened to the phone. */
public final class PlaceCall {
  private static final int REPEATS = 2;

  public static void main(String[] args) throws InvalidProtocolBufferException, InterruptedException {
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
    ManagedChannel channel = Grpc.newChannelBuilder(target, InsecureChannelCredentials.create()).build();
    try {
      OutboundCall call = placeCall(channel, request, REPEATS);
      System.out.println("call_id: " + call.getCallId());
      System.out.println("dispatch: " + call.getDispatch());
    } catch (StatusRuntimeException error) {
      explain(error);
      if (errorInfo(error).getReason().equals("ERROR_REASON_OUTCOME_UNKNOWN")) {
        lookUp(channel, request.getRequestId());
      }
      System.exit(1);
    } finally {
      channel.shutdownNow();
    }
  }

  /**
   * Places the call, and repeats the request where it may help. With the same request_id that rings nobody twice: the
   * gateway tells what became of the first attempt, and dials only if nobody was dialed.
   */
  private static OutboundCall placeCall(ManagedChannel channel, PlaceCallRequest request, int repeats)
      throws InvalidProtocolBufferException, InterruptedException {
    try {
      return OutboundCallServiceGrpc.newBlockingStub(channel)
          .withDeadlineAfter(30, TimeUnit.SECONDS)
          .placeCall(request)
          .getCall();
    } catch (StatusRuntimeException error) {
      if (repeats == 0 || !aRepeatMayHelp(error)) {
        throw error;
      }
    }
    Thread.sleep(1000); // a program that nobody waits for is more patient; see RetryInfo as well
    return placeCall(channel, request, repeats - 1);
  }

  /** After a deadline or a broken connection nothing is known, and the gateway knows more; else it advises. */
  private static boolean aRepeatMayHelp(StatusRuntimeException error) throws InvalidProtocolBufferException {
    ErrorInfo info = errorInfo(error);
    if (info.getDomain().isEmpty()) {
      // These two did not reach the gateway, and would not the next time.
      Status.Code code = error.getStatus().getCode();
      return code != Status.Code.RESOURCE_EXHAUSTED && code != Status.Code.UNIMPLEMENTED;
    }
    return info.getMetadataOrDefault("retry", "").equals("RETRY_ADVICE_REPEAT");
  }

  /** Prints why the call was not accepted, what happened to the phone, and what to do next. */
  private static void explain(StatusRuntimeException error) throws InvalidProtocolBufferException {
    ErrorInfo info = errorInfo(error);
    if (info.getDomain().isEmpty()) {
      // Not the gateway's answer: a proxy's, or this library's. The phone may ring. Keep the request_id: repeating the
      // request with it, however late, tells what became of it.
      System.err.println(error.getMessage());
      System.out.printf("reason: unknown%ndispatch: unknown%nretry: unknown%n");
      return;
    }
    System.out.println("reason: " + info.getReason());
    System.out.println("dispatch: " + info.getMetadataOrDefault("dispatch", "unknown"));
    System.out.println("retry: " + info.getMetadataOrDefault("retry", "unknown"));
    for (Any detail : StatusProto.fromThrowable(error).getDetailsList()) {
      if (detail.is(BadRequest.class)) {
        for (BadRequest.FieldViolation violation : detail.unpack(BadRequest.class).getFieldViolationsList()) {
          System.out.println("violation: " + violation.getField() + ": " + violation.getDescription());
        }
      }
    }
  }

  /** Prints what is recorded of a call whose outcome is unknown: never sent again, it may become known later. */
  private static void lookUp(ManagedChannel channel, String requestId) {
    OutboundCall call =
        OutboundCallServiceGrpc.newBlockingStub(channel)
            .withDeadlineAfter(10, TimeUnit.SECONDS)
            .getCall(GetCallRequest.newBuilder().setRequestId(requestId).build())
            .getCall();
    System.out.println("recorded: " + call.getDispatch());
  }

  /** Returns the gateway's own word on an error; empty for a status of somebody else. */
  private static ErrorInfo errorInfo(StatusRuntimeException error) throws InvalidProtocolBufferException {
    for (Any detail : StatusProto.fromThrowable(error).getDetailsList()) {
      if (detail.is(ErrorInfo.class)) {
        ErrorInfo info = detail.unpack(ErrorInfo.class);
        if (info.getDomain().equals("voicegateway.v1")) {
          return info;
        }
      }
    }
    return ErrorInfo.getDefaultInstance();
  }
}
