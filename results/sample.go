package results

import "time"

// A Sample is what one fresh process reported of one cell, run once.
type Sample struct {
	// Seq counts the samples of a run in execution order, from 0.
	Seq int `json:"seq"`
	// Round is the block the sample belongs to, from 0; samples of one round
	// are compared as pairs. Place is its place in the round's order, from 0.
	Round int `json:"round"`
	Place int `json:"place"`
	Cell
	Started time.Time `json:"started"`
	// Failure is set when the sample has no numbers.
	Failure *Failure `json:"failure,omitempty"`
	// Answer is the digest of the tasks' answers, which were right.
	Answer string `json:"answer,omitempty"`
	// Costs maps a Metric's unit to its value. A metric that could not be
	// measured is absent here and has its reason in NotMeasured.
	Costs       Costs             `json:"costs,omitempty"`
	NotMeasured map[string]string `json:"not_measured,omitempty"`
}

// Kinds of failure.
const (
	FailWrongAnswer = "wrong answer"
	FailError       = "error"    // a task returned an error or panicked
	FailDeadline    = "deadline" // the sample took longer than it may
	FailCrash       = "crash"    // the sample's process died
)

// A Failure says why a sample has no numbers.
type Failure struct {
	Kind    string `json:"kind"`
	Message string `json:"message"`
}

// A Metric is one cost of a sample. Its unit is its name: it is the key in the
// journal and the unit in Go benchmark files.
type Metric struct {
	Unit string
	// Title names the metric for people, Abbr heads a narrow column.
	Title, Abbr string
	// Better is "lower", "higher" or, for a plain fact, "".
	Better string
}

// Units of the metrics. Those per op are totals of the whole job: one op is all
// the tasks of a sample once.
const (
	Wall         = "ns/op"
	UserCPU      = "user-ns/op"
	SystemCPU    = "sys-ns/op"
	PeakRSS      = "peak-RSS-bytes"
	Voluntary    = "vol-ctxsw/op"
	Involuntary  = "invol-ctxsw/op"
	Threads      = "threads"
	AllocBytes   = "B/op"
	Allocs       = "allocs/op"
	Throughput   = "tasks/s"
	LatencyP50   = "p50-ns"
	LatencyP99   = "p99-ns"
	PeakInFlight = "peak-tasks"
	Setup        = "setup-ns"
	FixtureCPU   = "fixture-cpu-ns/op"
)

// Metrics returns every metric in the order of report tables.
func Metrics() []Metric {
	return []Metric{
		{Wall, "wall time", "wall", "lower"},
		{UserCPU, "user CPU time, workers included", "user CPU", "lower"},
		{SystemCPU, "system CPU time, workers included", "sys CPU", "lower"},
		{PeakRSS, "peak resident memory, summed over workers", "peak RSS", "lower"},
		{Throughput, "tasks finished per second", "tasks/s", "higher"},
		{LatencyP50, "time in flight of a task, median", "p50", "lower"},
		{LatencyP99, "time in flight of a task, 99th percentile", "p99", "lower"},
		{PeakInFlight, "most tasks in flight at once", "in flight", ""},
		{Threads, "OS threads, workers included", "threads", ""},
		{Voluntary, "voluntary context switches", "vol. switches", "lower"},
		{Involuntary, "involuntary context switches", "invol. switches", "lower"},
		{Allocs, "heap allocations", "allocs", "lower"},
		{AllocBytes, "heap bytes allocated", "alloc bytes", "lower"},
		{Setup, "starting the model, not part of wall time", "setup", "lower"},
		{FixtureCPU, "CPU time of the fixture process, not the model's", "fixture CPU", ""},
	}
}
