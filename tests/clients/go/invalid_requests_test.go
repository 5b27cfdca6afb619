package conformance

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"example.com/voicegateway/clients/go/voicegateway"
	voicegatewayv1 "example.com/voicegateway/generated/go/voicegateway/v1"
)

func TestInvalidRequests(t *testing.T) {
	conn := dial(t)
	content, err := os.ReadFile(cases + "/invalid_requests.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []invalidRequest
	if err := decode(content, &all); err != nil {
		t.Fatal(err)
	}
	for index, said := range all {
		t.Run(fmt.Sprintf("%03d %s", index, said.About), func(t *testing.T) {
			request, err := said.request()
			if err != nil {
				t.Fatal(err)
			}
			found, err := voicegateway.Validate(request)
			if err != nil {
				t.Fatal(err)
			}
			report(t, "client", unlikeViolations(said.Violations, found))
			told := send(t.Context(), conn, request)
			if told == nil || told.Code != codes.InvalidArgument || told.OmittedViolations != 0 ||
				told.Reason != voicegatewayv1.ErrorReason_ERROR_REASON_INVALID_REQUEST {
				t.Fatalf("the gateway answers %v", told)
			}
			report(t, "gateway", unlikeViolations(said.Violations, told.Violations))
		})
	}
}

func report(t *testing.T, who string, found []string) {
	t.Helper()
	for _, each := range found {
		t.Errorf("%s: %s", who, each)
	}
}

// request is the request that the case gives, in either form.
func (i *invalidRequest) request() (proto.Message, error) {
	if (i.Request == nil) == (i.RequestBase64 == nil) || len(i.Violations) == 0 {
		return nil, fmt.Errorf("it gives no request, two of them, or no violation")
	}
	request, _, err := newMessages(strings.TrimSuffix(i.Message, "Request"))
	if err != nil {
		return nil, err
	}
	if i.Request != nil {
		return request, protojson.Unmarshal(i.Request, request)
	}
	return request, proto.Unmarshal(i.RequestBase64, request)
}

// send sends a request that nobody has validated.
func send(ctx context.Context, conn *grpc.ClientConn, request proto.Message) *voicegateway.Error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	if request, ok := request.(*voicegatewayv1.WatchCallsRequest); ok {
		stream, err := voicegatewayv1.NewOutboundCallServiceClient(conn).WatchCalls(ctx, request)
		if err == nil {
			_, err = stream.Recv()
		}
		return voicegateway.FromError(err)
	}
	rpc := strings.TrimSuffix(string(request.ProtoReflect().Descriptor().Name()), "Request")
	_, reply, err := newMessages(rpc)
	if err == nil {
		err = conn.Invoke(ctx, "/voicegateway.v1.OutboundCallService/"+rpc, request, reply)
	}
	return voicegateway.FromError(err)
}
