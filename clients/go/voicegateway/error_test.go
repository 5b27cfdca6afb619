package voicegateway_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"example.com/voicegateway/clients/go/voicegateway"
	voicegatewayv1 "example.com/voicegateway/generated/go/voicegateway/v1"
)

// everything is the metadata of an error that has all of it.
func everything() map[string]string {
	return map[string]string{
		"dispatch": "DISPATCH_REJECTED", "retry": "RETRY_ADVICE_NEW_REQUEST_ID",
		"request_id": "reminder-8812", "call_id": callID,
		"provider_code": "RBC3115", "provider_message": "IVR ##### not found", "http_status": "200",
		"replayed": "true", "original_time": "2026-11-24T12:00:00.250Z",
		"omitted_violations": "17", "error_id": "c0ffee",
	}
}

// answered places a call that the gateway answers with an error, over a real channel.
func answered(t *testing.T, told error) error {
	t.Helper()
	gateway := run(t, func(context.Context, int, *voicegatewayv1.PlaceCallRequest) error { return told })
	_, err := dial(t, gateway.address).PlaceCall(briefly(t), aCall())
	return err
}

func TestEveryFieldOfAnErrorIsRead(t *testing.T) {
	err := answered(t, withDetails(codes.NotFound,
		&errdetails.ErrorInfo{Domain: "voicegateway.v1", Reason: "ERROR_REASON_FLOW_NOT_FOUND", Metadata: everything()},
		&errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{
			{Field: "call.ivr.flow_id", Reason: "STRING_PATTERN", Description: "must be a flow"},
		}},
		&errdetails.ResourceInfo{ResourceType: "flow", ResourceName: "SG_missing"},
		&errdetails.RetryInfo{RetryDelay: durationpb.New(1500 * time.Millisecond)},
		wrapperspb.String("a kind of detail that no gateway of today sends"),
	))
	told := *voicegateway.FromError(err)
	if !errors.Is(&told, err) {
		t.Errorf("its cause is %v, not %v", errors.Unwrap(&told), err)
	}
	want := voicegateway.Error{
		Code: codes.NotFound, Message: "The flow is not the account's. Nobody was dialed.", FromGateway: true,
		Reason: voicegatewayv1.ErrorReason_ERROR_REASON_FLOW_NOT_FOUND, ReasonName: "ERROR_REASON_FLOW_NOT_FOUND",
		Dispatch:   voicegatewayv1.Dispatch_DISPATCH_REJECTED,
		Advice:     voicegatewayv1.RetryAdvice_RETRY_ADVICE_NEW_REQUEST_ID,
		Violations: []voicegateway.Violation{{Field: "call.ivr.flow_id", Reason: "STRING_PATTERN", Description: "must be a flow"}},
		RequestID:  "reminder-8812", CallID: callID, RetryDelay: 1500 * time.Millisecond,
		Replayed: true, OriginalTime: time.Date(2026, 11, 24, 12, 0, 0, 250_000_000, time.UTC),
		ProviderCode: "RBC3115", ProviderMessage: "IVR ##### not found", HTTPStatus: 200,
		ResourceType: "flow", ResourceName: "SG_missing", ErrorID: "c0ffee", OmittedViolations: 17,
		Metadata: everything(),
	}
	got, wanted := reflect.ValueOf(told), reflect.ValueOf(want)
	for index := range got.NumField() {
		field := got.Type().Field(index)
		if field.IsExported() && !reflect.DeepEqual(got.Field(index).Interface(), wanted.Field(index).Interface()) {
			t.Errorf("%s is %v, not %v", field.Name, got.Field(index), wanted.Field(index))
		}
		if field.IsExported() && wanted.Field(index).IsZero() {
			t.Errorf("%s is not tested: the test's own error does not have it", field.Name)
		}
	}
}

func TestAPolicysViolationsHaveItsNameAndSubject(t *testing.T) {
	told := voicegateway.FromError(answered(t, withDetails(codes.FailedPrecondition,
		&errdetails.ErrorInfo{Domain: "voicegateway.v1", Reason: "ERROR_REASON_POLICY_REFUSED"},
		&errdetails.PreconditionFailure{Violations: []*errdetails.PreconditionFailure_Violation{
			{Type: "only_numbers", Subject: "call.recipients[0].number", Description: "is not among them"},
		}},
	)))
	want := []voicegateway.Violation{{Field: "call.recipients[0].number", Reason: "only_numbers", Description: "is not among them"}}
	if !reflect.DeepEqual(told.Violations, want) {
		t.Errorf("%v, not %v", told.Violations, want)
	}
}

func TestEveryNameOfTheEnumsIsKnown(t *testing.T) {
	told := func(reason, dispatch, retry string) *voicegateway.Error {
		return voicegateway.FromError(refusal(t.Context(), codes.Unknown, reason, dispatch, retry))
	}
	for number, name := range voicegatewayv1.ErrorReason_name {
		if e := told(name, "", ""); int32(e.Reason) != number || e.ReasonName != name {
			t.Errorf("%s is read as %s", name, e.Reason)
		}
	}
	for number, name := range voicegatewayv1.Dispatch_name {
		if e := told("", name, ""); int32(e.Dispatch) != number {
			t.Errorf("%s is read as %s", name, e.Dispatch)
		}
	}
	for number, name := range voicegatewayv1.RetryAdvice_name {
		if e := told("", "", name); int32(e.Advice) != number {
			t.Errorf("%s is read as %s", name, e.Advice)
		}
	}
}

