// Command watchers opens streams on an account where nothing happens, over some connections, and holds them for a while.
//
// It prints the line "measuring" when every stream has begun, "measured" when the time is over, and then one JSON
// object.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"sync/atomic"
	"time"

	"example.com/voicegateway/benchmarks/go/measured"
	pb "example.com/voicegateway/generated/go/voicegateway/v1"
)

func main() {
	target := flag.String("target", "127.0.0.1:50051", "the gateway's host:port")
	streams := flag.Int("streams", 1000, "how many streams")
	connections := flag.Int("connections", 10, "over how many connections")
	length := flag.Duration("length", 10*time.Second, "how long they are held")
	flag.Parse()

	clients := make([]pb.OutboundCallServiceClient, *connections)
	for each := range clients {
		clients[each] = pb.NewOutboundCallServiceClient(measured.Connect(*target))
	}
	var heartbeats atomic.Int64
	for number := range *streams {
		watch(clients[number%len(clients)], &heartbeats)
	}
	heartbeats.Store(0) // but those with which streams begin
	fmt.Println("measuring")
	time.Sleep(*length)
	fmt.Println("measured")
	measured.Print(map[string]int64{"streams": int64(*streams), "heartbeats": heartbeats.Load()})
}

// watch returns once the stream has begun, and goes on reading it; a stream that ends ends the program.
func watch(client pb.OutboundCallServiceClient, heartbeats *atomic.Int64) {
	stream, err := client.WatchCalls(context.Background(), &pb.WatchCallsRequest{})
	if err != nil {
		log.Fatal(err)
	}
	begun := make(chan struct{}, 1)
	go func() {
		for {
			response, err := stream.Recv()
			if err != nil {
				log.Fatal(err)
			}
			if response.GetHeartbeat() == nil {
				log.Fatal("something happened")
			}
			heartbeats.Add(1)
			select {
			case begun <- struct{}{}:
			default:
			}
		}
	}()
	<-begun
}
