package com.example.placecall;

import com.example.voicegateway.client.CallException;
import com.example.voicegateway.client.CallPlacer;
import com.example.voicegateway.client.CallWatch;
import com.example.voicegateway.client.CallWatcher;
import com.example.voicegateway.client.GatewayChannels;
import com.example.voicegateway.v1.CallEvent;
import com.example.voicegateway.v1.Dispatch;
import com.example.voicegateway.v1.Disposition;
import com.example.voicegateway.v1.Ivr;
import com.example.voicegateway.v1.OutboundCallRequest;
import com.example.voicegateway.v1.PlaceCallRequest;
import com.example.voicegateway.v1.Recipient;
import com.example.voicegateway.v1.RecipientOutcome;
import com.example.voicegateway.v1.WatchCallsRequest;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;

/** Places a call to several people, and prints what becomes of each as it happens. */
public final class WatchCall {
  public static void main(String[] args) {
    Map<String, String> options = new HashMap<>();
    for (int i = 0; i + 1 < args.length; i += 2) {
      options.put(args[i], args[i + 1]);
    }
    String target = options.getOrDefault("--target", "127.0.0.1:50051");
    String numbers = options.getOrDefault("--to", "+13236550107,+13236550108");
    PlaceCallRequest request = callTo(numbers.split(","), options.getOrDefault("--flow", "SG_1"));
    System.out.println("request_id: " + request.getRequestId());
    ManagedChannel channel = GatewayChannels.open(target, InsecureChannelCredentials.create());
    try {
      place(request, channel);
      follow(request.getRequestId(), channel);
    } catch (CallException failure) {
      System.err.println(failure.error());
      System.exit(1);
    } finally {
      channel.shutdownNow();
    }
  }

  /** Each recipient has a reference: it comes back with what becomes of him, so that no number needs to be shown. */
  private static PlaceCallRequest callTo(String[] numbers, String flow) {
    OutboundCallRequest.Builder call = OutboundCallRequest.newBuilder().setIvr(Ivr.newBuilder().setFlowId(flow));
    for (String number : numbers) {
      String reference = "recipient " + (call.getRecipientsCount() + 1);
      call.addRecipients(Recipient.newBuilder().setNumber(number).setReference(reference));
    }
    return PlaceCallRequest.newBuilder().setRequestId(UUID.randomUUID().toString()).setCall(call).build();
  }

  private static void place(PlaceCallRequest request, ManagedChannel channel) {
    try {
      CallPlacer.on(channel).placeCall(request);
    } catch (CallException failure) {
      if (failure.error().dispatch() != Dispatch.DISPATCH_OUTCOME_UNKNOWN) {
        throw failure;
      } // Else phones may ring: a report will tell.
    }
  }

  private static void follow(String requestId, ManagedChannel channel) {
    WatchCallsRequest request = WatchCallsRequest.newBuilder().setRequestId(requestId).build();
    try (CallWatch watch = CallWatcher.on(channel).watchCalls(request)) {
      for (CallEvent event : watch) {
        System.out.println(event.hasRecipient() ? line(event.getRecipient()) : "dispatch: " + event.getDispatch());
      }
    }
  }

  private static String line(RecipientOutcome outcome) {
    StringBuilder line = new StringBuilder(outcome.getRecipient().getReference() + ": " + outcome.getState());
    if (outcome.getDisposition() != Disposition.DISPOSITION_UNSPECIFIED) {
      line.append(' ').append(outcome.getDisposition());
    }
    if (!outcome.getKeypress().isEmpty()) {
      line.append(", pressed ").append(outcome.getKeypress());
    }
    if (outcome.getAttempts() > 1) {
      line.append(", dialed ").append(outcome.getAttempts()).append(" times");
    }
    if (outcome.getStale()) {
      line.append(", no report came in time");
    }
    return line.toString();
  }
}
