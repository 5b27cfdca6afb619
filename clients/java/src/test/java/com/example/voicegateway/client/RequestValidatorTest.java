package com.example.voicegateway.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.example.voicegateway.v1.GetCallRequest;
import com.example.voicegateway.v1.ListCallsRequest;
import com.example.voicegateway.v1.OutboundCallRequest;
import com.example.voicegateway.v1.PlaceCallRequest;
import com.example.voicegateway.v1.Playlist;
import com.example.voicegateway.v1.PlaylistItem;
import com.example.voicegateway.v1.Recipient;
import com.example.voicegateway.v1.RetryRule;
import com.example.voicegateway.v1.RetryRules;
import com.example.voicegateway.v1.RetryStatus;
import com.example.voicegateway.v1.WatchCallsRequest;
import com.google.protobuf.Duration;
import com.google.protobuf.Message;
import com.google.protobuf.Timestamp;
import com.google.protobuf.UnknownFieldSet;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Violations are the gateway's, by field and reason. Most requests are those of tests/cases, not of this class. */
class RequestValidatorTest {
  private static final RequestValidator VALIDATOR = new RequestValidator();
  private static final long LONGEST = 315_576_000_000L;
  private static final long YEAR_10000 = 253_402_300_800L;

  private static List<String> violations(Message request) {
    return VALIDATOR.validate(request).stream().map(each -> each.field() + " " + each.reason()).sorted().toList();
  }

  private static List<String> violations(OutboundCallRequest.Builder call) {
    return violations(Requests.with(call));
  }

  @Test
  void aGoodRequestBreaksNone() {
    assertEquals(List.of(), VALIDATOR.validate(Requests.toAFlow()));
    assertEquals(List.of(), VALIDATOR.validate(ListCallsRequest.getDefaultInstance()));
    assertEquals(List.of(), VALIDATOR.validate(WatchCallsRequest.getDefaultInstance()));
    assertEquals(List.of("lookup REQUIRED"), violations(GetCallRequest.getDefaultInstance()));
  }

  @Test
  void allAreToldAtOnceWithWords() {
    OutboundCallRequest.Builder call =
        OutboundCallRequest.newBuilder()
            .addRecipients(Recipient.newBuilder().setNumber("call me"))
            .setPlaylist(Playlist.newBuilder().addItems(PlaylistItem.getDefaultInstance()));

    assertEquals(
        List.of(
            "call RECIPIENTS_COUNTRY_CODE",
            "call.playlist.items[0].item REQUIRED",
            "call.recipients[0].number STRING_PATTERN"),
        violations(call));
    VALIDATOR.validate(Requests.with(call)).forEach(each -> assertFalse(each.description().isEmpty(), each.toString()));
  }

  @ParameterizedTest
  @CsvSource({
    "20, 0, ",
    "20, 1, call.retry_interval DURATION_WHOLE_SECONDS",
    LONGEST + ", 0, call.retry_interval DURATION_GTE_LTE",
    LONGEST + 1 + ", 0, call.retry_interval VALUE_RANGE",
    "-" + LONGEST + ", 0, call.retry_interval DURATION_GTE_LTE",
    "-315576000001, 0, call.retry_interval VALUE_RANGE",
    "20, -1, call.retry_interval VALUE_RANGE",
    "20, 1000000000, call.retry_interval VALUE_RANGE",
    Long.MIN_VALUE + ", 0, call.retry_interval VALUE_RANGE"
  })
  void aDurationIsOneOrIsRefused(long seconds, int nanos, String violation) {
    OutboundCallRequest.Builder call =
        Requests.call().setRetryInterval(Duration.newBuilder().setSeconds(seconds).setNanos(nanos));

    assertEquals(violation == null ? List.of() : List.of(violation), violations(call));
  }

