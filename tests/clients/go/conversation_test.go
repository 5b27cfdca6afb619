package conformance

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	rpccode "google.golang.org/genproto/googleapis/rpc/code"
	_ "google.golang.org/genproto/googleapis/rpc/errdetails" // a recorded call's error holds them, and they are printed
	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"example.com/voicegateway/clients/go/voicegateway"
	voicegatewayv1 "example.com/voicegateway/generated/go/voicegateway/v1"
)

// conversation is one run of a case.
type conversation struct {
	conn    *grpc.ClientConn
	sandbox sandbox
	words   *words
}

// differences speaks every step of a case, and tells what was answered otherwise than it says.
func (c *conversation) differences(ctx context.Context, content []byte) ([]string, error) {
	var said testCase
	if err := decode(content, &said); err != nil {
		return nil, err
	}
	if said.About == "" || len(said.Steps) == 0 {
		return nil, fmt.Errorf("it says nothing")
	}
	if err := c.sandbox.forget(); err != nil {
		return nil, err
	}
	var found []string
	for index, step := range said.Steps {
		unlike, err := c.step(ctx, step)
		if err != nil {
			return nil, fmt.Errorf("step %d: %w", index+1, err)
		}
		for _, each := range unlike {
			found = append(found, fmt.Sprintf("step %d: %s", index+1, each))
		}
	}
	unlike, err := c.delivered(said.Sandbox)
	return append(found, unlike...), err
}

func (c *conversation) step(ctx context.Context, said step) ([]string, error) {
	rpc := said.RPC
	if rpc == "" {
		rpc = "PlaceCall"
	}
	request, reply, err := newMessages(rpc)
	if err != nil {
		return nil, err
	}
	content, err := c.words.put(said.Request)
	if err != nil {
		return nil, err
	}
	if err := protojson.Unmarshal(content, request); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, deadline(said.Deadline))
	defer cancel()
	if request, ok := request.(*voicegatewayv1.WatchCallsRequest); ok {
		return c.watch(ctx, said.Expect, request)
	}
	answered := voicegateway.FromError(c.conn.Invoke(ctx, "/voicegateway.v1.OutboundCallService/"+rpc, request, reply))
	c.note(answered, reply)
	return c.compare(said.Expect, answered, reply)
}

func deadline(seconds float64) time.Duration {
	if seconds == 0 {
		seconds = 30
	}
	return time.Duration(seconds * float64(time.Second))
}

// newMessages makes an empty request of an RPC, and an empty reply.
func newMessages(rpc string) (request, reply proto.Message, err error) {
	var made [2]proto.Message
	for index, suffix := range []string{"Request", "Response"} {
		kind, err := protoregistry.GlobalTypes.FindMessageByName(protoreflect.FullName("voicegateway.v1." + rpc + suffix))
		if err != nil {
			return nil, nil, err
		}
		made[index] = kind.New().Interface()
	}
	return made[0], made[1], nil
}

// note keeps the call_id that the first answer told.
func (c *conversation) note(answered *voicegateway.Error, reply proto.Message) {
	if answered != nil {
		c.words.tells("CALL_ID", answered.CallID)
	} else if placed, ok := reply.(*voicegatewayv1.PlaceCallResponse); ok {
		c.words.tells("CALL_ID", placed.GetCall().GetCallId())
	}
}

func (c *conversation) compare(said json.RawMessage, answered *voicegateway.Error, reply proto.Message) ([]string, error) {
	expected, err := c.expected(said, false)
	if err != nil {
		return nil, err
	}
	if answered != nil {
		return unlikeError(expected, answered), nil
	}
	actual, err := shown(reply)
	if err != nil {
		return nil, err
	}
	if expected.Reply == nil {
		expected.Reply = map[string]any{}
	}
	return append(unlike("code", expected.Code, "OK"), unlike("reply", expected.Reply, actual)...), nil
}

// expected reads what is expected of a watch or of another RPC, with its words put in place.
func (c *conversation) expected(said json.RawMessage, isWatch bool) (expected expectation, err error) {
	content, err := c.words.put(said)
	if err != nil {
		return expected, err
	}
	if err := decode(content, &expected); err != nil {
		return expected, err
	}
	return expected, expected.fits(isWatch)
}

// shown is a message as protobuf's JSON, with the protos' names.
func shown(message proto.Message) (shown any, err error) {
	content, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(message)
	if err != nil {
		return nil, err
	}
	return shown, decode(content, &shown)
}

func unlikeError(expected expectation, answered *voicegateway.Error) []string {
	metadata := map[string]any{}
	for name, value := range answered.Metadata {
		metadata[name] = value
	}
	found := unlike("code", expected.Code, rpccode.Code(answered.Code).String())
	found = append(found, unlike("reason", orUnspecified(expected.Reason, "ERROR_REASON"), answered.Reason.String())...)
	found = append(found, unlike("dispatch", orUnspecified(expected.Dispatch, "DISPATCH"), answered.Dispatch.String())...)
	found = append(found, unlike("retry", orUnspecified(expected.Retry, "RETRY_ADVICE"), answered.Advice.String())...)
	found = append(found, unlikeViolations(expected.Violations, answered.Violations)...)
	found = append(found, unlikeByKey("metadata", expected.Metadata, metadata)...)
	if expected.RetryDelay != nil {
		delay := json.Number(fmt.Sprint(answered.RetryDelay.Seconds()))
		found = append(found, unlike("retry_delay", expected.RetryDelay, delay)...)
	}
	return found
}

func orUnspecified(name, kind string) string {
	if name == "" {
		return kind + "_UNSPECIFIED"
	}
	return name
}

// unlikeViolations compares [field, reason] in any order.
func unlikeViolations(expected [][]string, actual []voicegateway.Violation) []string {
	var wanted, told []string
	for _, each := range expected {
		wanted = append(wanted, strings.Join(each, ": "))
	}
	for _, each := range actual {
		told = append(told, each.Field+": "+each.Reason)
	}
	slices.Sort(wanted)
	slices.Sort(told)
	if slices.Equal(wanted, told) {
		return nil
	}
	return []string{fmt.Sprintf("the violations are %q, not %q", told, wanted)}
}