func TestWhatIsNewerThanThePackageIsUnspecifiedAndKeptByName(t *testing.T) {
	e := voicegateway.FromError(answered(t, refusal(t.Context(), codes.Aborted, "ERROR_REASON_MOON", "DISPATCH_MOON", "RETRY_ADVICE_MOON")))
	if e.Reason != 0 || e.Dispatch != 0 || e.Advice != 0 || e.MayRepeat() || e.NobodyWasDialed() {
		t.Errorf("something is made of it: %v", e)
	}
	if !e.FromGateway || e.ReasonName != "ERROR_REASON_MOON" || e.Metadata["dispatch"] != "DISPATCH_MOON" {
		t.Errorf("the gateway's words are lost: %v", e)
	}
}

func TestNumbersAndTimesThatAreNoneAreZero(t *testing.T) {
	info := &errdetails.ErrorInfo{Domain: "voicegateway.v1", Reason: "ERROR_REASON_INTERNAL", Metadata: map[string]string{
		"http_status": "teapot", "omitted_violations": "many", "original_time": "yesterday",
	}}
	late := &errdetails.RetryInfo{RetryDelay: durationpb.New(-time.Second)}
	e := voicegateway.FromError(answered(t, withDetails(codes.Internal, info, late)))
	if !e.FromGateway || e.HTTPStatus != 0 || e.OmittedViolations != 0 || !e.OriginalTime.IsZero() || e.RetryDelay != 0 {
		t.Errorf("%+v", *e)
	}
}

func TestADispatchTellsWhetherNobodyWasDialed(t *testing.T) {
	for dispatch, nobody := range map[string]bool{
		"": false, "DISPATCH_NOT_SENT": true, "DISPATCH_SENDING": false, "DISPATCH_ACCEPTED": false,
		"DISPATCH_REJECTED": true, "DISPATCH_OUTCOME_UNKNOWN": false,
	} {
		e := voicegateway.FromError(refusal(t.Context(), codes.Aborted, "ERROR_REASON_INTERNAL", dispatch, ""))
		if e.NobodyWasDialed() != nobody {
			t.Errorf("%q: %t", dispatch, e.NobodyWasDialed())
		}
	}
}

func TestTheAdviceTellsWhetherToRepeat(t *testing.T) {
	for advice, may := range map[string]bool{
		"": false, "RETRY_ADVICE_REPEAT": true, "RETRY_ADVICE_CORRECT": false,
		"RETRY_ADVICE_NEW_REQUEST_ID": false, "RETRY_ADVICE_LOOK_UP": false,
	} {
		for code := codes.Canceled; code <= codes.Unauthenticated; code++ {
			e := voicegateway.FromError(refusal(t.Context(), code, "ERROR_REASON_INTERNAL", "", advice))
			if e.MayRepeat() != may {
				t.Errorf("%q with %s: %t", advice, code, e.MayRepeat())
			}
		}
	}
}

func TestAnErrorIsFoundThroughWhateverIsWrappedAroundIt(t *testing.T) {
	cause := answered(t, refusal(t.Context(), codes.NotFound, "ERROR_REASON_FLOW_NOT_FOUND", "DISPATCH_REJECTED", ""))
	e := voicegateway.FromError(cause)
	for _, wrapped := range []error{
		fmt.Errorf("reminder 8812: %w", cause),
		errors.Join(errors.New("another"), fmt.Errorf("reminder 8812: %w", cause)),
	} {
		if found := voicegateway.FromError(wrapped); found.Reason != e.Reason || found.Message != e.Message {
			t.Errorf("%v is read as %v: %q", wrapped, found, found.Message)
		}
	}
	around := fmt.Errorf("reminder 8812: %w", e)
	var found *voicegateway.Error
	if !errors.As(around, &found) || found != e || voicegateway.FromError(around) != e {
		t.Errorf("it is another: %v", found)
	}
	if !errors.Is(around, cause) || status.Code(around) != codes.NotFound || len(status.Convert(e).Details()) != 1 {
		t.Errorf("the status is lost: %v", status.Convert(around))
	}
}

func TestNoErrorIsNone(t *testing.T) {
	if e := voicegateway.FromError(nil); e != nil {
		t.Error(e)
	}
}

// The text is for logs, which must hold no phone number and nothing that a stranger wrote.
func TestTheTextHoldsNoPhoneNumber(t *testing.T) {
	info := &errdetails.ErrorInfo{Domain: "voicegateway.v1", Reason: "ERROR_REASON_FLOW_NOT_FOUND", Metadata: everything()}
	info.Metadata["provider_message"] = "+13236550107 was refused"
	invalid := &errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{
		{Field: "call", Reason: "RULE", Description: "+13236550107"},
	}}
	for _, told := range []error{
		withDetails(codes.NotFound, info, invalid),
		status.Error(codes.Unavailable, "upstream said: +13236550107"),
		errors.New("+13236550107"),
	} {
		e := voicegateway.FromError(told)
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
			if text := fmt.Sprintf(verb, e); strings.Contains(text, "3236550107") {
				t.Errorf("%s: %s", verb, text)
			}
		}
	}
}

func TestTheTextTellsWhatToDo(t *testing.T) {
	e := voicegateway.FromError(refusal(t.Context(), codes.NotFound, "ERROR_REASON_FLOW_NOT_FOUND", "DISPATCH_REJECTED", "RETRY_ADVICE_NEW_REQUEST_ID"))
	want := "voicegateway: NotFound: ERROR_REASON_FLOW_NOT_FOUND, DISPATCH_REJECTED, RETRY_ADVICE_NEW_REQUEST_ID, call " + callID
	if e.Error() != want {
		t.Errorf("%s\nnot\n%s", e, want)
	}
}