  @ParameterizedTest
  @CsvSource({
    YEAR_10000 - 1 + ", 0, ",
    YEAR_10000 + ", 0, call.schedule_time VALUE_RANGE",
    "-62135596800, 0, ",
    "-62135596801, 0, call.schedule_time VALUE_RANGE",
    "0, -1, call.schedule_time VALUE_RANGE",
    "0, 1000000000, call.schedule_time VALUE_RANGE"
  })
  void aTimestampIsOneOrIsRefused(long seconds, int nanos, String violation) {
    OutboundCallRequest.Builder call =
        Requests.call().setScheduleTime(Timestamp.newBuilder().setSeconds(seconds).setNanos(nanos));

    assertEquals(violation == null ? List.of() : List.of(violation), violations(call));
  }

  @Test
  void aTimeThatIsNoneHidesNoOtherViolation() {
    Timestamp never = Timestamp.newBuilder().setSeconds(YEAR_10000).build();
    PlaceCallRequest request =
        Requests.with(Requests.call().setScheduleTime(never).setCustom("\n")).toBuilder().setDialBefore(never).build();

    assertEquals(
        List.of("call.custom STRING_PATTERN", "call.schedule_time VALUE_RANGE", "dial_before VALUE_RANGE"),
        violations(request));
    assertEquals(never, request.getCall().getScheduleTime());
  }

  @Test
  void aListThatIsMuchTooLongIsNotReadToItsEnd() {
    OutboundCallRequest.Builder call = Requests.call().clearRecipients();
    for (int i = 0; i < 20_000; i++) {
      call.addRecipients(Recipient.newBuilder().setNumber("number " + i));
    }
    List<String> found = violations(call);

    assertEquals(102, found.size());
    assertEquals(1, Collections.frequency(found, "call.recipients REPEATED_MAX_ITEMS"));
  }

  @Test
  void aListThatNoRuleLimitsMayHaveAHundredItems() {
    RetryRule.Builder rule =
        RetryRule.newBuilder().setCount(1).addAllStatuses(Collections.nCopies(101, RetryStatus.RETRY_STATUS_BUSY));

    assertEquals(
        List.of(
            "call.retry_rules.rules[0].statuses REPEATED_MAX_ITEMS",
            "call.retry_rules.rules[0].statuses REPEATED_UNIQUE"),
        violations(Requests.call().setRetryRules(RetryRules.newBuilder().addRules(rule))));
  }

  @Test
  void unknownFieldsAreRefusedAtAnyDepth() {
    UnknownFieldSet newer =
        UnknownFieldSet.newBuilder().addField(99, UnknownFieldSet.Field.newBuilder().addVarint(1).build()).build();
    OutboundCallRequest.Builder call = Requests.call();
    call.getRecipientsBuilder(0).setUnknownFields(newer);

    assertEquals(
        List.of(" MESSAGE_UNKNOWN_FIELD", "call.recipients[0] MESSAGE_UNKNOWN_FIELD"),
        violations(Requests.with(call).toBuilder().setUnknownFields(newer).build()));
  }

  @Test
  void ofUnknownFieldsAHundredAreTold() {
    UnknownFieldSet.Field.Builder often = UnknownFieldSet.Field.newBuilder();
    for (int i = 0; i < 1000; i++) {
      often.addVarint(i);
    }
    UnknownFieldSet newer = UnknownFieldSet.newBuilder().addField(99, often.build()).build();

    assertEquals(100, violations(Requests.toAFlow().toBuilder().setUnknownFields(newer).build()).size());
  }

  @Test
  void textThatWouldBeSentAsAQuestionMarkIsRefused() {
    assertEquals(
        List.of("call.campaign_name MESSAGE_UNDECODABLE"), violations(Requests.call().setCampaignName("\ud83d")));
    assertEquals(List.of(), violations(Requests.call().setCampaignName("\ud83d\ude00")));
  }

  @Test
  void oneValidatorServesManyThreads() throws Exception {
    RequestValidator fresh = new RequestValidator();
    PlaceCallRequest bad = Requests.with(Requests.call().setCustom("\n"));
    Callable<List<Violation>> validation = () -> fresh.validate(bad);
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try {
      for (Future<List<Violation>> found : threads.invokeAll(Collections.nCopies(64, validation))) {
        assertEquals("[call.custom: STRING_PATTERN]", found.get().toString());
      }
    } finally {
      threads.shutdownNow();
    }
  }
}
