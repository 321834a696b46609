package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"juggle/harness"
	"juggle/models"
	"juggle/results"
	"juggle/workloads"
)

// A subject is a real cell that the studies measure.
type subject struct {
	kind, workload, params, model string
}

// subjects are one that computes, one that waits for a server, and one that makes
// the collector work. Their samples are short: where others disturb the machine in
// bursts, ten samples of 15 ms tell more of a ratio than one of 150 ms, since the
// bursts meet fewer of them.
func subjects() []subject {
	return []subject{
		{"CPU-bound", "primes", "below=1000000,segments=64,times=50", "sequential"},
		{"I/O-bound", "scrape", "pages=23,latency=10ms", "goroutines"},
		{"allocating", "allocate", "tasks=24,entries=5000", "goroutines"},
	}
}

// table is that of the suite and the workload that allocates.
func table() []workloads.Workload { return append(workloads.All(), allocate) }

// allocate makes maps and throws them away.
var allocate = workloads.Workload{
	Name: "allocate", Group: workloads.CPUBound, Isolates: "allocation and its collection", Timeline: "-",
	Params: []workloads.Param{
		workloads.Int("tasks", 24, 1, 1000, "number of tasks"),
		workloads.Int("entries", 5000, 1, 1_000_000, "entries of the map that a task makes"),
	},
	New: func(v workloads.Values, _ string) (*workloads.Instance, error) {
		tasks, entries := v.Int("tasks"), v.Int("entries")
		return &workloads.Instance{
			Tasks: tasks,
			Body: func(_ models.Env, i int) ([]byte, error) {
				return binary.BigEndian.AppendUint64(nil, fill(i, entries)), nil
			},
			Check: func(answers [][]byte) error {
				for i, answer := range answers {
					if sum := binary.BigEndian.Uint64(answer); sum != total(i, entries) {
						return fmt.Errorf("task %d counted %d bytes", i, sum)
					}
				}
				return nil
			},
		}, nil
	},
}

// fill makes a map of strings and returns the sum of their lengths.
func fill(task, entries int) uint64 {
	texts := make(map[int]string)
	for i := range entries {
		texts[i] = string(make([]byte, 1+(task+i)%64))
	}
	var sum uint64
	for _, text := range texts {
		sum += uint64(len(text))
	}
	return sum
}

// total is what fill returns, computed otherwise.
func total(task, entries int) (sum uint64) {
	for i := range entries {
		sum += uint64(1 + (task+i)%64)
	}
	return sum
}

// values are the parameters by name.
func (s subject) values() map[string]string {
	values := make(map[string]string)
	for pair := range strings.SplitSeq(s.params, ",") {
		name, value, _ := strings.Cut(pair, "=")
		values[name] = value
	}
	return values
}

// plan is for a run of one row: the subject's cell, and the same cell again for
// every share, slowed down by it. A share of 0 is the cell itself under another
// name. What the harness does by default in the standard tier decides the rest: the
// fewest rounds, the precision, the budget.
func (s subject) plan(shares ...float64) (*results.Plan, error) {
	plan, err := harness.NewPlan(harness.Options{
		Table: table(), Tier: workloads.Standard, Workloads: []string{s.workload}, Models: []string{s.model}, Params: s.values(),
	})
	if err != nil {
		return nil, err
	}
	row := plan.Rows[0]
	row.Cells = row.Cells[:1]
	for _, share := range shares {
		row.Cells = append(row.Cells, results.PlannedCell{
			Model: fmt.Sprintf("%s+%g%%", s.model, 100*share), Role: results.RoleVariant,
			Runs: s.model, Slowed: share, Against: s.model,
		})
	}
	plan.Rows = []results.Row{row}
	plan.MinRounds = results.MinRounds(len(shares))
	return plan, nil
}

// collector keeps the samples of a run.
type collector struct {
	harness.Unobserved
	samples []results.Sample
}

func (c *collector) After(_ harness.Step, s results.Sample) error {
	c.samples = append(c.samples, s)
	return nil
}

// measure carries out a plan, in an order of its own, and judges it.
func measure(ctx context.Context, p *harness.Processes, plan results.Plan, seed uint64) (*results.Analysis, error) {
	plan.Seed = seed
	kept := &collector{}
	ending := harness.Run(ctx, &plan, nil, p, time.Now, kept)
	if ending.Err != nil {
		return nil, ending.Err
	}
	if ending.Failed > 0 {
		return nil, fmt.Errorf("%d samples of %s failed", ending.Failed, plan.Rows[0].Workload)
	}
	return results.Analyze(&results.Run{
		Plan: plan, Samples: kept.samples, Ended: &results.End{OverBudget: ending.OverBudget},
	}), nil
}
