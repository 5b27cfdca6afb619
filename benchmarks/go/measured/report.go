package measured

import (
	"slices"
	"time"
)

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
