package plots

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"juggle/results"
)

// A spec is one cell of the made-up run: how long it takes beside the base.
type spec struct {
	model, role, against string
	wallNS, spread       float64
	cpuNS, rss           float64
	kind                 results.VerdictKind
}

// exampleAnalysis is a run that never was: its numbers are made by a seeded
// generator so that every figure and table has something of each kind to show.
// It does not use the statistics of package results, so that the golden files
// here change only when a picture does.
func exampleAnalysis() *results.Analysis {
	a := &builder{random: rand.New(rand.NewPCG(1, 2))}
	a.Analysis = results.Analysis{
		Plan: results.Plan{
			Schema: results.Schema, RunID: "example", Started: time.Date(2026, 11, 2, 9, 30, 0, 0, time.UTC),
			Tier: "quick", Seed: 42, Rounds: 10, BudgetSeconds: 60, DeadlineSeconds: 10, BaseModel: "sequential",
			Build: results.Build{GoVersion: "go1.26.8", Revision: "0123456789abcdef+dirty", BinarySHA256: "ab12"},
			Host: results.Host{
				OS: "linux", Arch: "amd64", CPU: "Example CPU", Kernel: "6.18.0", CPUs: 2, GOMAXPROCS: 2,
				Virtualization: "kvm", MemoryBytes: 8 << 30, BusyCPUs: 0.07,
			},
		},
		Conditions: []results.Conditions{
			{Round: 0, Seconds: 2, Values: results.Costs{results.OthersCPU: 0.02, results.StealCPU: 0}},
			{Round: 1, Seconds: 2, Values: results.Costs{results.OthersCPU: 1.1, results.StealCPU: 0.004}},
		},
		RoundsDone: 10, RoundsMost: 25, Family: 18, Controls: exampleControls(),
		Warnings: []results.Warning{
			{Code: results.WarnBusy, Text: "something else kept 0.9 of 2 CPUs busy when the run began, so close that and measure again"},
			{
				Cell: results.Cell{Workload: "scrape", Params: "pages=20,latency=5ms", Model: "eventloop"}, Code: results.WarnDrift,
				Text: "scrape (pages=20,latency=5ms) under eventloop: the wall time rises over the run (Kendall tau 0.87); comparisons are paired by round",
			},
		},
	}
	a.add(exampleRow("sleepers", "tasks=100,delay=5ms", "I/O-bound", "waiting alone", 100, 500e6),
		spec{"sequential", results.RoleModel, "", 512e6, 0.01, 6e6, 9 << 20, ""},
		spec{"goroutines", results.RoleModel, "sequential", 5.6e6, 0.04, 4e6, 10 << 20, results.Faster},
		spec{"eventloop", results.RoleModel, "sequential", 5.4e6, 0.03, 3e6, 9 << 20, results.Faster},
		spec{"processpool", results.RoleModel, "sequential", 261e6, 0.02, 22e6, 31 << 20, results.Faster},
		spec{"threads", results.RoleVariant, "sequential", 7.9e6, 0.08, 12e6, 14 << 20, results.Faster})
	a.add(exampleRow("scrape", "pages=20,latency=5ms", "I/O-bound", "waiting for a server", 20, 100e6),
		spec{"sequential", results.RoleModel, "", 118e6, 0.02, 9e6, 11 << 20, ""},
		spec{"goroutines", results.RoleModel, "sequential", 10.2e6, 0.06, 9e6, 12 << 20, results.Faster},
		spec{"eventloop", results.RoleModel, "sequential", 10.9e6, 0.06, 8e6, 11 << 20, results.Faster},
		spec{"processpool", results.RoleModel, "sequential", 66e6, 0.05, 25e6, 35 << 20, results.Faster},
		spec{"goroutines-native", results.RoleTwin, "goroutines", 9.8e6, 0.05, 9e6, 12 << 20, results.Inconclusive})
	a.add(exampleRow("primes", "limit=200000,chunks=16", "CPU-bound", "computing alone", 16, 0),
		spec{"sequential", results.RoleModel, "", 41e6, 0.01, 41e6, 8 << 20, ""},
		spec{"goroutines", results.RoleModel, "sequential", 21.4e6, 0.03, 42e6, 9 << 20, results.Faster},
		spec{"eventloop", results.RoleModel, "sequential", 41.2e6, 0.01, 41e6, 9 << 20, results.Equivalent},
		spec{"processpool", results.RoleModel, "sequential", 23.9e6, 0.04, 47e6, 30 << 20, results.Faster},
		spec{"gil", results.RoleVariant, "sequential", 42.1e6, 0.05, 42e6, 9 << 20, results.Inconclusive})
	a.add(exampleRow("mandelbrot", "side=64", "CPU-bound", "computing with uneven tasks", 64, 0),
		spec{"sequential", results.RoleModel, "", 3.1e6, 0.01, 3.1e6, 8 << 20, ""},
		spec{"goroutines", results.RoleModel, "sequential", 1.7e6, 0.05, 3.2e6, 9 << 20, results.Faster},
		spec{"eventloop", results.RoleModel, "sequential", 3.2e6, 0.09, 3.1e6, 9 << 20, results.Inconclusive},
		spec{"processpool", results.RoleModel, "sequential", 6.3e6, 0.08, 9e6, 30 << 20, results.Slower})
	a.exception()
	a.Timelines = exampleTimelines()
	return &a.Analysis
}

