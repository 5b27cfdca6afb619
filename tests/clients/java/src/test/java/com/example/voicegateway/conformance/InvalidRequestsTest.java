package com.example.voicegateway.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.example.voicegateway.client.CallError;
import com.example.voicegateway.client.RequestValidator;
import com.example.voicegateway.v1.ErrorReason;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.util.Base64;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** The client's own validation finds what the gateway refuses, by the same names. */
class InvalidRequestsTest {
  private static final RequestValidator VALIDATOR = new RequestValidator();

  private static Stand stand;

  @BeforeAll
  static void connect() {
    stand = new Stand();
  }

  @AfterAll
  static void disconnect() {
    stand.close();
  }

  @TestFactory
  Stream<DynamicTest> invalidRequests() throws IOException {
    return Cases.invalidRequests().stream()
        .map(each -> DynamicTest.dynamicTest(each.get("about").getAsString(), () -> bothFindTheViolations(each)));
  }

  private static void bothFindTheViolations(JsonObject parts) throws InvalidProtocolBufferException {
    Json.known("the request", parts, Set.of("about", "message", "request", "request_base64", "violations"));
    Service service = Service.named(parts.get("message").getAsString().replaceAll("Request$", ""));
    Message request = request(parts, service.newRequest());
    JsonArray expected = Answer.sorted(parts.getAsJsonArray("violations").asList().stream());

    assertEquals(expected, Answer.sorted(VALIDATOR.validate(request)), "the client");

    StatusRuntimeException failure =
        assertThrows(StatusRuntimeException.class, () -> service.call(stand.channel, request, 30));
    CallError error = CallError.from(failure);

    assertEquals(ErrorReason.ERROR_REASON_INVALID_REQUEST, error.reason());
    assertEquals(0, error.omittedViolations());
    assertEquals(expected, Answer.sorted(error.violations()), "the gateway");
  }

  private static Message request(JsonObject parts, Message.Builder type) throws InvalidProtocolBufferException {
    if (parts.has("request")) {
      return Json.message(parts.get("request"), type);
    }
    return type.mergeFrom(Base64.getDecoder().decode(parts.get("request_base64").getAsString())).build();
  }
}
