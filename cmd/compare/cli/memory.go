package cli

import "runtime/debug"

// Samples need a kilobyte each while they are judged and drawn, and what is drawn
// needs more for a moment.
const (
	reportMemory    = 240 << 20
	memoryPerSample = 2560
)

// boundMemory has the garbage collector keep the making of a report of so many
// samples within some 240 MiB, and within more only for a run that needs it.
// Left to itself it lets the heap grow to twice of what is used: BenchmarkReport100k
// took 450 MB then. A lower limit that the user has set stays. The limit holds
// until restore is called.
func boundMemory(samples int) (restore func()) {
	before := debug.SetMemoryLimit(-1)
	debug.SetMemoryLimit(min(before, max(reportMemory, int64(samples)*memoryPerSample)))
	return func() { debug.SetMemoryLimit(before) }
}
