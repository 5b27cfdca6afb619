// Command load keeps a number of calls in flight against a gateway, each worker sending its next one when its last one
// was answered, and prints what it saw. Every PlaceCall has a request_id of its own, unless it is told to repeat one.
package main

import (
	"flag"
	"log"
	"time"

	"example.com/voicegateway/benchmarks/go/measured"
	pb "example.com/voicegateway/generated/go/voicegateway/v1"
)

func main() {
	var plan measured.Plan
	plan.Flags()
	target := flag.String("target", "127.0.0.1:50051", "the gateway's host:port")
	repeat := flag.Bool("repeat", false, "place one call, and then repeat its request instead of placing new ones")
	recorded := flag.Int("recorded", 0, "read calls by GetCall instead, of so many that the ledger was filled with")
	flag.Parse()

	connection := measured.Connect(*target)
	defer connection.Close()
	do, err := jobFor(pb.NewOutboundCallServiceClient(connection), *repeat, *recorded)
	if err != nil {
		log.Fatal(err)
	}
	measured.Run(plan, measured.Timed(do))
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
