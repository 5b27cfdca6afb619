package voicegateway_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"example.com/voicegateway/clients/go/voicegateway"
	voicegatewayv1 "example.com/voicegateway/generated/go/voicegateway/v1"
)

// violations lists what a request breaks as "field: reason", sorted.
func violations(t *testing.T, request proto.Message) []string {
	t.Helper()
	before := proto.Clone(request)
	found, err := voicegateway.Validate(request)
	if err != nil {
		t.Fatal(err)
	}
	if !proto.Equal(before, request) {
		t.Error("the request was changed")
	}
	var told []string
	for _, each := range found {
		told = append(told, each.Field+": "+each.Reason)
		if each.Description == "" || strings.Contains(each.Description, "3236550107") {
			t.Errorf("%s is described as %q", each.Reason, each.Description)
		}
	}
	slices.Sort(told)
	return told
}

func expect(t *testing.T, request proto.Message, want ...string) {
	t.Helper()
	slices.Sort(want)
	if told := violations(t, request); !slices.Equal(told, want) {
		t.Errorf("%q\nnot\n%q", told, want)
	}
}

// changed is a good call with a change.
func changed(change func(*voicegatewayv1.PlaceCallRequest)) *voicegatewayv1.PlaceCallRequest {
	request := aCall()
	change(request)
	return request
}

func TestAGoodRequestBreaksNoRule(t *testing.T) {
	expect(t, aCall())
	expect(t, &voicegatewayv1.ListCallsRequest{})
	expect(t, &voicegatewayv1.WatchCallsRequest{})
	expect(t, &voicegatewayv1.GetCallRequest{Lookup: &voicegatewayv1.GetCallRequest_CallId{CallId: callID}})
	if found, err := voicegateway.Validate(nil); found != nil || err != nil {
		t.Error(found, err)
	}
}

func TestEveryBrokenRuleIsToldAtOnce(t *testing.T) {
	request := changed(func(r *voicegatewayv1.PlaceCallRequest) {
		r.RequestId = ""
		r.Account = "No Account"
		r.Call.Recipients = append(r.Call.Recipients, &voicegatewayv1.Recipient{Number: "3236550107 please"})
		r.Call.RetryInterval = durationpb.New(61_000_000_001)
		r.Call.Target = nil
	})
	expect(t, request,
		"request_id: REQUIRED", "account: STRING_PATTERN", "call: RECIPIENTS_COUNTRY_CODE",
		"call.recipients[1].number: STRING_PATTERN", "call.target: REQUIRED",
		"call.retry_interval: DURATION_GTE_LTE", "call.retry_interval: DURATION_WHOLE_SECONDS")
	expect(t, &voicegatewayv1.GetCallRequest{}, "lookup: REQUIRED")
	expect(t, &voicegatewayv1.PlaceCallRequest{RequestId: "reminder-8812"}, "call: REQUIRED")
	expect(t, (*voicegatewayv1.PlaceCallRequest)(nil), "call: REQUIRED", "request_id: REQUIRED")
}

func TestTimesThatProtobufCannotHoldAreRefusedBesideEverythingElse(t *testing.T) {
	for _, delay := range []*durationpb.Duration{
		{Seconds: 315_576_000_001}, {Seconds: -315_576_000_001}, {Nanos: 1_000_000_000}, {Seconds: 1, Nanos: -1},
	} {
		expect(t, changed(func(r *voicegatewayv1.PlaceCallRequest) {
			r.RequestId = "short"
			r.Call.Start = &voicegatewayv1.OutboundCallRequest_Delay{Delay: delay}
		}), "call.delay: VALUE_RANGE", "request_id: STRING_PATTERN")
	}
	for _, time := range []*timestamppb.Timestamp{
		{Seconds: 253_402_300_800}, {Seconds: -62_135_596_801}, {Nanos: -1}, {Nanos: 1_000_000_000},
	} {
		expect(t, changed(func(r *voicegatewayv1.PlaceCallRequest) {
			r.DialBefore = time
			r.Call.Start = &voicegatewayv1.OutboundCallRequest_ScheduleTime{ScheduleTime: time}
		}), "call.schedule_time: VALUE_RANGE", "dial_before: VALUE_RANGE")
		expect(t, &voicegatewayv1.ListCallsRequest{CreateTimeAfter: time, PageSize: -1},
			"create_time_after: VALUE_RANGE", "page_size: INT32_GTE")
	}
	expect(t, &voicegatewayv1.ListCallsRequest{
		CreateTimeAfter:  &timestamppb.Timestamp{Seconds: -62_135_596_800},
		CreateTimeBefore: &timestamppb.Timestamp{Seconds: 253_402_300_799, Nanos: 999_999_999},
	})
}

func TestUnknownFieldsAreRefusedAtAnyDepth(t *testing.T) {
	unknown := protowire.AppendVarint(protowire.AppendTag(nil, 99, protowire.VarintType), 1)
	unknown = protowire.AppendString(protowire.AppendTag(unknown, 100, protowire.BytesType), "new")
	request := aCall()
	request.ProtoReflect().SetUnknown(unknown)
	request.GetCall().GetRecipients()[0].ProtoReflect().SetUnknown(unknown)
	request.DialBefore = &timestamppb.Timestamp{Nanos: -1}
	request.DialBefore.ProtoReflect().SetUnknown(unknown)
	expect(t, request,
		": MESSAGE_UNKNOWN_FIELD", ": MESSAGE_UNKNOWN_FIELD",
		"call.recipients[0]: MESSAGE_UNKNOWN_FIELD", "call.recipients[0]: MESSAGE_UNKNOWN_FIELD",
		"dial_before: MESSAGE_UNKNOWN_FIELD", "dial_before: MESSAGE_UNKNOWN_FIELD", "dial_before: VALUE_RANGE")
	many := aCall()
	for range 101 {
		many.ProtoReflect().SetUnknown(append(many.ProtoReflect().GetUnknown(), unknown...))
	}
	if told := violations(t, many); len(told) != 100 {
		t.Errorf("%d unknown fields are told", len(told))
	}
}

func TestAListOfAnyLengthIsRefusedInAMoment(t *testing.T) {
	request := aCall()
	for range 1_000_000 {
		request.Call.Recipients = append(request.Call.Recipients, &voicegatewayv1.Recipient{Number: "x"})
	}
	want := []string{"call.recipients: REPEATED_MAX_ITEMS"}
	for index := range 100 {
		want = append(want, fmt.Sprintf("call.recipients[%d].number: STRING_PATTERN", index+1))
	}
	expect(t, request, want...)
}

func TestAListThatNoRuleLimitsIsRefusedAsTheGatewayDoes(t *testing.T) {
	accepted := voicegatewayv1.Dispatch_DISPATCH_ACCEPTED
	expect(t, &voicegatewayv1.ListCallsRequest{Dispatches: slices.Repeat([]voicegatewayv1.Dispatch{accepted}, 100)})
	expect(t, &voicegatewayv1.ListCallsRequest{Dispatches: slices.Repeat([]voicegatewayv1.Dispatch{accepted}, 101)},
		"dispatches: REPEATED_MAX_ITEMS")
}

func TestTextThatIsNotUTF8IsRefused(t *testing.T) {
	expect(t, changed(func(r *voicegatewayv1.PlaceCallRequest) { r.Call.CampaignName = "caf\xe9" }), ": MESSAGE_UNDECODABLE")
}

func TestManyMayValidateAtOnce(t *testing.T) {
	var group sync.WaitGroup
	for range 50 {
		group.Go(func() { expect(t, aCall()) })
	}
	group.Wait()
}
