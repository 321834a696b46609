package main

import (
	"context"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"juggle/harness"
	"juggle/results"
)

// driftSpan is the number of rounds over which the machine drifts where precision
// decides how many there are, and mostRounds is where a budget would end them.
const (
	driftSpan  = 50
	mostRounds = 500
)

// A simulation tries the judgement on numbers whose truth is known.
type simulation struct {
	seed uint64
	// runs is the number of simulated runs of each line of the tables, families
	// that of each family.
	runs, families int
	worlds         []world
	// analyze is results.Analyze, except in tests.
	analyze func(*results.Run) *results.Analysis
}

// random is the source of one simulated run: it follows from the seed, the line
// and the number of the run alone, whichever goroutine asks.
func (s *simulation) random(line string, run int) *rand.Rand {
	h := fnv.New64a()
	_, _ = h.Write([]byte(line))
	return rand.New(rand.NewPCG(s.seed^h.Sum64(), uint64(run)))
}

// parallel calls do for every run on as many goroutines as there are CPUs, and
// keeps what it returns in order.
func parallel[T any](ctx context.Context, runs int, do func(run int) T) ([]T, error) {
	all := make([]T, runs)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= runs {
					return
				}
				all[i] = do(i)
			}
		})
	}
	wg.Wait()
	return all, context.Cause(ctx)
}

// simulatedPlan has rows of a base and some models each; ratios[i] are the true
// speed-ups of row i. Rounds of 0 leave their number to the precision.
func simulatedPlan(ratios [][]float64, rounds int) results.Plan {
	plan := results.Plan{
		Schema: results.Schema, Tier: "simulated", Rounds: rounds, BaseModel: "base",
		BudgetSeconds: 1, DeadlineSeconds: 1,
	}
	family := 0
	for i, row := range ratios {
		r := results.Row{Workload: fmt.Sprintf("row-%d", i), Cells: []results.PlannedCell{{Model: "base", Role: results.RoleModel}}}
		for j := range row {
			r.Cells = append(r.Cells, results.PlannedCell{Model: fmt.Sprintf("model-%d", j), Role: results.RoleModel, Against: "base"})
		}
		plan.Rows = append(plan.Rows, r)
		family += len(row)
	}
	if rounds == 0 {
		plan.Rounds, plan.MinRounds = mostRounds, results.MinRounds(family)
	}
	return plan
}

// simulated takes the samples of one run. It measures nothing and starts nothing.
type simulated struct {
	harness.Unobserved
	world  *world
	random *rand.Rand
	during conditions
	cells  map[results.Cell]simulatedCell
	taken  []results.Sample
}

type simulatedCell struct {
	number int
	base   bool
	log    float64 // of its time
}

func newSimulated(w *world, plan *results.Plan, ratios [][]float64, random *rand.Rand) *simulated {
	s := &simulated{world: w, random: random, cells: make(map[results.Cell]simulatedCell)}
	for i, row := range plan.Rows {
		for j, c := range row.Cells {
			cell := simulatedCell{number: len(s.cells), base: j == 0}
			if j > 0 {
				cell.log = -math.Log(ratios[i][j-1])
			}
			s.cells[results.Cell{Workload: row.Workload, Params: row.Params, Model: c.Model}] = cell
		}
	}
	span := plan.Rounds
	if plan.MinRounds > 0 {
		span = driftSpan
	}
	if w.start != nil {
		s.during = w.start(random, span)
	}
	return s
}

// Sample is what harness.Run calls for every sample.
func (s *simulated) Sample(_ context.Context, step harness.Step, _ time.Duration) (results.Sample, error) {
	cell := s.cells[step.Cell]
	scatter := s.world.model
	if cell.base {
		scatter = s.world.base
	}
	log := cell.log + scatter(s.random)
	if s.during != nil {
		log += s.during(step.Round, float64(step.Place)/float64(len(s.cells)), cell.number)
	}
	return results.Sample{Cell: step.Cell, Costs: results.Costs{results.Wall: 1e7 * math.Exp(log)}}, nil
}

func (s *simulated) After(_ harness.Step, sample results.Sample) error {
	s.taken = append(s.taken, sample)
	return nil
}

// run carries out one plan in a world, from the order of its samples to the
// verdicts, by the code that does so for real runs.
func (s *simulation) run(ctx context.Context, w *world, ratios [][]float64, rounds int, random *rand.Rand) *results.Analysis {
	plan := simulatedPlan(ratios, rounds)
	plan.Seed = random.Uint64()
	e := newSimulated(w, &plan, ratios, random)
	harness.Run(ctx, &plan, nil, e, func() time.Time { return time.Time{} }, e)
	return s.analyze(&results.Run{Plan: plan, Samples: e.taken, Ended: &results.End{}})
}
