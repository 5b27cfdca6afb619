// Command reports brings a receiver what a provider reports of calls, over connections that are kept: of each call one
// report after the other, each once the one before has its 200. It prints how long the answers took; or, told to watch,
// how long it took from a report's request until the stream of a gateway had brought its event.
package main

import (
	"flag"
	"log"

	"example.com/voicegateway/benchmarks/go/measured"
)

func main() {
	var plan measured.Plan
	plan.Flags()
	receiver := flag.String("receiver", "127.0.0.1:8080", "the receiver's host:port")
	file := flag.String("stories", "stories.json", "what is reported of each call: the targets of the requests, in order")
	watched := flag.String("watch", "", "the host:port of the gateway whose events are watched; none when empty")
	flag.Parse()

	stories, err := read(*file)
	if err != nil {
		log.Fatal(err)
	}
	reporter := newReporter(*receiver, stories, plan.Workers)
	if *watched != "" {
		reporter.watcher = watch(*watched)
	}
	measured.Run(plan, reporter.report)
}
