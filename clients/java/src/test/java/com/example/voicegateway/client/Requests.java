package com.example.voicegateway.client;

import com.example.voicegateway.v1.Ivr;
import com.example.voicegateway.v1.OutboundCallRequest;
import com.example.voicegateway.v1.PlaceCallRequest;
import com.example.voicegateway.v1.Recipient;

/** Requests for tests. */
final class Requests {
  private Requests() {}

  static OutboundCallRequest.Builder call() {
    return OutboundCallRequest.newBuilder()
        .addRecipients(Recipient.newBuilder().setNumber("+13236550107"))
        .setIvr(Ivr.newBuilder().setFlowId("SG_1"));
  }

  static PlaceCallRequest toAFlow() {
    return with(call());
  }

  static PlaceCallRequest with(OutboundCallRequest.Builder call) {
    return PlaceCallRequest.newBuilder().setRequestId("reminder-8812").setCall(call).build();
  }
}
