package harness

import (
	"context"
	"time"

	"juggle/harness/machine"
	"juggle/internal/usage"
	"juggle/results"
)

// Watch returns an observer that reads the machine's counters right before the
// first and right after the last sample of every round, and gives what they
// gained to keep. The samples are those that p takes: what its processes use is
// none of the others' CPU time.
func (p *Processes) Watch(keep func(results.Conditions) error) RoundObserver {
	return &watch{processes: p, keep: keep}
}

// watch is the observer that Watch returns.
type watch struct {
	Unobserved
	processes *Processes
	keep      func(results.Conditions) error
	before    machine.Reading
}

func (w *watch) BeginRound(int) { w.before = machine.Source{}.Read(w.processes.used) }

func (w *watch) EndRound(round int) error {
	c := machine.Source{}.Read(w.processes.used).Since(w.before)
	c.Round = round
	return w.keep(c)
}

// used is the CPU time of this process, of its children that ended and of its
// fixtures. One that ends goes over from the last to the second.
func (p *Processes) used() (time.Duration, error) {
	total, err := usage.FamilyCPU()
	if err != nil {
		return 0, err
	}
	for _, f := range p.fixtures {
		select {
		case <-f.child.Done():
			continue // it was reaped, and is among the children
		default:
		}
		alive, err := machine.Source{}.CPUOf(f.child.PID())
		if err != nil {
			return 0, err
		}
		total += alive
	}
	return total, nil
}

// Observe describes this machine and watches it for a while in which this process
// does nothing. When ctx ends, its cause is returned.
func Observe(ctx context.Context, d time.Duration) (results.Host, results.Conditions, error) {
	before := machine.Source{}.Read(usage.FamilyCPU)
	select {
	case <-ctx.Done():
		return results.Host{}, results.Conditions{}, context.Cause(ctx)
	case <-time.After(d):
	}
	return readHost(), machine.Source{}.Read(usage.FamilyCPU).Since(before), nil
}
