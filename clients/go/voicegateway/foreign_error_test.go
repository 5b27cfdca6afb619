package voicegateway_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	statuspb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/anypb"

	"example.com/voicegateway/clients/go/voicegateway"
	voicegatewayv1 "example.com/voicegateway/generated/go/voicegateway/v1"
)

func ours() *errdetails.ErrorInfo {
	return &errdetails.ErrorInfo{Domain: "voicegateway.v1", Reason: "ERROR_REASON_FLOW_NOT_FOUND", Metadata: everything()}
}

func theirs() *errdetails.ErrorInfo {
	return &errdetails.ErrorInfo{Domain: "mesh.example.com", Reason: "ERROR_REASON_FLOW_NOT_FOUND", Metadata: everything()}
}

// raw is a status with details as they are given here, whatever they hold.
func raw(details ...*anypb.Any) error {
	return status.ErrorProto(&statuspb.Status{Code: int32(codes.NotFound), Message: "raw", Details: details})
}

func packed(info *errdetails.ErrorInfo) *anypb.Any {
	detail, err := anypb.New(info)
	if err != nil {
		panic(err)
	}
	return detail
}

func TestAStatusWithoutTheGatewaysInfoTellsNothingOfThePhones(t *testing.T) {
	for name, told := range map[string]error{
		"no details":                       status.Error(codes.NotFound, "no route"),
		"another domain":                   withDetails(codes.NotFound, theirs()),
		"the info twice":                   withDetails(codes.NotFound, ours(), ours()),
		"the info beside another's":        withDetails(codes.NotFound, ours(), theirs()),
		"another detail twice":             withDetails(codes.NotFound, ours(), &errdetails.BadRequest{}, &errdetails.BadRequest{}),
		"other details only":               withDetails(codes.NotFound, &errdetails.ResourceInfo{ResourceType: "flow"}),
		"an info that cannot be decoded":   raw(&anypb.Any{TypeUrl: "type.googleapis.com/google.rpc.ErrorInfo", Value: []byte{0xff}}),
		"a detail that cannot be decoded":  raw(packed(ours()), &anypb.Any{TypeUrl: "type.googleapis.com/google.rpc.BadRequest", Value: []byte{0xff}}),
		"a detail whose type has no name":  raw(&anypb.Any{Value: []byte("ERROR_REASON_FLOW_NOT_FOUND")}),
		"a detail that is not of its type": raw(&anypb.Any{TypeUrl: "type.googleapis.com/google.rpc.RetryInfo", Value: packed(ours()).GetValue()}),
	} {
		t.Run(name, func(t *testing.T) {
			e := voicegateway.FromError(answered(t, told))
			isUnknown(t, e)
			if e.Code != codes.NotFound || e.Message != status.Convert(told).Message() || !e.MayRepeat() {
				t.Errorf("%s %q, %t", e.Code, e.Message, e.MayRepeat())
			}
		})
	}
}

func isUnknown(t *testing.T, e *voicegateway.Error) {
	t.Helper()
	if e.FromGateway || e.Reason != 0 || e.ReasonName != "" || e.Dispatch != 0 || e.Advice != 0 || e.NobodyWasDialed() ||
		e.Violations != nil || e.CallID != "" || e.ResourceType != "" || e.RetryDelay != 0 || e.Metadata != nil {
		t.Errorf("something is made of it: %+v", *e)
	}
}

func TestGarbageForDetailsIsNobodysWord(t *testing.T) {
	for _, garbage := range []string{"\xff\xff\xff", "garbage", ""} {
		gateway := run(t, func(ctx context.Context, _ int, _ *voicegatewayv1.PlaceCallRequest) error {
			grpc.SetTrailer(ctx, metadata.Pairs("grpc-status-details-bin", garbage))
			return status.Error(codes.PermissionDenied, "no entry")
		})
		_, err := dial(t, gateway.address).PlaceCall(briefly(t), aCall())
		isUnknown(t, voicegateway.FromError(err))
	}
}

func TestAForeignCodeTellsWhetherToRepeat(t *testing.T) {
	for code := codes.Canceled; code <= codes.Unauthenticated; code++ {
		reachedNobody := code == codes.ResourceExhausted || code == codes.Unimplemented
		for _, told := range []error{status.Error(code, ""), withDetails(code, theirs())} {
			if e := voicegateway.FromError(told); e.MayRepeat() == reachedNobody {
				t.Errorf("%s: %t", code, e.MayRepeat())
			}
		}
	}
}

func TestWhatIsNoStatusIsUnknown(t *testing.T) {
	for code, told := range map[codes.Code]error{
		codes.Unknown:          errors.New("the disk is full"),
		codes.DeadlineExceeded: fmt.Errorf("before it was sent: %w", context.DeadlineExceeded),
		codes.Canceled:         context.Canceled,
	} {
		e := voicegateway.FromError(told)
		isUnknown(t, e)
		if e.Code != code || e.Message != told.Error() || !errors.Is(e, told) || status.Code(e) != code {
			t.Errorf("%v is read as %s %q", told, e.Code, e.Message)
		}
	}
}

// notAStatus claims to carry a status, and has none.
type notAStatus struct{}

func (notAStatus) Error() string              { return "none" }
func (notAStatus) GRPCStatus() *status.Status { return nil }

func TestAStatusThatIsMissingOrFineIsUnknown(t *testing.T) {
	if e := voicegateway.FromError(fmt.Errorf("wrapped: %w", notAStatus{})); e.Code != codes.Unknown || status.Code(e) != codes.Unknown {
		t.Error(e)
	}
}
