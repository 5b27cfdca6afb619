// Command gateway places calls as this repository's gateway does, written as one would first write it in Go: grpc-go
// and net/http, and database/sql with one transaction a statement. It is here to be measured, as (f), and to be read.
//
// It keeps the promises that cost time: rules, a durable reservation before the POST, the outcome written down after it,
// replays, a status with ErrorInfo, one line in the log, a graceful stop. It leaves out what costs next to nothing in Go
// or is not on the way of a call: GetCall and its indexes, warnings, previews, times at which the provider refuses a
// schedule, unknown fields, hiding digits and keys in what the provider says.
package main

import (
	"context"
	"flag"
	"log"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"

	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"

	pb "example.com/voicegateway/generated/go/voicegateway/v1"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:50051", "where to listen")
	upstream := flag.String("upstream", "http://127.0.0.1:8090", "the provider's base URL")
	file := flag.String("ledger", "ledger.db", "the SQLite file that calls are recorded in")
	flag.Parse()
	if err := serve(*listen, *upstream, *file); err != nil {
		log.Fatal(err)
	}
}

// serve answers calls until it is told to stop, and then waits for those that run.
func serve(listen, upstream, file string) error {
	ledger, err := openLedger(file)
	if err != nil {
		return err
	}
	defer ledger.close()
	service, err := newService(newProvider(upstream), ledger, slog.New(slog.NewJSONHandler(os.Stderr, nil)))
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}

	// A call outlives its caller: the stop waits for handlers, not just for answers.
	server := grpc.NewServer(grpc.WaitForHandlers(true))
	ready := health.NewServer()
	ready.SetServingStatus(pb.OutboundCallService_ServiceDesc.ServiceName, healthpb.HealthCheckResponse_SERVING)
	healthpb.RegisterHealthServer(server, ready)
	pb.RegisterOutboundCallServiceServer(server, service)

	stop, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer cancel()
	go func() {
		<-stop.Done()
		ready.Shutdown()
		server.GracefulStop()
	}()
	return server.Serve(listener)
}
