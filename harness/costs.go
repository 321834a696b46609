package harness

import (
	"cmp"
	"math"
	"os"
	"runtime"
	"slices"
	"time"

	"juggle/internal/usage"
	"juggle/results"
)

// exitOrphaned ends a process whose owner is gone.
func exitOrphaned() { os.Exit(1) }

// costs collects the numbers of a sample, and for each it lacks, why.
type costs struct {
	values  map[string]float64
	reasons map[string]string
}

func (c *costs) set(unit string, value float64) { c.values[unit] = value }

func (c *costs) unmeasured(reason string, units ...string) {
	for _, unit := range units {
		c.reasons[unit] = reason
	}
}

// region takes the costs of the whole measured region.
func (c *costs) region(wall time.Duration, tasks int, used usage.Process) {
	c.set(results.Wall, float64(wall.Nanoseconds()))
	c.set(results.Allocs, float64(used.Allocs))
	c.set(results.AllocBytes, float64(used.AllocBytes))
	if wall > 0 {
		c.set(results.Throughput, float64(tasks)/wall.Seconds())
	} else {
		c.unmeasured("the region is shorter than the clock can tell", results.Throughput)
	}
	if runtime.GOOS == "windows" {
		c.unmeasured("this system does not tell it here",
			results.UserCPU, results.SystemCPU, results.Voluntary, results.Involuntary)
	} else {
		c.set(results.UserCPU, float64(used.UserCPU.Nanoseconds()))
		c.set(results.SystemCPU, float64(used.SystemCPU.Nanoseconds()))
		c.set(results.Voluntary, float64(used.VoluntarySwitches))
		c.set(results.Involuntary, float64(used.InvoluntarySwitches))
	}
	if used.Threads > 0 {
		c.set(results.PeakRSS, float64(used.PeakRSSBytes))
		c.set(results.Threads, float64(used.Threads))
	} else {
		c.unmeasured("only Linux tells it truly", results.PeakRSS, results.Threads)
	}
}

// tasks takes what the stamps of the tasks tell.
func (c *costs) tasks(envelopes []envelope) {
	if len(envelopes) == 0 {
		c.unmeasured("no task has a stamp", results.LatencyP50, results.LatencyP99, results.PeakInFlight)
		return
	}
	inFlight := make([]stamp, len(envelopes))
	for i, e := range envelopes {
		inFlight[i] = e.end() - e.begin()
	}
	slices.Sort(inFlight)
	c.set(results.LatencyP50, float64(percentile(inFlight, 50)))
	c.set(results.LatencyP99, float64(percentile(inFlight, 99)))
	c.set(results.PeakInFlight, float64(peakInFlight(envelopes)))
}

// percentile is the nearest-rank percentile of sorted values: always one that
// occurred, and with fewer than 100 the 99th is the largest.
func percentile(sorted []stamp, p float64) stamp {
	rank := int(math.Ceil(p / 100 * float64(len(sorted))))
	return sorted[max(0, rank-1)]
}

// peakInFlight is the largest number of tasks that were begun and not ended at
// one moment.
func peakInFlight(envelopes []envelope) int {
	type change struct {
		at   stamp
		step int
	}
	changes := make([]change, 0, 2*len(envelopes))
	for _, e := range envelopes {
		changes = append(changes, change{e.begin(), +1}, change{e.end(), -1})
	}
	slices.SortFunc(changes, func(a, b change) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.step, b.step))
	})
	peak, now := 0, 0
	for _, ch := range changes {
		now += ch.step
		peak = max(peak, now)
	}
	return peak
}

// timeline puts the stamps of the tasks on the time axis of the region.
func timeline(begin stamp, wall int64, envelopes []envelope) results.Timeline {
	t := results.Timeline{WallNS: wall}
	processes := make(map[int]int)
	for _, e := range envelopes {
		if _, known := processes[e.pid]; !known {
			processes[e.pid] = len(processes)
		}
		lane := results.Lane{Process: processes[e.pid]}
		for i, s := range e.stamps[1:] {
			state := results.Running
			if i%2 == 1 {
				state = results.Waiting
			}
			if from := e.stamps[i]; s > from {
				lane.Spans = append(lane.Spans, results.Span{State: state, FromNS: from - begin, ToNS: s - begin})
			}
		}
		t.Lanes = append(t.Lanes, lane)
	}
	return t
}
