package workloads

import (
	"testing"
	"time"
)

func TestPredict(t *testing.T) {
	units := func(n ...int) (waits []time.Duration) {
		for _, k := range n {
			waits = append(waits, time.Duration(k)*time.Second)
		}
		return waits
	}
	two := Machine{Cores: 2, Workers: 2}
	cases := []struct {
		name    string
		law     Law
		model   string
		tasks   int
		limit   int
		machine Machine
		wait    float64 // seconds
		share   float64
	}{
		{"6 one after another", Law{Waits: units(1, 2, 3)}, "sequential", 3, 0, two, 6, 1},
		{"3 together", Law{Waits: units(1, 2, 3)}, "goroutines", 3, 0, two, 3, 0.5},
		{"3 on one thread", Law{Waits: units(1, 2, 3)}, "eventloop", 3, 0, two, 3, 1},
		{"3 one at a time", Law{Waits: units(1, 2, 3)}, "gil", 3, 0, two, 3, 1},
		{"3 on threads", Law{Waits: units(1, 2, 3)}, "threads", 3, 0, two, 3, 0.5},
		{"two workers in order", Law{Waits: units(1, 2, 3)}, "processpool", 3, 0, two, 4, 0.5},
		{"two workers, longest first", Law{Waits: units(3, 2, 1)}, "processpool", 3, 0, two, 3, 0.5},
		{"three workers", Law{Waits: units(1, 2, 3)}, "processpool", 3, 0, Machine{2, 3}, 3, 0.5},
		{"one worker", Law{Waits: units(1, 2, 3)}, "processpool", 3, 0, Machine{2, 1}, 6, 1},
		{"limit of two", Law{Waits: units(1, 2, 3)}, "goroutines", 3, 2, two, 4, 0.5},
		{"limit of one", Law{Waits: units(1, 2, 3)}, "eventloop", 3, 1, two, 6, 1},
		{"limit below workers", Law{Waits: units(1, 2, 3)}, "processpool", 3, 1, two, 6, 1},
		{"computing only", Law{Offloads: true}, "goroutines", 8, 0, Machine{4, 4}, 0, 0.25},
		{"fewer tasks than cores", Law{Offloads: true}, "processpool", 3, 0, Machine{4, 4}, 0, 1. / 3},
		{"fewer workers than cores", Law{Offloads: true}, "processpool", 8, 0, Machine{4, 2}, 0, 0.5},
		{"offloading", Law{Offloads: true}, "hybrid", 8, 0, two, 0, 0.5},
		{"nothing to offload", Law{Waits: units(1, 2)}, "hybrid", 2, 0, two, 2, 1},
		{"no task", Law{}, "goroutines", 0, 0, two, 0, 1},
	}
	for _, c := range cases {
		p, known := c.law.Predict(c.model, c.tasks, c.limit, c.machine)
		if !known || p.Wait.Seconds() != c.wait || p.Share != c.share || p.Formula == "" {
			t.Errorf("%s: %+v, want a wait of %v s and a share of %v", c.name, p, c.wait, c.share)
		}
	}
	if _, known := (Law{}).Predict("guesswork", 1, 0, two); known {
		t.Error("there is a law for a model that nobody knows")
	}
}

// A law for many tasks that all wait together is no work of its own.
func TestMakespan(t *testing.T) {
	waits := make([]time.Duration, 100_000)
	for i := range waits {
		waits[i] = time.Duration(i)
	}
	if got := makespan(waits, len(waits)); got != 99_999 {
		t.Errorf("together they take %d, want 99999", got)
	}
	if got := makespan(waits[:5], 0); got != 10 {
		t.Errorf("without a lane they take %d, want all in turn, 10", got)
	}
}
