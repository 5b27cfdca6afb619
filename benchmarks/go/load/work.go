package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	pb "example.com/voicegateway/generated/go/voicegateway/v1"
)

// patience is how long the call to repeat may take.
const patience = 30 * time.Second

// job is what a worker does over and over, each time with another number. It returns what was wrong, if anything.
type job func(ctx context.Context, worker, number int) string

// placeNew places a call that nobody has placed before. The run's number keeps its ids apart from other runs'.
func placeNew(client pb.OutboundCallServiceClient, run int64) job {
	return func(ctx context.Context, worker, number int) string {
		return placeCall(ctx, client, request(run, worker, number), false)
	}
}

// placeAgain places one call, and returns a job that repeats its request: every answer must be that call, replayed.
func placeAgain(client pb.OutboundCallServiceClient, run int64) (job, error) {
	first := request(run, 0, 0)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if problem := placeCall(ctx, client, first, false); problem != "" {
		return nil, fmt.Errorf("the call to repeat: %s", problem)
	}
	return func(ctx context.Context, _, _ int) string { return placeCall(ctx, client, first, true) }, nil
}

// getRecorded reads one of the calls that the ledger was filled with, recorded-1 to recorded-N.
func getRecorded(client pb.OutboundCallServiceClient, recorded int) job {
	return func(ctx context.Context, _, _ int) string {
		id := fmt.Sprintf("recorded-%d", 1+rand.IntN(recorded))
		reply, err := client.GetCall(ctx, &pb.GetCallRequest{Lookup: &pb.GetCallRequest_RequestId{RequestId: id}})
		if err != nil {
			return err.Error()
		}
		if reply.GetCall().GetRequestId() != id {
			return "the answer is about another call"
		}
		return ""
	}
}

func placeCall(
	ctx context.Context, client pb.OutboundCallServiceClient, request *pb.PlaceCallRequest, replayed bool,
) string {
	reply, err := client.PlaceCall(ctx, request)
	if err != nil {
		return err.Error()
	}
	if dispatch := reply.GetCall().GetDispatch(); dispatch != pb.Dispatch_DISPATCH_ACCEPTED {
		return dispatch.String()
	}
	if reply.GetReplayed() != replayed {
		return fmt.Sprintf("replayed is %v", reply.GetReplayed())
	}
	return ""
}
