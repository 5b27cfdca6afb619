package com.example.voicegateway.conformance;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** An expectation is met or not as tests/cases/README.md says. */
class ComparisonTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "{\"a\":1};            {\"a\":1,\"b\":2};       true",
        "{\"a\":{\"b\":1}};    {\"a\":{\"b\":1,\"c\":2}}; true",
        "{\"a\":{\"b\":1}};    {\"a\":{\"b\":2}};       false",
        "{\"a\":1};            {};                      false",
        "{\"a\":null};         {};                      true",
        "{\"a\":null};         {\"a\":1};               false",
        "{\"a\":\"$ANY\"};     {\"a\":[1]};             true",
        "{\"a\":\"$ANY\"};     {};                      false",
        "[1,2];                [1,2];                   true",
        "[1];                  [1,2];                   false",
        "[1,2];                [1];                     false",
        "[];                   [1];                     false",
        "[2,1];                [1,2];                   false",
        "[{\"a\":1}];          [{\"a\":1,\"b\":2}];     true",
        "2;                    2.0;                     true",
        "2;                    \"2\";                   false",
        "{};                   [];                      false",
        "true;                 false;                   false"
      })
  void itIsMetOrNot(String expected, String actual, boolean met) {
    List<String> differences = Comparison.differences("it", Json.read(expected), Json.read(actual));

    assertEquals(met, differences.isEmpty(), differences.toString());
  }
}
