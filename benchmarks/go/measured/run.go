// Package measured keeps workers busy with a server for a while, and sums up what they saw.
//
// It prints the line "measuring" when the warm-up is over, "measured" when the time is over, and then one JSON object.
package measured

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"math/rand/v2"
	"os"
	"sync"
	"time"
)

// patience is how long one piece of work may take.
const patience = 30 * time.Second

// Plan says how many work for how long, and how often.
type Plan struct {
	Workers        int
	Warmup, Length time.Duration
	// Rate is how much is begun in a second by all workers together, at random times; 0: each worker begins its next
	// piece when its last one is done.
	Rate float64
}

// Flags declares the flags that fill a plan.
func (plan *Plan) Flags() {
	flag.IntVar(&plan.Workers, "in-flight", 32, "how much is in flight at once")
	flag.DurationVar(&plan.Warmup, "warmup", time.Second, "how long to work before measuring")
	flag.DurationVar(&plan.Length, "length", 2*time.Second, "how long to measure")
	flag.Float64Var(&plan.Rate, "rate", 0, "how much to begin in a second; 0: as much as there are answers")
}

// Job is what a worker does over and over, each time with another number. It returns how long it took, and what was
// wrong, if anything.
type Job func(ctx context.Context, worker, number int) (time.Duration, string)

// Timed makes a job of what takes as long as it runs.
func Timed(do func(ctx context.Context, worker, number int) string) Job {
	return func(ctx context.Context, worker, number int) (time.Duration, string) {
		begun := time.Now()
		problem := do(ctx, worker, number)
		return time.Since(begun), problem
	}
}

// Run follows a plan, and prints what was seen.
func Run(plan Plan, do Job) {
	begin := time.Now().Add(plan.Warmup)
	end := begin.Add(plan.Length)
	all := make([]seen, plan.Workers)
	var workers sync.WaitGroup
	for worker := range all {
		workers.Go(func() { all[worker] = work(plan, do, worker, begin, end) })
	}
	time.Sleep(time.Until(begin))
	fmt.Println("measuring")
	time.Sleep(time.Until(end))
	fmt.Println("measured")
	workers.Wait()
	Print(summary(all, plan.Length))
}

// Print writes what was seen as one JSON object.
func Print(report any) {
	if err := json.NewEncoder(os.Stdout).Encode(report); err != nil {
		log.Fatal(err)
	}
}

// work does its job until the end. What was done is measured when it ends in the measured time.
func work(plan Plan, do Job, worker int, begin, end time.Time) seen {
	result := seen{errors: map[string]int{}}
	started := time.Now()
	for number := 0; ; number++ {
		if plan.Rate > 0 {
			// Somewhere in this worker's own share of the time.
			share := (float64(number) + rand.Float64()) * float64(plan.Workers) / plan.Rate
			time.Sleep(time.Until(started.Add(time.Duration(share * float64(time.Second)))))
		}
		if time.Now().After(end) {
			return result
		}
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		took, problem := do(ctx, worker, number)
		cancel()
		finish := time.Now()
		if problem != "" {
			result.errors[problem]++
			continue
		}
		result.replies++
		if finish.After(begin) && !finish.After(end) {
			result.latencies = append(result.latencies, took)
		}
	}
}