// A builder adds rows to an analysis.
type builder struct {
	results.Analysis
	random *rand.Rand
}

func exampleRow(workload, params, group, isolates string, tasks int, waitNS float64) results.RowAnalysis {
	return results.RowAnalysis{Row: results.Row{
		Workload: workload, Params: params, Group: group, Isolates: isolates, Tasks: tasks,
		Cells: []results.PlannedCell{{Predicted: &results.Law{WaitSeconds: waitNS / 1e9}}},
	}}
}

// add fills a row with the cells and appends it.
func (b *builder) add(row results.RowAnalysis, specs ...spec) {
	wait := row.Row.Cells[0].Predicted.WaitSeconds
	row.Row.Cells = nil
	base := specs[0].wallNS
	for _, s := range specs {
		cell := results.CellAnalysis{PlannedCell: results.PlannedCell{Model: s.model, Role: s.role, Against: s.against}}
		if s.role != results.RoleTwin {
			cell.Predicted = &results.Law{Formula: "Σd + N·c", WaitSeconds: wait, ComputeShare: 1}
			cell.PredictedNS = s.wallNS * 0.95
		}
		for round := range b.Plan.Rounds {
			cell.Good = append(cell.Good, b.sample(row.Row, s, round))
		}
		cell.Costs = summaries(cell.Good)
		if s.against != "" {
			cell.Verdict = verdict(s, base)
		}
		row.Row.Cells = append(row.Row.Cells, cell.PlannedCell)
		row.Cells = append(row.Cells, cell)
		b.Samples = append(b.Samples, cell.Good...)
	}
	b.Plan.Rows = append(b.Plan.Rows, row.Row)
	b.Rows = append(b.Rows, row)
}

func (b *builder) sample(row results.Row, s spec, round int) results.Sample {
	noise := func() float64 { return 1 + s.spread*math.Abs(b.random.NormFloat64()) }
	sample := results.Sample{
		Seq: len(b.Samples) + round, Round: round,
		Cell:   results.Cell{Workload: row.Workload, Params: row.Params, Model: s.model},
		Answer: "5eed",
		Costs: map[string]float64{
			results.Wall: math.Round(s.wallNS * noise()), results.UserCPU: math.Round(s.cpuNS * 0.8 * noise()),
			results.SystemCPU: math.Round(s.cpuNS * 0.2 * noise()), results.PeakRSS: s.rss,
			results.Threads: 6, results.PeakInFlight: float64(row.Tasks), results.Allocs: 1200, results.AllocBytes: 90000,
			results.Voluntary: 41, results.Setup: 80e3, results.LatencyP50: s.wallNS / 3, results.LatencyP99: s.wallNS / 2,
		},
		NotMeasured: map[string]string{results.FixtureCPU: "this workload has no fixture"},
	}
	if s.model == "processpool" {
		delete(sample.Costs, results.Involuntary)
		sample.NotMeasured[results.Involuntary] = "the workers do not report it"
	} else {
		sample.Costs[results.Involuntary] = 3
	}
	sample.Costs[results.Throughput] = float64(row.Tasks) / (sample.Costs[results.Wall] / 1e9)
	return sample
}

// summaries has quartiles as package plots makes them and an interval that is a
// made-up share of the median.
func summaries(samples []results.Sample) map[string]results.Summary {
	all := make(map[string]results.Summary)
	for _, m := range results.Metrics() {
		var values []float64
		for _, s := range samples {
			if v, ok := s.Costs[m.Unit]; ok {
				values = append(values, v)
			}
		}
		if len(values) == 0 {
			continue
		}
		slices.Sort(values)
		mid := quantile(values, 0.5)
		all[m.Unit] = results.Summary{
			N: len(values), Median: mid, Lo: mid * 0.99, Hi: mid * 1.02, Confidence: 0.95,
			Min: values[0], Q1: quantile(values, 0.25), Q3: quantile(values, 0.75), Max: values[len(values)-1],
		}
	}
	return all
}

