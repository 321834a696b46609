package harness

import (
	"fmt"

	"juggle/harness/machine"
	"juggle/models"
	"juggle/results"
	"juggle/workloads"
)

// What a process takes, measured on Linux 6.18 with 2 CPUs and Go 1.26: the
// samples of results/reference have 16 MB and GOMAXPROCS+4 threads, and so has
// each of their workers.
const (
	processBytes   = 20e6
	runtimeThreads = 6
	// A task in flight has a stack and an envelope; 10,000 sleepers took 5.6 KB
	// each. One with a socket has buffers too; 1000 pages of scrape took 22 KB each,
	// and 50 KB with net/http in the native twin.
	taskBytes   = 8e3
	socketBytes = 64e3
)

// Needs are what a tier needs at once, at most. Descriptors are known from its
// workloads, memory and threads are estimates.
type Needs struct {
	Tier        workloads.Tier
	Descriptors int
	// Hungriest is the row that needs the most descriptors.
	Hungriest string
	Threads   int
	Bytes     float64
}

// NeedsOf returns what a tier of the table needs under the four models: the
// processes of a run are this one, a fixture, a sample and a worker for each
// CPU. The tasks' own buffers, such as a picture, are not in the estimate. The
// error says which row cannot be made.
func NeedsOf(table []workloads.Workload, tier workloads.Tier) (Needs, error) {
	workers := models.Parallelism()
	processes := 3 + workers
	need := Needs{Tier: tier, Threads: processes * (workers + runtimeThreads)}
	most := 0.0
	for _, w := range table {
		rows, err := w.RowsOf(tier, nil)
		if err != nil {
			return need, err
		}
		for _, v := range rows {
			in, err := w.New(v, "")
			if err != nil {
				return need, fmt.Errorf("%s (%s): %w", w.Name, v, err)
			}
			if d := in.Descriptors + spareDescriptors; d > need.Descriptors {
				need.Descriptors, need.Hungriest = d, fmt.Sprintf("%s (%s)", w.Name, v)
			}
			inFlight := in.Tasks
			if in.Limit > 0 {
				inFlight = min(inFlight, in.Limit)
			}
			most = max(most, float64(inFlight)*taskBytes+float64(in.Descriptors)*socketBytes)
		}
	}
	need.Bytes = float64(processes)*processBytes + most
	return need, nil
}

// Check says whether a machine gives what is needed. A tier that cannot run is a
// problem if it was chosen, else a note.
func (n Needs) Check(h results.Host, free float64, freeKnown, isChosen bool) machine.Finding {
	f := machine.Finding{State: machine.OK, Subject: string(n.Tier) + " tier"}
	f.Fact = fmt.Sprintf("needs %d open files (%s), about %d threads and %.0f MB (estimated: tasks and processes)",
		n.Descriptors, n.Hungriest, n.Threads, n.Bytes/1e6)
	switch {
	case beyond(h.OpenFiles, n.Descriptors):
		f.Fact += fmt.Sprintf("; a process may have %s open files", h.OpenFiles)
		f.Remedy = fmt.Sprintf("raise the limit with \"ulimit -n %d\"", n.Descriptors)
	case beyond(h.Threads, n.Threads):
		f.Fact += fmt.Sprintf("; there may be %s threads", h.Threads)
		f.Remedy = "raise the limit with \"ulimit -u\", or pids.max of the control group"
	case freeKnown && n.Bytes > free:
		f.Fact += fmt.Sprintf("; %.0f MB are free", free/1e6)
		f.Remedy = "free memory, or raise the limit of the control group"
	default:
		return f
	}
	if f.State = machine.Note; isChosen {
		f.State = machine.Problem
	}
	return f
}

// beyond tells whether a need is over a limit.
func beyond(limit results.Limit, need int) bool {
	n, bound := limit.Number()
	return bound && float64(need) > n
}
