package com.example.voicegateway.client;

/**
 * Says that {@link CallPlacer} could not place a call, or that a {@link CallWatch} cannot go on. Its cause is the {@link
 * io.grpc.StatusRuntimeException} of the last attempt.
 */
public final class CallException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** What a status holds is not serializable, and neither is what it means. */
  private final transient CallError error;

  /**
   * Reads what the cause means.
   *
   * @param cause as for {@link CallError#from}
   */
  public CallException(Throwable cause) {
    super(CallError.from(cause).toString(), cause);
    error = CallError.from(cause);
  }

  /**
   * Returns what the last answer means.
   *
   * @return the error; null in an exception that was serialized
   */
  public CallError error() {
    return error;
  }
}
