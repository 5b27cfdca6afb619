package com.example.voicegateway.v1;

import static io.grpc.MethodDescriptor.generateFullMethodName;

/**
 * <pre>
 * Places outbound voice calls and tells what became of them.
 * Every error carries one google.rpc.ErrorInfo whose `reason` is an ErrorReason and whose metadata
 * says what happened to the phones (`dispatch`) and what to do next (`retry`).
 * </pre>
 */
@io.grpc.stub.annotations.GrpcGenerated
public final class OutboundCallServiceGrpc {

  private OutboundCallServiceGrpc() {}

  public static final java.lang.String SERVICE_NAME = "voicegateway.v1.OutboundCallService";

  // Static method descriptors that strictly reflect the proto.
  private static volatile io.grpc.MethodDescriptor<com.example.voicegateway.v1.PlaceCallRequest,
      com.example.voicegateway.v1.PlaceCallResponse> getPlaceCallMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "PlaceCall",
      requestType = com.example.voicegateway.v1.PlaceCallRequest.class,
      responseType = com.example.voicegateway.v1.PlaceCallResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<com.example.voicegateway.v1.PlaceCallRequest,
      com.example.voicegateway.v1.PlaceCallResponse> getPlaceCallMethod() {
    io.grpc.MethodDescriptor<com.example.voicegateway.v1.PlaceCallRequest, com.example.voicegateway.v1.PlaceCallResponse> getPlaceCallMethod;
    if ((getPlaceCallMethod = OutboundCallServiceGrpc.getPlaceCallMethod) == null) {
      synchronized (OutboundCallServiceGrpc.class) {
        if ((getPlaceCallMethod = OutboundCallServiceGrpc.getPlaceCallMethod) == null) {
          OutboundCallServiceGrpc.getPlaceCallMethod = getPlaceCallMethod =
              io.grpc.MethodDescriptor.<com.example.voicegateway.v1.PlaceCallRequest, com.example.voicegateway.v1.PlaceCallResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "PlaceCall"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  com.example.voicegateway.v1.PlaceCallRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  com.example.voicegateway.v1.PlaceCallResponse.getDefaultInstance()))
              .setSchemaDescriptor(new OutboundCallServiceMethodDescriptorSupplier("PlaceCall"))
              .build();
        }
      }
    }
    return getPlaceCallMethod;
  }

  private static volatile io.grpc.MethodDescriptor<com.example.voicegateway.v1.GetCallRequest,
      com.example.voicegateway.v1.GetCallResponse> getGetCallMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "GetCall",
      requestType = com.example.voicegateway.v1.GetCallRequest.class,
      responseType = com.example.voicegateway.v1.GetCallResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<com.example.voicegateway.v1.GetCallRequest,
      com.example.voicegateway.v1.GetCallResponse> getGetCallMethod() {
    io.grpc.MethodDescriptor<com.example.voicegateway.v1.GetCallRequest, com.example.voicegateway.v1.GetCallResponse> getGetCallMethod;
    if ((getGetCallMethod = OutboundCallServiceGrpc.getGetCallMethod) == null) {
      synchronized (OutboundCallServiceGrpc.class) {
        if ((getGetCallMethod = OutboundCallServiceGrpc.getGetCallMethod) == null) {
          OutboundCallServiceGrpc.getGetCallMethod = getGetCallMethod =
              io.grpc.MethodDescriptor.<com.example.voicegateway.v1.GetCallRequest, com.example.voicegateway.v1.GetCallResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "GetCall"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  com.example.voicegateway.v1.GetCallRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  com.example.voicegateway.v1.GetCallResponse.getDefaultInstance()))
              .setSchemaDescriptor(new OutboundCallServiceMethodDescriptorSupplier("GetCall"))
              .build();
        }
      }
    }
    return getGetCallMethod;
  }

  private static volatile io.grpc.MethodDescriptor<com.example.voicegateway.v1.ListCallsRequest,
      com.example.voicegateway.v1.ListCallsResponse> getListCallsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "ListCalls",
      requestType = com.example.voicegateway.v1.ListCallsRequest.class,
      responseType = com.example.voicegateway.v1.ListCallsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.UNARY)
  public static io.grpc.MethodDescriptor<com.example.voicegateway.v1.ListCallsRequest,
      com.example.voicegateway.v1.ListCallsResponse> getListCallsMethod() {
    io.grpc.MethodDescriptor<com.example.voicegateway.v1.ListCallsRequest, com.example.voicegateway.v1.ListCallsResponse> getListCallsMethod;
    if ((getListCallsMethod = OutboundCallServiceGrpc.getListCallsMethod) == null) {
      synchronized (OutboundCallServiceGrpc.class) {
        if ((getListCallsMethod = OutboundCallServiceGrpc.getListCallsMethod) == null) {
          OutboundCallServiceGrpc.getListCallsMethod = getListCallsMethod =
              io.grpc.MethodDescriptor.<com.example.voicegateway.v1.ListCallsRequest, com.example.voicegateway.v1.ListCallsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.UNARY)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "ListCalls"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  com.example.voicegateway.v1.ListCallsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  com.example.voicegateway.v1.ListCallsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new OutboundCallServiceMethodDescriptorSupplier("ListCalls"))
              .build();
        }
      }
    }
    return getListCallsMethod;
  }

  private static volatile io.grpc.MethodDescriptor<com.example.voicegateway.v1.WatchCallsRequest,
      com.example.voicegateway.v1.WatchCallsResponse> getWatchCallsMethod;

  @io.grpc.stub.annotations.RpcMethod(
      fullMethodName = SERVICE_NAME + '/' + "WatchCalls",
      requestType = com.example.voicegateway.v1.WatchCallsRequest.class,
      responseType = com.example.voicegateway.v1.WatchCallsResponse.class,
      methodType = io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
  public static io.grpc.MethodDescriptor<com.example.voicegateway.v1.WatchCallsRequest,
      com.example.voicegateway.v1.WatchCallsResponse> getWatchCallsMethod() {
    io.grpc.MethodDescriptor<com.example.voicegateway.v1.WatchCallsRequest, com.example.voicegateway.v1.WatchCallsResponse> getWatchCallsMethod;
    if ((getWatchCallsMethod = OutboundCallServiceGrpc.getWatchCallsMethod) == null) {
      synchronized (OutboundCallServiceGrpc.class) {
        if ((getWatchCallsMethod = OutboundCallServiceGrpc.getWatchCallsMethod) == null) {
          OutboundCallServiceGrpc.getWatchCallsMethod = getWatchCallsMethod =
              io.grpc.MethodDescriptor.<com.example.voicegateway.v1.WatchCallsRequest, com.example.voicegateway.v1.WatchCallsResponse>newBuilder()
              .setType(io.grpc.MethodDescriptor.MethodType.SERVER_STREAMING)
              .setFullMethodName(generateFullMethodName(SERVICE_NAME, "WatchCalls"))
              .setSampledToLocalTracing(true)
              .setRequestMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  com.example.voicegateway.v1.WatchCallsRequest.getDefaultInstance()))
              .setResponseMarshaller(io.grpc.protobuf.ProtoUtils.marshaller(
                  com.example.voicegateway.v1.WatchCallsResponse.getDefaultInstance()))
              .setSchemaDescriptor(new OutboundCallServiceMethodDescriptorSupplier("WatchCalls"))
              .build();
        }
      }
    }
    return getWatchCallsMethod;
  }

  /**
   * Creates a new async stub that supports all call types for the service
   */
  public static OutboundCallServiceStub newStub(io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<OutboundCallServiceStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<OutboundCallServiceStub>() {
        @java.lang.Override
        public OutboundCallServiceStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new OutboundCallServiceStub(channel, callOptions);
        }
      };
    return OutboundCallServiceStub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports all types of calls on the service
   */
  public static OutboundCallServiceBlockingV2Stub newBlockingV2Stub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<OutboundCallServiceBlockingV2Stub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<OutboundCallServiceBlockingV2Stub>() {
        @java.lang.Override
        public OutboundCallServiceBlockingV2Stub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new OutboundCallServiceBlockingV2Stub(channel, callOptions);
        }
      };
    return OutboundCallServiceBlockingV2Stub.newStub(factory, channel);
  }

  /**
   * Creates a new blocking-style stub that supports unary and streaming output calls on the service
   */
  public static OutboundCallServiceBlockingStub newBlockingStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<OutboundCallServiceBlockingStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<OutboundCallServiceBlockingStub>() {
        @java.lang.Override
        public OutboundCallServiceBlockingStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new OutboundCallServiceBlockingStub(channel, callOptions);
        }
      };
    return OutboundCallServiceBlockingStub.newStub(factory, channel);
  }

  /**
   * Creates a new ListenableFuture-style stub that supports unary calls on the service
   */
  public static OutboundCallServiceFutureStub newFutureStub(
      io.grpc.Channel channel) {
    io.grpc.stub.AbstractStub.StubFactory<OutboundCallServiceFutureStub> factory =
      new io.grpc.stub.AbstractStub.StubFactory<OutboundCallServiceFutureStub>() {
        @java.lang.Override
        public OutboundCallServiceFutureStub newStub(io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
          return new OutboundCallServiceFutureStub(channel, callOptions);
        }
      };
    return OutboundCallServiceFutureStub.newStub(factory, channel);
  }

  /**
   * <pre>
   * Places outbound voice calls and tells what became of them.
   * Every error carries one google.rpc.ErrorInfo whose `reason` is an ErrorReason and whose metadata
   * says what happened to the phones (`dispatch`) and what to do next (`retry`).
   * </pre>
   */
  public interface AsyncService {

    /**
     * <pre>
     * Places one call to 1 to 100 recipients, at most once for a request_id.
     * A reply means that the provider accepted the request, not that a phone rang; there is no
     * cancel. Once the request is on its way, a caller that goes away changes nothing. Repeating a
     * request with the same request_id and account answers with that call's current outcome and
     * sends nothing.
     * </pre>
     */
    default void placeCall(com.example.voicegateway.v1.PlaceCallRequest request,
        io.grpc.stub.StreamObserver<com.example.voicegateway.v1.PlaceCallResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getPlaceCallMethod(), responseObserver);
    }

    /**
     * <pre>
     * Reads one call. Fails as CALL_NOT_FOUND, also for a call of another account.
     * </pre>
     */
    default void getCall(com.example.voicegateway.v1.GetCallRequest request,
        io.grpc.stub.StreamObserver<com.example.voicegateway.v1.GetCallResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getGetCallMethod(), responseObserver);
    }

    /**
     * <pre>
     * Lists calls of an account, newest first. Fails as INVALID_REQUEST for a page token that is not
     * of this account and these filters.
     * </pre>
     */
    default void listCalls(com.example.voicegateway.v1.ListCallsRequest request,
        io.grpc.stub.StreamObserver<com.example.voicegateway.v1.ListCallsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getListCallsMethod(), responseObserver);
    }

    /**
     * <pre>
     * Follows one call, or all calls of an account, without missing, repeating or reordering an
     * event. Fails as CURSOR_OUT_OF_RANGE when after_sequence is no longer kept.
     * </pre>
     */
    default void watchCalls(com.example.voicegateway.v1.WatchCallsRequest request,
        io.grpc.stub.StreamObserver<com.example.voicegateway.v1.WatchCallsResponse> responseObserver) {
      io.grpc.stub.ServerCalls.asyncUnimplementedUnaryCall(getWatchCallsMethod(), responseObserver);
    }
  }

  /**
   * Base class for the server implementation of the service OutboundCallService.
   * <pre>
   * Places outbound voice calls and tells what became of them.
   * Every error carries one google.rpc.ErrorInfo whose `reason` is an ErrorReason and whose metadata
   * says what happened to the phones (`dispatch`) and what to do next (`retry`).
   * </pre>
   */
  public static abstract class OutboundCallServiceImplBase
      implements io.grpc.BindableService, AsyncService {

    @java.lang.Override public final io.grpc.ServerServiceDefinition bindService() {
      return OutboundCallServiceGrpc.bindService(this);
    }
  }

  /**
   * A stub to allow clients to do asynchronous rpc calls to service OutboundCallService.
   * <pre>
   * Places outbound voice calls and tells what became of them.
   * Every error carries one google.rpc.ErrorInfo whose `reason` is an ErrorReason and whose metadata
   * says what happened to the phones (`dispatch`) and what to do next (`retry`).
   * </pre>
   */
  public static final class OutboundCallServiceStub
      extends io.grpc.stub.AbstractAsyncStub<OutboundCallServiceStub> {
    private OutboundCallServiceStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected OutboundCallServiceStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new OutboundCallServiceStub(channel, callOptions);
    }

    /**
     * <pre>
     * Places one call to 1 to 100 recipients, at most once for a request_id.
     * A reply means that the provider accepted the request, not that a phone rang; there is no
     * cancel. Once the request is on its way, a caller that goes away changes nothing. Repeating a
     * request with the same request_id and account answers with that call's current outcome and
     * sends nothing.
     * </pre>
     */
    public void placeCall(com.example.voicegateway.v1.PlaceCallRequest request,
        io.grpc.stub.StreamObserver<com.example.voicegateway.v1.PlaceCallResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getPlaceCallMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Reads one call. Fails as CALL_NOT_FOUND, also for a call of another account.
     * </pre>
     */
    public void getCall(com.example.voicegateway.v1.GetCallRequest request,
        io.grpc.stub.StreamObserver<com.example.voicegateway.v1.GetCallResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getGetCallMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Lists calls of an account, newest first. Fails as INVALID_REQUEST for a page token that is not
     * of this account and these filters.
     * </pre>
     */
    public void listCalls(com.example.voicegateway.v1.ListCallsRequest request,
        io.grpc.stub.StreamObserver<com.example.voicegateway.v1.ListCallsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncUnaryCall(
          getChannel().newCall(getListCallsMethod(), getCallOptions()), request, responseObserver);
    }

    /**
     * <pre>
     * Follows one call, or all calls of an account, without missing, repeating or reordering an
     * event. Fails as CURSOR_OUT_OF_RANGE when after_sequence is no longer kept.
     * </pre>
     */
    public void watchCalls(com.example.voicegateway.v1.WatchCallsRequest request,
        io.grpc.stub.StreamObserver<com.example.voicegateway.v1.WatchCallsResponse> responseObserver) {
      io.grpc.stub.ClientCalls.asyncServerStreamingCall(
          getChannel().newCall(getWatchCallsMethod(), getCallOptions()), request, responseObserver);
    }
  }

  /**
   * A stub to allow clients to do synchronous rpc calls to service OutboundCallService.
   * <pre>
   * Places outbound voice calls and tells what became of them.
   * Every error carries one google.rpc.ErrorInfo whose `reason` is an ErrorReason and whose metadata
   * says what happened to the phones (`dispatch`) and what to do next (`retry`).
   * </pre>
   */
  public static final class OutboundCallServiceBlockingV2Stub
      extends io.grpc.stub.AbstractBlockingStub<OutboundCallServiceBlockingV2Stub> {
    private OutboundCallServiceBlockingV2Stub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected OutboundCallServiceBlockingV2Stub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new OutboundCallServiceBlockingV2Stub(channel, callOptions);
    }

    /**
     * <pre>
     * Places one call to 1 to 100 recipients, at most once for a request_id.
     * A reply means that the provider accepted the request, not that a phone rang; there is no
     * cancel. Once the request is on its way, a caller that goes away changes nothing. Repeating a
     * request with the same request_id and account answers with that call's current outcome and
     * sends nothing.
     * </pre>
     */
    public com.example.voicegateway.v1.PlaceCallResponse placeCall(com.example.voicegateway.v1.PlaceCallRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getPlaceCallMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Reads one call. Fails as CALL_NOT_FOUND, also for a call of another account.
     * </pre>
     */
    public com.example.voicegateway.v1.GetCallResponse getCall(com.example.voicegateway.v1.GetCallRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getGetCallMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists calls of an account, newest first. Fails as INVALID_REQUEST for a page token that is not
     * of this account and these filters.
     * </pre>
     */
    public com.example.voicegateway.v1.ListCallsResponse listCalls(com.example.voicegateway.v1.ListCallsRequest request) throws io.grpc.StatusException {
      return io.grpc.stub.ClientCalls.blockingV2UnaryCall(
          getChannel(), getListCallsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Follows one call, or all calls of an account, without missing, repeating or reordering an
     * event. Fails as CURSOR_OUT_OF_RANGE when after_sequence is no longer kept.
     * </pre>
     */
    @io.grpc.ExperimentalApi("https://github.com/grpc/grpc-java/issues/10918")
    public io.grpc.stub.BlockingClientCall<?, com.example.voicegateway.v1.WatchCallsResponse>
        watchCalls(com.example.voicegateway.v1.WatchCallsRequest request) {
      return io.grpc.stub.ClientCalls.blockingV2ServerStreamingCall(
          getChannel(), getWatchCallsMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do limited synchronous rpc calls to service OutboundCallService.
   * <pre>
   * Places outbound voice calls and tells what became of them.
   * Every error carries one google.rpc.ErrorInfo whose `reason` is an ErrorReason and whose metadata
   * says what happened to the phones (`dispatch`) and what to do next (`retry`).
   * </pre>
   */
  public static final class OutboundCallServiceBlockingStub
      extends io.grpc.stub.AbstractBlockingStub<OutboundCallServiceBlockingStub> {
    private OutboundCallServiceBlockingStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected OutboundCallServiceBlockingStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new OutboundCallServiceBlockingStub(channel, callOptions);
    }

    /**
     * <pre>
     * Places one call to 1 to 100 recipients, at most once for a request_id.
     * A reply means that the provider accepted the request, not that a phone rang; there is no
     * cancel. Once the request is on its way, a caller that goes away changes nothing. Repeating a
     * request with the same request_id and account answers with that call's current outcome and
     * sends nothing.
     * </pre>
     */
    public com.example.voicegateway.v1.PlaceCallResponse placeCall(com.example.voicegateway.v1.PlaceCallRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getPlaceCallMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Reads one call. Fails as CALL_NOT_FOUND, also for a call of another account.
     * </pre>
     */
    public com.example.voicegateway.v1.GetCallResponse getCall(com.example.voicegateway.v1.GetCallRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getGetCallMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Lists calls of an account, newest first. Fails as INVALID_REQUEST for a page token that is not
     * of this account and these filters.
     * </pre>
     */
    public com.example.voicegateway.v1.ListCallsResponse listCalls(com.example.voicegateway.v1.ListCallsRequest request) {
      return io.grpc.stub.ClientCalls.blockingUnaryCall(
          getChannel(), getListCallsMethod(), getCallOptions(), request);
    }

    /**
     * <pre>
     * Follows one call, or all calls of an account, without missing, repeating or reordering an
     * event. Fails as CURSOR_OUT_OF_RANGE when after_sequence is no longer kept.
     * </pre>
     */
    public java.util.Iterator<com.example.voicegateway.v1.WatchCallsResponse> watchCalls(
        com.example.voicegateway.v1.WatchCallsRequest request) {
      return io.grpc.stub.ClientCalls.blockingServerStreamingCall(
          getChannel(), getWatchCallsMethod(), getCallOptions(), request);
    }
  }

  /**
   * A stub to allow clients to do ListenableFuture-style rpc calls to service OutboundCallService.
   * <pre>
   * Places outbound voice calls and tells what became of them.
   * Every error carries one google.rpc.ErrorInfo whose `reason` is an ErrorReason and whose metadata
   * says what happened to the phones (`dispatch`) and what to do next (`retry`).
   * </pre>
   */
  public static final class OutboundCallServiceFutureStub
      extends io.grpc.stub.AbstractFutureStub<OutboundCallServiceFutureStub> {
    private OutboundCallServiceFutureStub(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      super(channel, callOptions);
    }

    @java.lang.Override
    protected OutboundCallServiceFutureStub build(
        io.grpc.Channel channel, io.grpc.CallOptions callOptions) {
      return new OutboundCallServiceFutureStub(channel, callOptions);
    }

    /**
     * <pre>
     * Places one call to 1 to 100 recipients, at most once for a request_id.
     * A reply means that the provider accepted the request, not that a phone rang; there is no
     * cancel. Once the request is on its way, a caller that goes away changes nothing. Repeating a
     * request with the same request_id and account answers with that call's current outcome and
     * sends nothing.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<com.example.voicegateway.v1.PlaceCallResponse> placeCall(
        com.example.voicegateway.v1.PlaceCallRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getPlaceCallMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Reads one call. Fails as CALL_NOT_FOUND, also for a call of another account.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<com.example.voicegateway.v1.GetCallResponse> getCall(
        com.example.voicegateway.v1.GetCallRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getGetCallMethod(), getCallOptions()), request);
    }

    /**
     * <pre>
     * Lists calls of an account, newest first. Fails as INVALID_REQUEST for a page token that is not
     * of this account and these filters.
     * </pre>
     */
    public com.google.common.util.concurrent.ListenableFuture<com.example.voicegateway.v1.ListCallsResponse> listCalls(
        com.example.voicegateway.v1.ListCallsRequest request) {
      return io.grpc.stub.ClientCalls.futureUnaryCall(
          getChannel().newCall(getListCallsMethod(), getCallOptions()), request);
    }
  }

  private static final int METHODID_PLACE_CALL = 0;
  private static final int METHODID_GET_CALL = 1;
  private static final int METHODID_LIST_CALLS = 2;
  private static final int METHODID_WATCH_CALLS = 3;

  private static final class MethodHandlers<Req, Resp> implements
      io.grpc.stub.ServerCalls.UnaryMethod<Req, Resp>,
      io.grpc.stub.ServerCalls.ServerStreamingMethod<Req, Resp>,
      io.grpc.stub.ServerCalls.ClientStreamingMethod<Req, Resp>,
      io.grpc.stub.ServerCalls.BidiStreamingMethod<Req, Resp> {
    private final AsyncService serviceImpl;
    private final int methodId;

    MethodHandlers(AsyncService serviceImpl, int methodId) {
      this.serviceImpl = serviceImpl;
      this.methodId = methodId;
    }

    @java.lang.Override
    @java.lang.SuppressWarnings("unchecked")
    public void invoke(Req request, io.grpc.stub.StreamObserver<Resp> responseObserver) {
      switch (methodId) {
        case METHODID_PLACE_CALL:
          serviceImpl.placeCall((com.example.voicegateway.v1.PlaceCallRequest) request,
              (io.grpc.stub.StreamObserver<com.example.voicegateway.v1.PlaceCallResponse>) responseObserver);
          break;
        case METHODID_GET_CALL:
          serviceImpl.getCall((com.example.voicegateway.v1.GetCallRequest) request,
              (io.grpc.stub.StreamObserver<com.example.voicegateway.v1.GetCallResponse>) responseObserver);
          break;
        case METHODID_LIST_CALLS:
          serviceImpl.listCalls((com.example.voicegateway.v1.ListCallsRequest) request,
              (io.grpc.stub.StreamObserver<com.example.voicegateway.v1.ListCallsResponse>) responseObserver);
          break;
        case METHODID_WATCH_CALLS:
          serviceImpl.watchCalls((com.example.voicegateway.v1.WatchCallsRequest) request,
              (io.grpc.stub.StreamObserver<com.example.voicegateway.v1.WatchCallsResponse>) responseObserver);
          break;
        default:
          throw new AssertionError();
      }
    }

    @java.lang.Override
    @java.lang.SuppressWarnings("unchecked")
    public io.grpc.stub.StreamObserver<Req> invoke(
        io.grpc.stub.StreamObserver<Resp> responseObserver) {
      switch (methodId) {
        default:
          throw new AssertionError();
      }
    }
  }

  public static final io.grpc.ServerServiceDefinition bindService(AsyncService service) {
    return io.grpc.ServerServiceDefinition.builder(getServiceDescriptor())
        .addMethod(
          getPlaceCallMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              com.example.voicegateway.v1.PlaceCallRequest,
              com.example.voicegateway.v1.PlaceCallResponse>(
                service, METHODID_PLACE_CALL)))
        .addMethod(
          getGetCallMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              com.example.voicegateway.v1.GetCallRequest,
              com.example.voicegateway.v1.GetCallResponse>(
                service, METHODID_GET_CALL)))
        .addMethod(
          getListCallsMethod(),
          io.grpc.stub.ServerCalls.asyncUnaryCall(
            new MethodHandlers<
              com.example.voicegateway.v1.ListCallsRequest,
              com.example.voicegateway.v1.ListCallsResponse>(
                service, METHODID_LIST_CALLS)))
        .addMethod(
          getWatchCallsMethod(),
          io.grpc.stub.ServerCalls.asyncServerStreamingCall(
            new MethodHandlers<
              com.example.voicegateway.v1.WatchCallsRequest,
              com.example.voicegateway.v1.WatchCallsResponse>(
                service, METHODID_WATCH_CALLS)))
        .build();
  }

  private static abstract class OutboundCallServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoFileDescriptorSupplier, io.grpc.protobuf.ProtoServiceDescriptorSupplier {
    OutboundCallServiceBaseDescriptorSupplier() {}

    @java.lang.Override
    public com.google.protobuf.Descriptors.FileDescriptor getFileDescriptor() {
      return com.example.voicegateway.v1.OutboundCallServiceProto.getDescriptor();
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.ServiceDescriptor getServiceDescriptor() {
      return getFileDescriptor().findServiceByName("OutboundCallService");
    }
  }

  private static final class OutboundCallServiceFileDescriptorSupplier
      extends OutboundCallServiceBaseDescriptorSupplier {
    OutboundCallServiceFileDescriptorSupplier() {}
  }

  private static final class OutboundCallServiceMethodDescriptorSupplier
      extends OutboundCallServiceBaseDescriptorSupplier
      implements io.grpc.protobuf.ProtoMethodDescriptorSupplier {
    private final java.lang.String methodName;

    OutboundCallServiceMethodDescriptorSupplier(java.lang.String methodName) {
      this.methodName = methodName;
    }

    @java.lang.Override
    public com.google.protobuf.Descriptors.MethodDescriptor getMethodDescriptor() {
      return getServiceDescriptor().findMethodByName(methodName);
    }
  }

  private static volatile io.grpc.ServiceDescriptor serviceDescriptor;

  public static io.grpc.ServiceDescriptor getServiceDescriptor() {
    io.grpc.ServiceDescriptor result = serviceDescriptor;
    if (result == null) {
      synchronized (OutboundCallServiceGrpc.class) {
        result = serviceDescriptor;
        if (result == null) {
          serviceDescriptor = result = io.grpc.ServiceDescriptor.newBuilder(SERVICE_NAME)
              .setSchemaDescriptor(new OutboundCallServiceFileDescriptorSupplier())
              .addMethod(getPlaceCallMethod())
              .addMethod(getGetCallMethod())
              .addMethod(getListCallsMethod())
              .addMethod(getWatchCallsMethod())
              .build();
        }
      }
    }
    return result;
  }
}
