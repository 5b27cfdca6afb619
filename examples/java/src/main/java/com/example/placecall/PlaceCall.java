package com.example.placecall;

import com.example.voicegateway.client.CallError;
import com.example.voicegateway.client.CallException;
import com.example.voicegateway.client.CallPlacer;
import com.example.voicegateway.client.GatewayChannels;
import com.example.voicegateway.v1.ErrorReason;
import com.example.voicegateway.v1.GetCallRequest;
import com.example.voicegateway.v1.Ivr;
import com.example.voicegateway.v1.OutboundCall;
import com.example.voicegateway.v1.OutboundCallRequest;
import com.example.voicegateway.v1.OutboundCallServiceGrpc;
import com.example.voicegateway.v1.PlaceCallRequest;
import com.example.voicegateway.v1.Recipient;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/** Places a call to a flow, and says what happened to the phone. */
public final class PlaceCall {
  public static void main(String[] args) {
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
    // Two attempts, for a person waits. A program that nobody waits for is more patient.
    ManagedChannel channel = GatewayChannels.open(target, InsecureChannelCredentials.create());
    try {
      OutboundCall call = CallPlacer.on(channel).withMaxAttempts(2).placeCall(request).getCall();
      System.out.println("call_id: " + call.getCallId());
      System.out.println("dispatch: " + call.getDispatch());
    } catch (CallException failure) {
      explain(failure.error(), channel);
      System.exit(1);
    } finally {
      channel.shutdownNow();
    }
  }

  /** Prints why the call was not accepted, what happened to the phone, and what to do next. */
  private static void explain(CallError error, ManagedChannel channel) {
    if (!error.fromGateway()) {
      // Not the gateway's answer: a proxy's, or this library's. The phone may ring. Keep the request_id: repeating the
      // request with it, however late, tells what became of it.
      System.err.println(error.code() + ": " + error.message());
      System.out.printf("reason: unknown%ndispatch: unknown%nretry: unknown%n");
      return;
    }
    System.out.println("reason: " + error.reasonName());
    System.out.println("dispatch: " + error.dispatch());
    System.out.println("retry: " + error.advice());
    error.violations().forEach(each -> System.out.println("violation: " + each.field() + ": " + each.description()));
    if (error.reason() == ErrorReason.ERROR_REASON_OUTCOME_UNKNOWN) {
      lookUp(channel, error.requestId().orElseThrow());
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
}
