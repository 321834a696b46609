package results

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// conditions of a round in which others used so much CPU time of 2 s.
func conditions(round int, others float64) Conditions {
	return Conditions{
		Round: round, Seconds: 2, Values: Costs{OthersCPU: others, StealCPU: 0, LoadBefore: 0.5},
		NotMeasured: map[string]string{CPUPressure: "not told"},
	}
}

func TestConditionsAreKeptAndReadBack(t *testing.T) {
	dir := record(t, smallRun())
	f, _, err := Resume(dir)
	if err != nil {
		t.Fatal(err)
	}
	want := []Conditions{conditions(0, 1), conditions(1, 0)}
	for _, c := range want {
		if err := f.AppendConditions(c); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.AppendConditions(want[1]); err == nil || !strings.Contains(err.Error(), "conditions of round 1 stand above already") {
		t.Errorf("a round has conditions twice: %v", err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	run := mustLoad(t, dir)
	if diff := cmp.Diff(want, run.Conditions); diff != "" || len(run.Problems) > 0 {
		t.Errorf("%s%v", diff, run.Problems)
	}
	f, _, err = Resume(dir) // which knows what is there
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.AppendConditions(want[0]); err == nil {
		t.Error("a resumed run takes conditions of a round that has them")
	}
}

func TestHostileConditionsAreRefused(t *testing.T) {
	for want, spoil := range map[string]func(*Conditions){
		"the conditions are of round 2":       func(c *Conditions) { c.Round = 2 },
		"the conditions are of round -1":      func(c *Conditions) { c.Round = -1 },
		"readings are 0 seconds apart":        func(c *Conditions) { c.Seconds = 0 },
		"readings are NaN seconds apart":      func(c *Conditions) { c.Seconds = math.NaN() },
		`there is no condition "x"`:           func(c *Conditions) { c.Values["x"] = 1 },
		"steal-cpu-s is -1":                   func(c *Conditions) { c.Values[StealCPU] = -1 },
		"steal-cpu-s is +Inf":                 func(c *Conditions) { c.Values[StealCPU] = math.Inf(1) },
		`the reason why "steal-cpu-s"`:        func(c *Conditions) { c.NotMeasured[StealCPU] = "but it was" },
		`the reason why "cpu-pressure-s" was`: func(c *Conditions) { c.NotMeasured[CPUPressure] = strings.Repeat("x", maxText+1) },
	} {
		c := conditions(0, 1)
		spoil(&c)
		if err := c.check(2); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}

func TestDisturbedRoundsAreSaidOnce(t *testing.T) {
	a := &Analysis{Plan: Plan{Host: Host{OnlineCPUs: 2}}}
	for round, others := range []float64{0, 0.3, 1.8, 0.19} {
		a.Conditions = append(a.Conditions, conditions(round, others))
	}
	a.Conditions[1].Values[StealCPU] = 0.4
	a.Conditions[3].Values[ThrottledPeriods] = 7
	a.Conditions[0].Values[MemoryPressure] = 0.5
	// 0.06 s in a tenth of a second is much; 0.04 s is no more than ticks.
	a.Conditions = append(a.Conditions, Conditions{Round: 4, Seconds: 0.1, Values: Costs{OthersCPU: 0.04}})
	var got []string
	for _, w := range warnConditions(a) {
		got = append(got, w.Code+": "+w.Text)
	}
	want := []string{
		"others-cpu: something else used more than 0.1 CPUs in 2 of 5 rounds, most in round 3 (0.90 CPUs): close it, or measure where nothing else runs",
		"steal: the hypervisor gave more than 1% of the CPUs' time to other guests in 1 of 5 rounds, most in round 2 (10 %): measure on a machine with CPUs of its own, or at another hour",
		"throttled: the CPU quota made the run wait in 1 of 5 rounds, most in round 4 (7 periods): raise the quota, or set GOMAXPROCS to no more than it gives",
		"memory-pressure: tasks waited for memory for more than 1% of the time in 1 of 5 rounds, most in round 1 (25 %): free memory, raise its limit, or choose smaller parameters",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestUnlikeMachinesAreNamed(t *testing.T) {
	a := Host{OS: "linux", CPU: "A", CPUs: 2, Kernel: "6.18", CPUQuota: NoLimit, Governor: "none", MemoryBytes: 1, BusyCPUs: 1, OpenFiles: "5"}
	b := a
	b.CPUs, b.CPUQuota, b.Kernel, b.MemoryBytes, b.BusyCPUs, b.OpenFiles = 4, "1.5", "6.19\x1b[2J", 2, 0, "6"
	want := []string{"the number of CPUs is 2 and 4", "the quota of CPUs is none and 1.5", "the kernel is 6.18 and 6.19\uFFFD[2J"}
	if diff := cmp.Diff(want, Alike(a, b)); diff != "" {
		t.Error(diff)
	}
	if d := Alike(a, a); d != nil {
		t.Errorf("a machine is unlike itself: %v", d)
	}
	// A run of schema 1 tells less; what it does not tell is no difference.
	if d := Alike(a, Host{OS: "linux", CPU: "A", CPUs: 2, Kernel: "6.18"}); d != nil {
		t.Errorf("what is not told differs: %v", d)
	}
}

func TestLimits(t *testing.T) {
	for limit, ok := range map[Limit]bool{"": true, NoLimit: true, "1.5": true, LimitOf(1 << 40): true, "-1": false, "NaN": false, "lots": false} {
		h := Host{CPUQuota: limit}
		if err := h.check(); (err == nil) != ok {
			t.Errorf("%q: %v", limit, err)
		}
	}
}
