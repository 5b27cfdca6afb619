package com.example.voicegateway.conformance;

import com.example.voicegateway.v1.OutboundCallServiceGrpc;
import com.google.protobuf.Message;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.PrototypeMarshaller;
import io.grpc.stub.ClientCalls;
import java.util.Iterator;
import java.util.concurrent.TimeUnit;

/** One RPC of the service, by its name. */
record Service(MethodDescriptor<Message, Message> method) {
  @SuppressWarnings("unchecked") // every request and reply is a Message
  static Service named(String rpc) {
    return OutboundCallServiceGrpc.getServiceDescriptor().getMethods().stream()
        .filter(each -> rpc.equals(each.getBareMethodName()))
        .map(each -> new Service((MethodDescriptor<Message, Message>) each))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("no RPC " + rpc));
  }

  Message.Builder newRequest() {
    PrototypeMarshaller<Message> marshaller = (PrototypeMarshaller<Message>) method.getRequestMarshaller();
    return marshaller.getMessagePrototype().newBuilderForType();
  }

  /** Calls it; returns its reply, or the first of a stream. */
  Message call(Channel channel, Message request, double seconds) {
    CallOptions options =
        CallOptions.DEFAULT.withDeadlineAfter((long) (seconds * 1_000_000), TimeUnit.MICROSECONDS);
    if (method.getType() == MethodDescriptor.MethodType.UNARY) {
      return ClientCalls.blockingUnaryCall(channel, method, options, request);
    }
    Iterator<Message> stream = ClientCalls.blockingServerStreamingCall(channel, method, options, request);
    return stream.next();
  }
}
