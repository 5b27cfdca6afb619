package voicegateway

import (
	"errors"
	"strconv"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/reflect/protoregistry"

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
	if told, ok := detailsOf(found); ok && told.info.GetDomain() == domain {
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
	info         *errdetails.ErrorInfo
	badRequest   *errdetails.BadRequest
	precondition *errdetails.PreconditionFailure
	resource     *errdetails.ResourceInfo
	retry        *errdetails.RetryInfo
}

// detailsOf reads the details of a status. It is false unless all can be read and one is an ErrorInfo: the gateway
// sends exactly one, so of two nobody knows whose word counts.
func detailsOf(found *status.Status) (told details, ok bool) {
	infos := 0
	for _, detail := range found.Proto().GetDetails() {
		message, err := detail.UnmarshalNew()
		if errors.Is(err, protoregistry.NotFound) {
			continue // a kind of detail that this program does not know
		}
		if err != nil {
			return details{}, false
		}
		switch message := message.(type) {
		case *errdetails.ErrorInfo:
			told.info = message
			infos++
		case *errdetails.BadRequest:
			told.badRequest = message
		case *errdetails.PreconditionFailure:
			told.precondition = message
		case *errdetails.ResourceInfo:
			told.resource = message
		case *errdetails.RetryInfo:
			told.retry = message
		}
	}
	return told, infos == 1
}

func (e *Error) tell(told details) {
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

func (d details) violations() []Violation {
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
