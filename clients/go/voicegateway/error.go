package voicegateway

import (
	"fmt"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	voicegatewayv1 "example.com/voicegateway/generated/go/voicegateway/v1"
)

// Error is why a call was not accepted, or why another RPC of the gateway failed.
//
// When FromGateway is false, somebody else wrote the status: a proxy, or a gRPC library. Then only
// Code and Message are set, and nothing is known of the phones.
type Error struct {
	// Code is the gRPC code.
	Code codes.Code
	// Message is the status's text. That of the gateway is constant for each reason.
	Message string
	// FromGateway tells whether the gateway wrote this status.
	FromGateway bool

	// Reason says why. ERROR_REASON_UNSPECIFIED when it is newer than this package; ReasonName has it.
	Reason voicegatewayv1.ErrorReason
	// ReasonName is the reason as the gateway named it, such as "ERROR_REASON_FLOW_NOT_FOUND".
	ReasonName string
	// Dispatch says what happened to the phones. DISPATCH_UNSPECIFIED: not known from this error alone.
	Dispatch voicegatewayv1.Dispatch
	// Advice says what to do next. RETRY_ADVICE_UNSPECIFIED where none was given, as for reads.
	Advice voicegatewayv1.RetryAdvice
	// Violations are the broken rules, or the policies that refused.
	Violations []Violation
	// OmittedViolations counts those that found no room in the error.
	OmittedViolations int

	// RequestID is the caller's id of the call.
	RequestID string
	// CallID is the gateway's id of the call; empty when none is recorded.
	CallID string
	// RetryDelay is how long to wait before repeating the request; 0 when nobody said.
	RetryDelay time.Duration
	// Replayed tells that this is an earlier outcome, told again.
	Replayed bool
	// OriginalTime is when a replayed outcome was recorded; else the zero time.
	OriginalTime time.Time

	// ProviderCode is the provider's code, such as "RBC3115".
	ProviderCode string
	// ProviderMessage is what the provider said, with digits masked.
	ProviderMessage string
	// HTTPStatus is the HTTP status of the provider's answer; 0 when there was none.
	HTTPStatus int
	// ResourceType is the kind of what the provider did not find, such as "flow".
	ResourceType string
	// ResourceName is its name.
	ResourceName string
	// ErrorID finds the line in the gateway's log: give it to those who run the gateway.
	ErrorID string
	// Metadata is all that the gateway's ErrorInfo holds, the above included.
	Metadata map[string]string

	cause error
}

// Violation is one broken rule.
type Violation struct {
	// Field is the path in the request, such as "call.recipients[3].number". For a policy, it is what
	// the policy is about.
	Field string
	// Reason is the rule's id, such as "STRING_PATTERN", or the policy's name, such as "only_numbers".
	Reason string
	// Description is for people. It never repeats a value.
	Description string
}

// NobodyWasDialed tells whether it is certain that no phone rang, and none will for this attempt.
func (e *Error) NobodyWasDialed() bool {
	switch e.Dispatch {
	case voicegatewayv1.Dispatch_DISPATCH_NOT_SENT, voicegatewayv1.Dispatch_DISPATCH_REJECTED:
		return true
	default:
		return false
	}
}

// MayRepeat tells whether the same request, with the same request_id, may have another answer later.
// Repeating it is safe in any case.
//
// It is true where the gateway advises to repeat, and for every status that is not the gateway's
// but RESOURCE_EXHAUSTED and UNIMPLEMENTED: with these two the request did not reach the gateway,
// and would not the next time.
func (e *Error) MayRepeat() bool {
	if e.FromGateway {
		return e.Advice == voicegatewayv1.RetryAdvice_RETRY_ADVICE_REPEAT
	}
	return e.Code != codes.ResourceExhausted && e.Code != codes.Unimplemented
}

// Error tells the code, the reason, what happened to the phones, what to do next, and the call's id.
// It holds no phone number, and nothing that somebody else wrote: Message and ProviderMessage are not
// in it.
func (e *Error) Error() string {
	if !e.FromGateway {
		return fmt.Sprintf("voicegateway: %s, which is not the gateway's answer: it is not known what happened", e.Code)
	}
	text := fmt.Sprintf("voicegateway: %s: %s, %s, %s", e.Code, e.ReasonName, e.Dispatch, e.Advice)
	if e.CallID != "" {
		text += ", call " + e.CallID
	}
	return text
}

// GoString keeps the fields out of %#v, too.
func (e *Error) GoString() string { return e.Error() }

// Unwrap returns the error that this one was read from.
func (e *Error) Unwrap() error { return e.cause }

// GRPCStatus returns the status that this error was read from, so that package status finds it.
func (e *Error) GRPCStatus() *status.Status { return statusOf(e.cause) }
