package voicegateway

import (
	"errors"
	"strconv"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"

	voicegatewayv1 "example.com/voicegateway/generated/go/voicegateway/v1"
)

const domain = "voicegateway.v1"

// FromError reads an error of a stub's method, also one that is wrapped. It returns nil for nil, and
// an [*Error] that is found in err as it is.
//
// A status without the gateway's own ErrorInfo, or with details that cannot be read, is somebody
// else's. An error that is no status has the code UNKNOWN, or that of the context's error.
func FromError(err error) *Error {
	if err == nil {
		return nil
	}
	var already *Error
	if errors.As(err, &already) {
		return already
	}
	found := statusOf(err)
	e := &Error{Code: found.Code(), Message: found.Message(), cause: err}
	if told, ok := detailsOf(found); ok {
		e.tell(told)
	}
	return e
}

// statusOf finds the status itself, where status.FromError puts the text around it into its message.
func statusOf(err error) *status.Status {
	var carrier interface{ GRPCStatus() *status.Status }
	if errors.As(err, &carrier) && carrier.GRPCStatus().Code() != codes.OK {
		return carrier.GRPCStatus()
	}
	return status.FromContextError(err)
}

type details struct {
	info         errdetails.ErrorInfo
	badRequest   errdetails.BadRequest
	precondition errdetails.PreconditionFailure
	resource     errdetails.ResourceInfo
	retry        errdetails.RetryInfo
}

// detailsOf reads the details of a status that the gateway wrote; false for anybody else's, and for what cannot be read.
func detailsOf(found *status.Status) (told *details, ok bool) {
	told = &details{}
	all := found.Proto().GetDetails()
	for _, kind := range []proto.Message{&told.info, &told.badRequest, &told.precondition, &told.resource, &told.retry} {
		if !readOnly(all, kind) {
			return nil, false
		}
	}
	return told, told.info.GetDomain() == domain
}

// readOnly reads the detail of a kind, if there is one. It is false if it cannot be decoded, or if there are several:
// whose word would count?
func readOnly(all []*anypb.Any, kind proto.Message) bool {
	found := false
	for _, detail := range all {
		if !detail.MessageIs(kind) {
			continue
		}
		if found || detail.UnmarshalTo(kind) != nil {
			return false
		}
		found = true
	}
	return true
}

func (e *Error) tell(told *details) {
	metadata := told.info.GetMetadata()
	e.FromGateway = true
	e.Reason = voicegatewayv1.ErrorReason(voicegatewayv1.ErrorReason_value[told.info.GetReason()])
	e.ReasonName = told.info.GetReason()
	e.Dispatch = voicegatewayv1.Dispatch(voicegatewayv1.Dispatch_value[metadata["dispatch"]])
	e.Advice = voicegatewayv1.RetryAdvice(voicegatewayv1.RetryAdvice_value[metadata["retry"]])
	e.Violations = told.violations()
	e.OmittedViolations = number(metadata["omitted_violations"])
	e.RequestID = metadata["request_id"]
	e.CallID = metadata["call_id"]
	e.RetryDelay = max(0, told.retry.GetRetryDelay().AsDuration())
	e.Replayed = metadata["replayed"] == "true"
	e.OriginalTime = moment(metadata["original_time"])
	e.ProviderCode = metadata["provider_code"]
	e.ProviderMessage = metadata["provider_message"]
	e.HTTPStatus = number(metadata["http_status"])
	e.ResourceType = told.resource.GetResourceType()
	e.ResourceName = told.resource.GetResourceName()
	e.ErrorID = metadata["error_id"]
	e.Metadata = metadata
}

func (d *details) violations() []Violation {
	var found []Violation
	for _, each := range d.badRequest.GetFieldViolations() {
		found = append(found, Violation{each.GetField(), each.GetReason(), each.GetDescription()})
	}
	for _, each := range d.precondition.GetViolations() {
		found = append(found, Violation{each.GetSubject(), each.GetType(), each.GetDescription()})
	}
	return found
}

// number reads what should be one; 0 for anything else.
func number(text string) int {
	value, err := strconv.Atoi(text)
	if err != nil {
		return 0
	}
	return value
}

// moment reads what should be an RFC 3339 time; the zero time for anything else.
func moment(text string) time.Time {
	value, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}
	}
	return value
}
