package main

import (
	"context"
	"log/slog"
	"time"

	"buf.build/go/protovalidate"
	"github.com/oklog/ulid/v2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	pb "example.com/voicegateway/generated/go/voicegateway/v1"
)

const account = "default"

// service answers PlaceCall; the other methods are UNIMPLEMENTED.
type service struct {
	pb.UnimplementedOutboundCallServiceServer
	validator protovalidate.Validator
	provider  *provider
	ledger    *ledger
	log       *slog.Logger
}

func newService(provider *provider, ledger *ledger, log *slog.Logger) (*service, error) {
	validator, err := protovalidate.New(protovalidate.WithMessages(&pb.PlaceCallRequest{}))
	return &service{validator: validator, provider: provider, ledger: ledger, log: log}, err
}

func (s *service) PlaceCall(ctx context.Context, request *pb.PlaceCallRequest) (*pb.PlaceCallResponse, error) {
	began := time.Now()
	record, replayed, problem := s.place(ctx, request)
	s.log.Info("call",
		"method", "PlaceCall",
		"outcome", problem.name(),
		"request_id", request.GetRequestId(),
		"call_id", record.callID,
		"dispatch", problem.dispatch().String(),
		"provider_code", record.reply.GetCode(),
		"duration_ms", float64(time.Since(began).Microseconds())/1000,
	)
	if problem != nil {
		if problem.retry() != pb.RetryAdvice_RETRY_ADVICE_REPEAT {
			grpc.SetTrailer(ctx, metadata.Pairs("grpc-retry-pushback-ms", "-1")) // keeps meshes from repeating it
		}
		return nil, problem.status(request, record, replayed)
	}
	return &pb.PlaceCallResponse{Call: record.call(request), Replayed: replayed}, nil
}

// place sends a call at most once, and says what became of it: nil when it was accepted. A record that is there already
// answers instead.
func (s *service) place(ctx context.Context, request *pb.PlaceCallRequest) (record, bool, *problem) {
	if err := s.validator.Validate(request); err != nil {
		return record{}, false, invalid(err)
	}
	content, err := proto.MarshalOptions{Deterministic: true}.Marshal(request.GetCall())
	if err != nil {
		return record{}, false, because(pb.ErrorReason_ERROR_REASON_INTERNAL)
	}
	now := time.Now()
	wish := record{
		account: account, requestID: request.GetRequestId(), callID: ulid.Make().String(), content: content,
		dispatch: pb.Dispatch_DISPATCH_SENDING, created: now, updated: now,
	}
	form, err := encode(request.GetCall(), wish.callID)
	if err != nil {
		return wish, false, because(pb.ErrorReason_ERROR_REASON_INTERNAL)
	}
	ctx = context.WithoutCancel(ctx) // from here on the caller's going away changes nothing
	known, isMine, err := s.ledger.reserve(ctx, wish)
	if err != nil {
		return wish, false, because(pb.ErrorReason_ERROR_REASON_LEDGER_UNAVAILABLE)
	}
	if !isMine {
		problem := replayOf(known, content)
		return known, problem.reasonOrNone() == known.reason, problem
	}
	return s.send(ctx, wish, form)
}

// send posts a reserved call, and writes down what became of it.
func (s *service) send(ctx context.Context, sent record, form string) (record, bool, *problem) {
	reply, problem := s.provider.post(ctx, form)
	sent.reply, sent.updated = reply, time.Now()
	sent.reason, sent.dispatch = problem.reasonOrNone(), problem.dispatch()
	if err := s.ledger.finish(ctx, sent); err != nil {
		// The answer is true all the same; a repeat finds the call still being sent, which is safe.
		s.log.Error("an outcome could not be recorded", "call_id", sent.callID, "cause", err)
	}
	return sent, false, problem
}
