// Command load keeps a number of calls in flight against a gateway, each worker sending its next one when its last one
// was answered, and prints what it saw. Every PlaceCall has a request_id of its own, unless it is told to repeat one.
//
// It prints the line "measuring" when the warm-up is over, "measured" when the time is over, and then one JSON object.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"slices"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials/insecure"

	pb "example.com/voicegateway/generated/go/voicegateway/v1"
)

// patience is how long a call may take.
const patience = 30 * time.Second

// report is what a run saw. Replies counts all good ones, the warm-up's too; the rest is about the measured time.
type report struct {
	Replies  int            `json:"replies"`
	Errors   map[string]int `json:"errors"`
	Measured int            `json:"measured"`
	Seconds  float64        `json:"seconds"`
	P50Ms    float64        `json:"p50_ms"`
	P99Ms    float64        `json:"p99_ms"`
}

// seen is what one worker saw.
type seen struct {
	replies   int
	errors    map[string]int
	latencies []time.Duration
}

func main() {
	target := flag.String("target", "127.0.0.1:50051", "the gateway's host:port")
	inFlight := flag.Int("in-flight", 32, "how many calls are in flight at once")
	warmup := flag.Duration("warmup", time.Second, "how long to send before measuring")
	length := flag.Duration("length", 2*time.Second, "how long to measure")
	repeat := flag.Bool("repeat", false, "place one call, and then repeat its request instead of placing new ones")
	recorded := flag.Int("recorded", 0, "read calls by GetCall instead, of so many that the ledger was filled with")
	flag.Parse()

	connection, err := grpc.NewClient(*target, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		log.Fatal(err)
	}
	defer connection.Close()
	waitUntilReady(connection)
	client := pb.NewOutboundCallServiceClient(connection)

	do, err := jobFor(client, *repeat, *recorded)
	if err != nil {
		log.Fatal(err)
	}

	begin := time.Now().Add(*warmup)
	end := begin.Add(*length)
	all := make([]seen, *inFlight)
	var workers sync.WaitGroup
	for worker := range all {
		workers.Go(func() { all[worker] = work(do, worker, begin, end) })
	}
	time.Sleep(time.Until(begin))
	fmt.Println("measuring")
	time.Sleep(time.Until(end))
	fmt.Println("measured")
	workers.Wait()
	if err := json.NewEncoder(os.Stdout).Encode(summary(all, *length)); err != nil {
		log.Fatal(err)
	}
}

func jobFor(client pb.OutboundCallServiceClient, repeat bool, recorded int) (job, error) {
	run := time.Now().UnixNano()
	switch {
	case recorded > 0:
		return getRecorded(client, recorded), nil
	case repeat:
		return placeAgain(client, run)
	}
	return placeNew(client, run), nil
}

// waitUntilReady returns when the connection stands.
func waitUntilReady(connection *grpc.ClientConn) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	connection.Connect()
	for state := connection.GetState(); state != connectivity.Ready; state = connection.GetState() {
		if !connection.WaitForStateChange(ctx, state) {
			log.Fatalf("the server does not answer; its connection is %v", state)
		}
	}
}

func summary(all []seen, length time.Duration) report {
	total := report{Errors: map[string]int{}, Seconds: length.Seconds()}
	var latencies []time.Duration
	for _, one := range all {
		total.Replies += one.replies
		latencies = append(latencies, one.latencies...)
		for problem, count := range one.errors {
			total.Errors[problem] += count
		}
	}
	slices.Sort(latencies)
	total.Measured = len(latencies)
	total.P50Ms, total.P99Ms = percentile(latencies, 50), percentile(latencies, 99)
	return total
}

func percentile(sorted []time.Duration, percent int) float64 {
	if len(sorted) == 0 {
		return 0
	}
	return float64(sorted[(len(sorted)-1)*percent/100].Microseconds()) / 1000
}