func verdict(s spec, baseNS float64) *results.Verdict {
	if s.role == results.RoleTwin {
		baseNS = s.wallNS * 1.03
	}
	speedup := baseNS / s.wallNS
	v := &results.Verdict{
		Kind: s.kind, Model: s.model, Against: s.against, Speedup: speedup,
		Lo: speedup * (1 - s.spread), Hi: speedup * (1 + s.spread),
		Pairs: 10, P: 0.002, HolmP: 0.018, UnpairedP: 0.0001, Margin: 0.02,
	}
	if s.kind == results.Inconclusive {
		v.P, v.HolmP, v.Detectable = 0.2, 1, 0.04
	}
	return v
}

// exception adds a cell that cannot run its workload and one that failed wholly.
func (b *builder) exception() {
	row := &b.Rows[0]
	none := results.CellAnalysis{PlannedCell: results.PlannedCell{
		Model: "gil", Role: results.RoleVariant, Against: "sequential",
		Inexpressible: "a sleeping task holds no lock, so there is nothing to show",
	}}
	row.Cells = append(row.Cells, none)
	row.Row.Cells = append(row.Row.Cells, none.PlannedCell)

	failed := results.CellAnalysis{PlannedCell: results.PlannedCell{Model: "hybrid", Role: results.RoleVariant, Against: "sequential"}}
	for round := range 2 {
		failed.Failed = append(failed.Failed, results.Sample{
			Seq: 900 + round, Round: round,
			Cell:    results.Cell{Workload: "mandelbrot", Params: "side=64", Model: "hybrid"},
			Failure: &results.Failure{Kind: results.FailWrongAnswer, Message: fmt.Sprintf("row %d has digest 77 instead of 78", round)},
		})
	}
	row = &b.Rows[3]
	row.Cells = append(row.Cells, failed)
	row.Row.Cells = append(row.Row.Cells, failed.PlannedCell)
	b.Samples = append(b.Samples, failed.Failed...)
}

// exampleTimelines shows eight tasks that compute, wait and compute again.
func exampleTimelines() []results.Timeline {
	const wait, work = 5_000_000, 700_000
	cell := func(model string) results.Cell {
		return results.Cell{Workload: "scrape", Params: "pages=8,latency=5ms", Model: model}
	}
	lane := func(process int, start, resume int64) results.Lane {
		return results.Lane{Process: process, Spans: []results.Span{
			{State: results.Running, FromNS: start, ToNS: start + work},
			{State: results.Waiting, FromNS: start + work, ToNS: resume},
			{State: results.Running, FromNS: resume, ToNS: resume + work},
		}}
	}
	one := results.Timeline{Cell: cell("sequential"), WallNS: 8 * (wait + 2*work)}
	many := results.Timeline{Cell: cell("goroutines"), WallNS: 5*work + wait}
	loop := results.Timeline{Cell: cell("eventloop"), WallNS: 9*work + wait}
	pool := results.Timeline{Cell: cell("processpool"), WallNS: 4 * (wait + 2*work)}
	for i := range int64(8) {
		one.Lanes = append(one.Lanes, lane(0, i*(wait+2*work), i*(wait+2*work)+work+wait))
		many.Lanes = append(many.Lanes, lane(0, i/2*work, i/2*work+work+wait))
		loop.Lanes = append(loop.Lanes, lane(0, i*work, max(8*work, wait+work)+i*work))
		pool.Lanes = append(pool.Lanes, lane(int(i%2), i/2*(wait+2*work), i/2*(wait+2*work)+work+wait))
	}
	return []results.Timeline{one, many, loop, pool}
}

// exampleControls are one of each kind and outcome.
func exampleControls() []results.Control {
	return []results.Control{
		{Kind: results.ControlSame, Status: results.ControlPassed, Floor: 0.011, Text: "sleepers (tasks=20) under sequential against itself took 100.2 % of the time (95 % interval 99.3 % to 101.1 %, 10 rounds)"},
		{
			Kind: results.ControlSlowed, Status: results.ControlFailed, Cell: results.CellAnalysis{PlannedCell: results.PlannedCell{Slowed: 0.05}},
			Text: "sleepers (tasks=20) under sequential, slowed down by 5 % on purpose, took 101.2 % of the time (95 % interval 99.3 % to 103.1 %, 10 rounds)",
		},
		{Kind: results.ControlEmpty, Status: results.ControlUnknown, Text: "a task that does nothing under <b>goroutines</b>: there is nothing to hold it against"},
	}
}
