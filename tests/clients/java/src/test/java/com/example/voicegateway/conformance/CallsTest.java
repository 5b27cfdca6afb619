package com.example.voicegateway.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Every call of the folder is answered, and reaches the provider, exactly as its file says. */
class CallsTest {
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
  Stream<DynamicTest> calls() throws IOException {
    return Cases.in("calls").stream()
        .map(
            file ->
                DynamicTest.dynamicTest(
                    file.getFileName().toString(),
                    () ->
                        assertEquals(
                            List.of(), Conversation.differences(Cases.read(file).getAsJsonObject(), stand))));
  }
}
