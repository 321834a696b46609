package results

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// controlledRun has 20 rounds of testPlan with controls: a sequential cell again,
// with its wall time times same, another times slower, and an empty task.
func controlledRun(same, slower, empty float64) *Run {
	plan := testPlan(20)
	plan.Rows[1].Cells = append(plan.Rows[1].Cells,
		PlannedCell{Model: "sequential-again", Role: RoleControl, Runs: "sequential", Against: "sequential"},
		PlannedCell{Model: "sequential+5%", Role: RoleControl, Runs: "sequential", Against: "sequential", Slowed: 0.05})
	plan.Rows = append(plan.Rows, Row{Workload: "empty", Group: "control", Tasks: 1, Cells: []PlannedCell{
		{Model: "sequential", Role: RoleControl, Runs: "sequential"},
	}})
	run := testRun(testPlan(20))
	run.Plan = plan
	random := rand.New(rand.NewPCG(1, 2))
	for round := range 20 {
		for _, c := range []struct {
			cell Cell
			wall float64
		}{
			{Cell{"primes", "upto=1000", "sequential-again"}, 10e6 * same},
			{Cell{"primes", "upto=1000", "sequential+5%"}, 10e6 * slower},
			{Cell{"empty", "", "sequential"}, empty},
		} {
			run.Samples = append(run.Samples, Sample{
				Seq: len(run.Samples), Round: round, Place: 9, Cell: c.cell, Answer: "a",
				Costs: Costs{Wall: c.wall * (1 + 0.002*random.Float64())},
			})
		}
	}
	return run
}

func TestControls(t *testing.T) {
	for name, c := range map[string]struct {
		same, slower, empty float64
		want                [3]ControlStatus
		doubt               string
	}{
		"all as known":     {1, 1.05, 2e3, [3]ControlStatus{ControlPassed, ControlPassed, ControlPassed}, ""},
		"unlike itself":    {1.04, 1.05, 2e3, [3]ControlStatus{ControlFailed, ControlPassed, ControlPassed}, "primes (upto=1000) under sequential against itself took 103.9 % of the time (95 % interval "},
		"not found":        {1, 1.005, 2e3, [3]ControlStatus{ControlPassed, ControlFailed, ControlPassed}, "slowed down by 5 % on purpose, took 100."},
		"much is added":    {1, 1.05, 2e6, [3]ControlStatus{ControlPassed, ControlPassed, ControlFailed}, "a task that does nothing takes 2.00 ms under sequential, 20 % of its quickest sample"},
		"faster by itself": {0.9, 1.05, 2e3, [3]ControlStatus{ControlFailed, ControlPassed, ControlPassed}, "against itself took 90.0 %"},
	} {
		a := Analyze(controlledRun(c.same, c.slower, c.empty))
		if len(a.Controls) != 3 {
			t.Fatalf("%s: %d controls", name, len(a.Controls))
		}
		for i, kind := range []ControlKind{ControlSame, ControlSlowed, ControlEmpty} {
			if got := a.Controls[i]; got.Kind != kind || got.Status != c.want[i] {
				t.Errorf("%s: control %d is %s, %s: %s", name, i, got.Kind, got.Status, got.Text)
			}
		}
		if doubt := a.Doubt(); !strings.Contains(doubt, c.doubt) || doubt == "" != (c.doubt == "") {
			t.Errorf("%s: doubt %q, want %q", name, doubt, c.doubt)
		}
	}
}

// A control that is only too uncertain makes small differences doubtful, and one
// that leaves the truth out makes all of the run doubtful, whatever else failed.
func TestDoubtSaysHowMuch(t *testing.T) {
	for name, c := range map[string]struct {
		same, slower float64
		scatter      string
		want         string
	}{
		"itself is uncertain":   {1, 1.05, "sequential-again", "not to be trusted with differences of up to 19.5 %"},
		"slowed is uncertain":   {1, 1.05, "sequential+5%", "not to be trusted with differences of up to 5 %"},
		"itself is another":     {1.3, 1.05, "", "not to be trusted: "},
		"and slowed uncertain":  {1.3, 1.05, "sequential+5%", "not to be trusted: "},
		"itself uncertain, too": {1, 0.9, "sequential-again", "not to be trusted: "},
	} {
		run := controlledRun(c.same, c.slower, 2e3)
		for _, s := range run.Samples {
			if s.Model == c.scatter {
				s.Costs[Wall] *= []float64{1.2, 1 / 1.2}[s.Round%2]
			}
		}
		if doubt := Analyze(run).Doubt(); !strings.HasPrefix(doubt, c.want) {
			t.Errorf("%s: %q, want %q", name, doubt, c.want)
		}
	}
}

// Controls are in no row, no family, no bench.txt.
func TestControlsStandApart(t *testing.T) {
	run := controlledRun(1, 1.05, 2e3)
	with, without := Analyze(run), Analyze(testRun(testPlan(20)))
	if with.Family != without.Family || len(with.Rows) != len(without.Rows) || len(with.Rows[1].Cells) != len(without.Rows[1].Cells) {
		t.Errorf("family %d of %d, %d rows of %d", with.Family, without.Family, len(with.Rows), len(without.Rows))
	}
	if text := benchText(t, run); strings.Contains(text, "again") || strings.Contains(text, "empty") {
		t.Error("bench.txt has controls")
	}
}

// What a thing may differ from itself widens every margin, and nothing narrows it.
func TestFloorWidensMargins(t *testing.T) {
	for _, c := range []struct{ same, least, most float64 }{{1, Margin, Margin}, {1.04, 0.04, 0.045}, {0.9, 0.1, 0.12}} {
		a := Analyze(controlledRun(c.same, 1.05, 2e3))
		for _, row := range a.Rows {
			for _, cell := range row.Cells {
				if v := cell.Verdict; v != nil && (v.Margin < c.least || v.Margin > c.most) {
					t.Errorf("itself times %v: the margin of %s is %v", c.same, v.Model, v.Margin)
				}
			}
		}
	}
	a := Analyze(controlledRun(1.4, 1.05, 2e3))
	if v := cellOf(t, a, "sleepers", "eventloop").Verdict; v.Kind != Faster {
		t.Errorf("8 times as fast is %s", v.Kind)
	}
	if v := cellOf(t, a, "sleepers", "goroutines-unbounded").Verdict; v.Kind != Equivalent {
		t.Errorf("equal is %s", v.Kind)
	}
}

// With too few rounds a control says nothing, neither good nor bad.
func TestFewRoundsDecideNoControl(t *testing.T) {
	run := controlledRun(1.5, 1, 2e6)
	run.Plan.Rounds = 3
	var few []Sample
	for _, s := range run.Samples {
		if s.Round < 3 {
			few = append(few, s)
		}
	}
	run.Samples = few
	a := Analyze(run)
	for _, c := range a.Controls {
		if c.Status != ControlUnknown || c.Floor != 0 {
			t.Errorf("%s is %s, floor %v: %s", c.Kind, c.Status, c.Floor, c.Text)
		}
	}
	if a.Doubt() != "" {
		t.Error(a.Doubt())
	}
}
