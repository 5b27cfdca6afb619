package main

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"buf.build/go/protovalidate"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"

	pb "example.com/voicegateway/generated/go/voicegateway/v1"
)

// accepted is the reason of a call that has none to be refused.
const accepted = pb.ErrorReason_ERROR_REASON_UNSPECIFIED

// problem is why a call was not accepted; nil when it was.
type problem struct {
	reason     pb.ErrorReason
	violations []*errdetails.BadRequest_FieldViolation
	about      pb.Dispatch // what happened to the phones, where the reason does not tell
}

// row is what a reason means to a caller, as the contract's table has it.
type row struct {
	code     codes.Code
	dispatch pb.Dispatch
	retry    pb.RetryAdvice
}

const (
	none     = pb.Dispatch_DISPATCH_UNSPECIFIED
	notSent  = pb.Dispatch_DISPATCH_NOT_SENT
	rejected = pb.Dispatch_DISPATCH_REJECTED
	repeat   = pb.RetryAdvice_RETRY_ADVICE_REPEAT
	newID    = pb.RetryAdvice_RETRY_ADVICE_NEW_REQUEST_ID
	lookUp   = pb.RetryAdvice_RETRY_ADVICE_LOOK_UP
)

var rowByReason = map[pb.ErrorReason]row{
	pb.ErrorReason_ERROR_REASON_INVALID_REQUEST:               {codes.InvalidArgument, notSent, pb.RetryAdvice_RETRY_ADVICE_CORRECT},
	pb.ErrorReason_ERROR_REASON_REQUEST_ID_REUSED:             {codes.FailedPrecondition, none, lookUp},
	pb.ErrorReason_ERROR_REASON_REQUEST_IN_PROGRESS:           {codes.Aborted, pb.Dispatch_DISPATCH_SENDING, repeat},
	pb.ErrorReason_ERROR_REASON_PROVIDER_INVALID_INPUT:        {codes.InvalidArgument, rejected, newID},
	pb.ErrorReason_ERROR_REASON_INVALID_NUMBER:                {codes.InvalidArgument, rejected, newID},
	pb.ErrorReason_ERROR_REASON_SCHEDULE_TIME_REFUSED:         {codes.InvalidArgument, rejected, newID},
	pb.ErrorReason_ERROR_REASON_BRIDGE_NOT_FOUND:              {codes.NotFound, rejected, newID},
	pb.ErrorReason_ERROR_REASON_FLOW_NOT_FOUND:                {codes.NotFound, rejected, newID},
	pb.ErrorReason_ERROR_REASON_SOUND_NOT_FOUND:               {codes.NotFound, rejected, newID},
	pb.ErrorReason_ERROR_REASON_PROVIDER_CREDENTIALS_REJECTED: {codes.FailedPrecondition, rejected, repeat},
	pb.ErrorReason_ERROR_REASON_PROVIDER_MISCONFIGURED:        {codes.FailedPrecondition, rejected, repeat},
	pb.ErrorReason_ERROR_REASON_PROVIDER_REFUSED:              {codes.FailedPrecondition, rejected, newID},
	pb.ErrorReason_ERROR_REASON_PROVIDER_THROTTLED:            {codes.ResourceExhausted, rejected, repeat},
	pb.ErrorReason_ERROR_REASON_PROVIDER_UNREACHABLE:          {codes.Unavailable, notSent, repeat},
	pb.ErrorReason_ERROR_REASON_OUTCOME_UNKNOWN:               {codes.Unknown, pb.Dispatch_DISPATCH_OUTCOME_UNKNOWN, lookUp},
	pb.ErrorReason_ERROR_REASON_LEDGER_UNAVAILABLE:            {codes.Unavailable, none, repeat},
	pb.ErrorReason_ERROR_REASON_INTERNAL:                      {codes.Internal, none, repeat},
}

func because(reason pb.ErrorReason) *problem {
	if reason == accepted {
		return nil
	}
	return &problem{reason: reason}
}

// invalid lists the rules that a request breaks.
func invalid(err error) *problem {
	var broken *protovalidate.ValidationError
	if !errors.As(err, &broken) {
		return because(pb.ErrorReason_ERROR_REASON_INTERNAL)
	}
	found := because(pb.ErrorReason_ERROR_REASON_INVALID_REQUEST)
	for _, violation := range broken.Violations {
		rule := violation.Proto.GetRuleId()
		found.violations = append(found.violations, &errdetails.BadRequest_FieldViolation{
			Field:       protovalidate.FieldPathString(violation.Proto.GetField()),
			Reason:      strings.ToUpper(strings.ReplaceAll(rule, ".", "_")),
			Description: violation.Proto.GetMessage(),
		})
	}
	return found
}

// replayOf says what a recorded call answers to a request with this content.
func replayOf(known record, content []byte) *problem {
	if !bytes.Equal(known.content, content) {
		return &problem{reason: pb.ErrorReason_ERROR_REASON_REQUEST_ID_REUSED, about: known.dispatch}
	}
	if known.dispatch == pb.Dispatch_DISPATCH_SENDING {
		return because(pb.ErrorReason_ERROR_REASON_REQUEST_IN_PROGRESS)
	}
	return because(known.reason)
}

// isFree tells outcomes after which nobody was dialed and the same request may be sent again.
func (p *problem) isFree() bool {
	return p != nil && p.retry() == repeat
}

func (p *problem) reasonOrNone() pb.ErrorReason {
	if p == nil {
		return accepted
	}
	return p.reason
}

func (p *problem) name() string {
	if p == nil {
		return "OK"
	}
	return p.reason.String()
}

func (p *problem) dispatch() pb.Dispatch {
	if p == nil {
		return pb.Dispatch_DISPATCH_ACCEPTED
	}
	return max(p.about, rowByReason[p.reason].dispatch)
}

func (p *problem) retry() pb.RetryAdvice {
	return rowByReason[p.reason].retry
}

// status renders the problem as the contract has it: a google.rpc.Status with one ErrorInfo.
func (p *problem) status(request *pb.PlaceCallRequest, of record, replayed bool) error {
	facts := map[string]string{"request_id": request.GetRequestId(), "retry": p.retry().String()}
	if dispatch := p.dispatch(); dispatch != none {
		facts["dispatch"] = dispatch.String()
	}
	if of.callID != "" {
		facts["call_id"] = of.callID
	}
	if reply := of.reply; reply != nil {
		facts["provider_code"], facts["provider_message"] = reply.GetCode(), reply.GetMessage()
		facts["http_status"] = fmt.Sprint(reply.GetHttpStatus())
	}
	if replayed {
		facts["replayed"] = "true"
	}
	details := []protoadapt.MessageV1{&errdetails.ErrorInfo{Reason: p.reason.String(), Domain: "voicegateway.v1", Metadata: facts}}
	if p.violations != nil {
		details = append(details, &errdetails.BadRequest{FieldViolations: p.violations})
	}
	answer, err := status.New(rowByReason[p.reason].code, "The call was not accepted.").WithDetails(details...)
	if err != nil {
		return status.Error(codes.Internal, "The answer cannot be rendered.")
	}
	return answer.Err()
}
