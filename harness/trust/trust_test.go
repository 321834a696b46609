package main

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"juggle/harness"
	"juggle/results"
)

func TestMain(m *testing.M) {
	harness.Serve(table())
	serveHelper(os.Args[1:])
	os.Exit(m.Run())
}

// Every subject gives right answers, both ways in which it is measured.
func TestSubjects(t *testing.T) {
	p := harness.NewProcesses(harness.Options{Table: table()})
	defer p.Close()
	for _, s := range append(subjects(), functions()...) {
		plan, err := s.plan(0, 0.5)
		if err != nil {
			t.Fatal(err)
		}
		plan.MinRounds, plan.Rounds = 0, 1
		a, err := measure(t.Context(), p, *plan, 1)
		if err != nil {
			t.Fatal(err)
		}
		cells := a.Rows[0].Cells
		if len(cells) != 3 || cells[1].Verdict.Pairs != 1 || cells[2].Slowed != 0.5 || len(cells[2].Good) != 1 {
			t.Errorf("%s: %+v", s.kind, cells)
		}
		address, err := s.fixture(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		times, err := s.inTesting(t.Context(), address, 2, time.Millisecond)
		if err != nil || len(times) != 2 || times[0] < 1e6 {
			t.Errorf("%s in package testing: %v, %v", s.kind, times, err)
		}
	}
}

func TestAllocateChecksItself(t *testing.T) {
	for _, task := range []int{0, 7, 63} {
		if fill(task, 100) != total(task, 100) || total(task, 100) == total(task+1, 100) {
			t.Errorf("task %d: %d and %d", task, fill(task, 100), total(task, 100))
		}
	}
}

// The checks of the studies can fail.
func TestPowerSaysWhatIsMissed(t *testing.T) {
	var c outcomes
	for i, found := range []int{1, 90, 80, 100} {
		c[i] = outcome{runs: 100, found: found, held: 100, halves: []float64{0.01}}
	}
	var out bytes.Buffer
	err := printPower(&out, []outcomes{c})
	if err == nil || !strings.Contains(err.Error(), "by 5 % was found in 80.0 %") || strings.Contains(err.Error(), "by 3 %") ||
		!strings.Contains(err.Error(), "holds the truth in 100.0 %") {
		t.Errorf("%v\n%s", err, out.String())
	}
}

func TestOutcomesAreCounted(t *testing.T) {
	var c outcome
	for _, v := range []results.Verdict{
		{Kind: results.Slower, Speedup: 0.95, Lo: 0.94, Hi: 0.96},
		{Kind: results.Inconclusive, Speedup: 0.98, Lo: 0.96, Hi: 1},
	} {
		c.add(results.RowAnalysis{Rounds: 7, Stop: results.StopBudget, Cells: []results.CellAnalysis{{}, {Verdict: &v}}}, 0.05)
	}
	if c.runs != 2 || c.rounds != 14 || c.budget != 2 || c.found != 1 || c.held != 1 || len(c.halves) != 2 {
		t.Errorf("%+v", c)
	}
}

func TestAlarmsAreCounted(t *testing.T) {
	var out bytes.Buffer
	tallies := []*tally{{n: 10, rounds: 100, halves: []float64{0.01}, usual: 5, called: 1, kinds: map[results.VerdictKind]int{
		results.Faster: 1, results.Slower: 1, results.Equivalent: 8,
	}}}
	if share := printAlarms(&out, "idle", tallies); share != 0.2 || !strings.Contains(out.String(), "false alarms: 2 of 10 (20.0 %); of the usual practice 1 of 5 (20.0 %)") {
		t.Errorf("%v\n%s", share, out.String())
	}
}

func TestCommandLine(t *testing.T) {
	for _, args := range [][]string{{}, {"nothing"}, {"alarms", "power"}, {"-nope"}} {
		if err := command(t.Context(), args); err == nil {
			t.Errorf("%q is taken", args)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	dir := t.TempDir()
	if err := command(ctx, []string{"-out", dir, "power"}); err == nil || !strings.Contains(err.Error(), "interrupted") {
		t.Errorf("got %v", err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("an interrupted study wrote %v", left)
	}
}

// The process that disturbs ends with its owner, and not before.
func TestHalfBusyEndsWithItsInput(t *testing.T) {
	stop, err := disturb()
	if err != nil {
		t.Fatal(err)
	}
	stop()
}
