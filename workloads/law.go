package workloads

import (
	"slices"
	"time"
)

// A Law predicts what the tasks of an instance cost. What is known beforehand
// is how long each waits, d; what a task computes, c, is measured. With N tasks,
// K cores and W workers the laws are
//
//	sequential               Σd + N·c
//	goroutines, threads      max d + N·c/K
//	gil, eventloop           max d + N·c
//	processpool              (d in turn on W workers) + N·c/K
//	hybrid                   max d + N·c/K, or N·c where tasks offload nothing
//
// What a law leaves out, such as the cost of sending a task to a worker, is what
// a measurement beside it shows.
type Law struct {
	// Waits holds how long each task waits, in index order; nil if none does.
	Waits []time.Duration
	// Offloads tells that what the tasks compute goes through Env.Offload.
	Offloads bool
}

// A Machine is what a law must know of where the tasks run.
type Machine struct {
	Cores   int // CPUs that this process may use at once
	Workers int // worker processes of processpool and hybrid
}

// A Prediction says wall = Wait + Share × C, where C is the CPU time that all
// the tasks need one after another.
type Prediction struct {
	Formula string
	Wait    time.Duration
	Share   float64
}

// Predict returns the law for a model, and false for a model without one.
// Tasks is their number, limit the bound on those in flight or 0.
func (l Law) Predict(model string, tasks, limit int, m Machine) (Prediction, bool) {
	together := limit
	if together == 0 {
		together = max(tasks, 1)
	}
	spread := 1 / float64(max(1, min(m.Cores, tasks, together)))
	switch model {
	case "sequential":
		return Prediction{"Σd + N·c", makespan(l.Waits, 1), 1}, true
	case "goroutines", "threads":
		return Prediction{"max d + N·c/K", makespan(l.Waits, together), spread}, true
	case "eventloop", "gil":
		return Prediction{"max d + N·c", makespan(l.Waits, together), 1}, true
	case "processpool":
		workers := min(together, m.Workers)
		share := 1 / float64(max(1, min(m.Cores, tasks, workers)))
		return Prediction{"d in turn on W workers + N·c/K", makespan(l.Waits, workers), share}, true
	case "hybrid":
		if l.Offloads {
			return Prediction{"max d + N·c/K", makespan(l.Waits, together), spread}, true
		}
		return Prediction{"max d + N·c", makespan(l.Waits, together), 1}, true
	}
	return Prediction{}, false
}

// makespan is how long it takes until the last wait is over when up to lanes of
// them go on at once and each free lane takes the next in order.
func makespan(waits []time.Duration, lanes int) time.Duration {
	switch {
	case len(waits) == 0:
		return 0
	case lanes >= len(waits):
		return slices.Max(waits)
	}
	free := make([]time.Duration, max(1, lanes))
	for _, d := range waits {
		lane := slices.Index(free, slices.Min(free))
		free[lane] += d
	}
	return slices.Max(free)
}
