package main

import (
	"time"

	"example.com/voicegateway/clients/go/voicegateway"
	voicegatewayv1 "example.com/voicegateway/generated/go/voicegateway/v1"
)

const (
	seconds = time.Second // at first; longer each time
	minutes = 5 * time.Minute
)

// Action is what a program does with a request that was answered with an error.
type Action string

const (
	// Repeat: send it again after Wait, as it is. Nobody rings twice.
	Repeat Action = "REPEAT"
	// TellOperators: tell those who run the gateway, since only they can help. Then repeat it, after Wait.
	TellOperators Action = "TELL_OPERATORS"
	// Correct: correct Fields, or this program. The request as it is never works.
	Correct Action = "CORRECT"
	// ChooseAnother: choose another number, flow, sound, bridge or time. The provider does not take the one in Fields.
	ChooseAnother Action = "CHOOSE_ANOTHER"
	// Drop: it is too late for this call. Nobody was dialed.
	Drop Action = "DROP"
	// AskAPerson: send nothing, phones may ring. People look the call up, here and at the provider.
	AskAPerson Action = "ASK_A_PERSON"
	// ReadOtherwise: this read does not tell. Read in another way, or repeat the request.
	ReadOtherwise Action = "READ_OTHERWISE"
)

// Next is what to do, how long to wait at least, which fields it is about, and whether the request_id is spent.
type Next struct {
	Action       Action
	Wait         time.Duration
	Fields       []string
	NewRequestID bool
}

// whatNext says what to do: the reason says what, and the advice whether it takes a new request_id.
func whatNext(err *voicegateway.Error) Next {
	if err.Advice == voicegatewayv1.RetryAdvice_RETRY_ADVICE_LOOK_UP {
		return Next{Action: AskAPerson}
	}
	next := byReason(err)
	next.NewRequestID = err.Advice == voicegatewayv1.RetryAdvice_RETRY_ADVICE_NEW_REQUEST_ID
	return next
}

// byReason says what to do about each reason.
func byReason(err *voicegateway.Error) Next {
	wait := max(err.RetryDelay, seconds)
	switch err.Reason {
	case voicegatewayv1.ErrorReason_ERROR_REASON_REQUEST_IN_PROGRESS,
		voicegatewayv1.ErrorReason_ERROR_REASON_PROVIDER_UNREACHABLE,
		voicegatewayv1.ErrorReason_ERROR_REASON_PROVIDER_THROTTLED,
		voicegatewayv1.ErrorReason_ERROR_REASON_RATE_LIMITED,
		voicegatewayv1.ErrorReason_ERROR_REASON_OVERLOADED,
		voicegatewayv1.ErrorReason_ERROR_REASON_LEDGER_UNAVAILABLE:
		return Next{Action: Repeat, Wait: wait}
	case voicegatewayv1.ErrorReason_ERROR_REASON_PAUSED:
		return Next{Action: Repeat, Wait: max(wait, minutes)}
	case voicegatewayv1.ErrorReason_ERROR_REASON_PROVIDER_CREDENTIALS_REJECTED,
		voicegatewayv1.ErrorReason_ERROR_REASON_PROVIDER_MISCONFIGURED,
		voicegatewayv1.ErrorReason_ERROR_REASON_INTERNAL: // with err.ErrorID
		return Next{Action: TellOperators, Wait: max(wait, minutes)}
	case voicegatewayv1.ErrorReason_ERROR_REASON_INVALID_REQUEST,
		voicegatewayv1.ErrorReason_ERROR_REASON_POLICY_REFUSED,
		voicegatewayv1.ErrorReason_ERROR_REASON_PROVIDER_INVALID_INPUT,
		voicegatewayv1.ErrorReason_ERROR_REASON_PROVIDER_REFUSED:
		return Next{Action: Correct, Fields: fields(err)}
	case voicegatewayv1.ErrorReason_ERROR_REASON_ACCOUNT_NOT_FOUND,
		voicegatewayv1.ErrorReason_ERROR_REASON_PERMISSION_DENIED,
		voicegatewayv1.ErrorReason_ERROR_REASON_UNAUTHENTICATED:
		return Next{Action: Correct, Fields: []string{"account"}}
	case voicegatewayv1.ErrorReason_ERROR_REASON_INVALID_NUMBER:
		return Next{Action: ChooseAnother, Fields: fields(err)}
	case voicegatewayv1.ErrorReason_ERROR_REASON_BRIDGE_NOT_FOUND:
		return Next{Action: ChooseAnother, Fields: []string{"call.bridge"}}
	case voicegatewayv1.ErrorReason_ERROR_REASON_FLOW_NOT_FOUND:
		return Next{Action: ChooseAnother, Fields: []string{"call.ivr.flow_id"}}
	case voicegatewayv1.ErrorReason_ERROR_REASON_SOUND_NOT_FOUND:
		return Next{Action: ChooseAnother, Fields: []string{"call.playlist"}}
	case voicegatewayv1.ErrorReason_ERROR_REASON_SCHEDULE_TIME_REFUSED:
		return Next{Action: ChooseAnother, Fields: []string{"call.schedule_time"}}
	case voicegatewayv1.ErrorReason_ERROR_REASON_EXPIRED:
		return Next{Action: Drop}
	case voicegatewayv1.ErrorReason_ERROR_REASON_OUTCOME_UNKNOWN,
		voicegatewayv1.ErrorReason_ERROR_REASON_REQUEST_ID_REUSED:
		return Next{Action: AskAPerson}
	case voicegatewayv1.ErrorReason_ERROR_REASON_CALL_NOT_FOUND,
		voicegatewayv1.ErrorReason_ERROR_REASON_CURSOR_OUT_OF_RANGE,
		voicegatewayv1.ErrorReason_ERROR_REASON_UNIMPLEMENTED:
		return Next{Action: ReadOtherwise}
	default:
		return byAdvice(err, wait)
	}
}

// byAdvice says what to do about a reason that is newer than this program, and about a status of somebody else.
func byAdvice(err *voicegateway.Error, wait time.Duration) Next {
	switch {
	case err.MayRepeat():
		return Next{Action: Repeat, Wait: wait}
	case err.FromGateway && err.Advice == voicegatewayv1.RetryAdvice_RETRY_ADVICE_UNSPECIFIED:
		return Next{Action: AskAPerson}
	default:
		return Next{Action: Correct, Fields: fields(err)}
	}
}

func fields(err *voicegateway.Error) []string {
	var found []string
	for _, violation := range err.Violations {
		found = append(found, violation.Field)
	}
	return found
}
