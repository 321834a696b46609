package harness

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"juggle/harness/machine"
	"juggle/results"
	"juggle/workloads"
)

// roundLog is an observer of rounds, too.
type roundLog struct{ log }

func (l *roundLog) BeginRound(n int) { l.lines = append(l.lines, fmt.Sprint("begin round ", n)) }
func (l *roundLog) EndRound(n int) error {
	l.lines = append(l.lines, fmt.Sprint("end round ", n))
	return nil
}

// Rounds are told of outside of all samples, those that were taken before never.
func TestRoundsAreToldAroundTheirSamples(t *testing.T) {
	plan := testPlan(2)
	var first log
	Run(t.Context(), plan, nil, &script{}, time.Now, &first)
	var l roundLog
	s := &script{}
	Run(t.Context(), plan, first.samples[:len(first.samples)/2+1], s, s.now, &l)
	inner := l.lines[1 : len(l.lines)-1]
	if inner[0] != "begin round 1" || inner[len(inner)-1] != "end round 1" || len(inner) != 2+2*4 {
		t.Errorf("told: %q", l.lines)
	}
}

func TestConditionsOfARoundLeaveOutItsOwnProcesses(t *testing.T) {
	p := newExecutor(t)
	var kept []results.Conditions
	w := p.Watch(func(c results.Conditions) error { kept = append(kept, c); return nil })
	before, err := p.used()
	if err != nil {
		t.Skip(err)
	}
	w.BeginRound(3)
	for sum, from := 0, time.Now(); time.Since(from) < 30*time.Millisecond; sum++ {
		_ = sum
	}
	if err := w.EndRound(3); err != nil || len(kept) != 1 || kept[0].Round != 3 || kept[0].Seconds <= 0 {
		t.Fatalf("kept %+v, %v", kept, err)
	}
	if after, err := p.used(); err != nil || after <= before {
		t.Errorf("own CPU time went from %v to %v, %v", before, after, err)
	}
	if n := len(kept[0].Values) + len(kept[0].NotMeasured); n != len(results.ConditionNames()) {
		t.Errorf("%d conditions have neither a value nor a reason: %+v", len(results.ConditionNames())-n, kept[0])
	}
}

func TestNeedsOfATier(t *testing.T) {
	need, err := NeedsOf(workloads.All(), workloads.Full)
	if err != nil || need.Descriptors != 1000+spareDescriptors || need.Hungriest != "scrape (pages=1000,latency=100ms)" || need.Threads <= 0 || need.Bytes <= 0 {
		t.Fatalf("%+v, %v", need, err)
	}
	for _, c := range []struct {
		host   results.Host
		free   float64
		chosen bool
		want   string
	}{
		{results.Host{OpenFiles: results.NoLimit}, 1e12, true, machine.OK},
		{results.Host{}, 1e12, true, machine.OK},
		{results.Host{OpenFiles: "1063"}, 1e12, true, machine.Problem},
		{results.Host{OpenFiles: "1063"}, 1e12, false, machine.Note},
		{results.Host{Threads: "3"}, 1e12, true, machine.Problem},
		{results.Host{}, 1e6, true, machine.Problem},
	} {
		if got := need.Check(c.host, c.free, true, c.chosen); got.State != c.want || (got.Remedy == "") != (c.want == machine.OK) {
			t.Errorf("%+v with %v free gives %+v, want %s", c.host, c.free, got, c.want)
		}
	}
	if diff := cmp.Diff(machine.OK, need.Check(results.Host{}, 0, false, true).State); diff != "" {
		t.Errorf("free memory that is not told is too little: %s", diff)
	}
}
