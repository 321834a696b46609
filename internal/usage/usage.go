// Package usage reads what this process has cost the machine so far: CPU time,
// memory, switches and allocations, as the kernel and the Go runtime account
// for them.
//
// A process can read its own account exactly and cheaply (some 30 µs), while
// reading another's is coarse (/proc/PID/stat counts in 10 ms ticks) or wrong:
// the ru_maxrss of a child is never below its parent's peak, because Go starts
// children with CLONE_VM and the kernel carries the high-water mark across exec.
// So every process of a sample reads its own, and whoever adds them up gets a
// true sum.
package usage

import (
	"runtime/metrics"
	"time"
)

// Process is the account of one process since it began.
type Process struct {
	PID int `json:"pid"`
	// UserCPU and SystemCPU are the time spent on a processor, of all threads.
	UserCPU   time.Duration `json:"user_ns"`
	SystemCPU time.Duration `json:"system_ns"`
	// PeakRSSBytes is the largest resident set so far (VmHWM), and 0 where the
	// system does not tell.
	PeakRSSBytes int64 `json:"peak_rss_bytes"`
	// VoluntarySwitches counts the times a thread gave its processor up to
	// wait, InvoluntarySwitches the times it was taken away.
	VoluntarySwitches   int64 `json:"voluntary_switches"`
	InvoluntarySwitches int64 `json:"involuntary_switches"`
	// Threads is the number of OS threads now, and 0 where the system does not
	// tell. The Go runtime keeps idle threads, so it is close to the peak.
	Threads int64 `json:"threads"`
	// Allocs and AllocBytes count heap allocations of the Go program.
	Allocs     int64 `json:"allocs"`
	AllocBytes int64 `json:"alloc_bytes"`
}

// Sub returns what was spent between before and p. Peak memory and the number
// of threads are states, not sums, so p's are kept.
func (p Process) Sub(before Process) Process {
	p.UserCPU -= before.UserCPU
	p.SystemCPU -= before.SystemCPU
	p.VoluntarySwitches -= before.VoluntarySwitches
	p.InvoluntarySwitches -= before.InvoluntarySwitches
	p.Allocs -= before.Allocs
	p.AllocBytes -= before.AllocBytes
	return p
}

// Add returns the account of p and q together. Peaks are added too: the sum is
// what the two need at most, and pages they share count twice.
func (p Process) Add(q Process) Process {
	p.UserCPU += q.UserCPU
	p.SystemCPU += q.SystemCPU
	p.PeakRSSBytes += q.PeakRSSBytes
	p.VoluntarySwitches += q.VoluntarySwitches
	p.InvoluntarySwitches += q.InvoluntarySwitches
	p.Threads += q.Threads
	p.Allocs += q.Allocs
	p.AllocBytes += q.AllocBytes
	return p
}

// readHeap fills in the allocation counters from the Go runtime.
func (p *Process) readHeap() {
	heap := []metrics.Sample{
		{Name: "/gc/heap/allocs:objects"},
		{Name: "/gc/heap/allocs:bytes"},
	}
	metrics.Read(heap)
	p.Allocs = int64(heap[0].Value.Uint64())
	p.AllocBytes = int64(heap[1].Value.Uint64())
}
