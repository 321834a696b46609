package results

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// exampleDir is a run that never was: the format of a run folder to look at, and
// something to draw.
const exampleDir = "testdata/example-run"

// An exampleCell is how long a cell takes, and what of it, in milliseconds.
type exampleCell struct {
	model, role, against string
	wall, cpu            float64
	megabytes            int
	law                  *Law
}

// exampleRows are the rows of the example with what their cells take.
func exampleRows() ([]Row, map[Cell]exampleCell) {
	var rows []Row
	takes := make(map[Cell]exampleCell)
	add := func(row Row, cells ...exampleCell) {
		for _, c := range cells {
			row.Cells = append(row.Cells, PlannedCell{Model: c.model, Role: c.role, Against: c.against, Predicted: c.law})
			takes[Cell{row.Workload, row.Params, c.model}] = c
		}
		rows = append(rows, row)
	}
	const base = "sequential"
	add(
		Row{Workload: "sleepers", Params: "tasks=100,delay=5ms", Group: "I/O-bound", Isolates: "waiting alone", Tasks: 100},
		exampleCell{base, RoleModel, "", 512, 6, 9, &Law{"N·d + N·c", 0.5, 1}},
		exampleCell{"goroutines", RoleModel, base, 5.6, 4, 10, &Law{"d + N·c/K", 0.005, 0.5}},
		exampleCell{"eventloop", RoleModel, base, 5.7, 3, 9, &Law{"d + N·c", 0.005, 1}},
		exampleCell{"processpool", RoleModel, base, 261, 22, 31, &Law{"N·d/W + N·c/K", 0.25, 0.5}},
		exampleCell{"threads", RoleVariant, "goroutines", 8.1, 9, 17, nil},
	)
	add(
		Row{Workload: "scrape", Params: "pages=20,latency=10ms", Group: "I/O-bound", Isolates: "waiting for many connections", Tasks: 20},
		exampleCell{base, RoleModel, "", 221, 9, 10, &Law{"N·l + N·c", 0.2, 1}},
		exampleCell{"goroutines", RoleModel, base, 12.4, 7, 12, &Law{"l + N·c/K", 0.01, 0.5}},
		exampleCell{"eventloop", RoleModel, base, 13.1, 6, 10, &Law{"l + N·c", 0.01, 1}},
		exampleCell{"processpool", RoleModel, base, 118, 28, 33, &Law{"N·l/W + N·c/K", 0.1, 0.5}},
		exampleCell{"sequential-native", RoleTwin, base, 219, 8, 10, nil},
		exampleCell{"goroutines-native", RoleTwin, "goroutines", 12.2, 7, 12, nil},
	)
	add(
		Row{Workload: "primes", Params: "below=10000000,segments=16", Group: "CPU-bound", Isolates: "computing alone", Tasks: 16},
		exampleCell{base, RoleModel, "", 84, 84, 9, &Law{"N·c", 0, 1}},
		exampleCell{"goroutines", RoleModel, base, 43.5, 86, 10, &Law{"N·c/K", 0, 0.5}},
		exampleCell{"eventloop", RoleModel, base, 84.2, 84, 9, &Law{"N·c", 0, 1}},
		exampleCell{"processpool", RoleModel, base, 46.8, 91, 32, &Law{"N·c/K", 0, 0.5}},
	)
	add(
		Row{Workload: "mandelbrot", Params: "side=64", Group: "CPU-bound", Isolates: "small tasks against messages", Tasks: 64},
		exampleCell{base, RoleModel, "", 3.1, 3.1, 9, &Law{"N·c", 0, 1}},
		exampleCell{"goroutines", RoleModel, base, 1.72, 3.3, 10, &Law{"N·c/K", 0, 0.5}},
		exampleCell{"eventloop", RoleModel, base, 3.2, 3.2, 9, &Law{"N·c", 0, 1}},
		exampleCell{"processpool", RoleModel, base, 6.4, 8.9, 31, &Law{"N·c/K", 0, 0.5}},
	)
	return rows, takes
}

// exampleRun measures nothing: its numbers come from a seeded generator. A round
// has a speed of its own, which its cells share, and each sample has some noise;
// one in thirty was disturbed.
func exampleRun() *Run {
	rows, takes := exampleRows()
	began := time.Date(2026, 11, 2, 9, 30, 0, 0, time.UTC)
	run := &Run{Plan: Plan{
		Schema: Schema, RunID: "example", Started: began, Tier: "quick", Seed: 42, Rounds: 10,
		BudgetSeconds: 600, DeadlineSeconds: 60, BaseModel: "sequential",
		Build: Build{GoVersion: "go1.26.8", Revision: "0123456789abcdef", BinarySHA256: "ab12"},
		Host: Host{
			OS: "linux", Arch: "amd64", CPU: "Example CPU", Kernel: "6.18.0", CPUs: 2, GOMAXPROCS: 2,
			Virtualization: "kvm", MemoryBytes: 8 << 30, BusyCPUs: 0.07,
		},
		Rows: rows,
	}}
	random := rand.New(rand.NewPCG(42, 0))
	clock := began
	for round := range run.Plan.Rounds {
		speed := math.Exp(0.01 * random.NormFloat64())
		order := slices.Clone(rows)
		random.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		place := 0
		for _, row := range order {
			for _, i := range random.Perm(len(row.Cells)) {
				cell := Cell{row.Workload, row.Params, row.Cells[i].Model}
				s := Sample{Seq: len(run.Samples), Round: round, Place: place, Cell: cell, Started: clock}
				s.Answer = checksum([]byte(row.Workload + row.Params))
				s.Costs, s.NotMeasured = exampleCosts(random, takes[cell], row.Tasks, speed)
				clock = clock.Add(time.Duration(s.Costs[Wall])).Add(150 * time.Millisecond)
				if cell.Workload == "mandelbrot" && cell.Model == "processpool" && round == 6 {
					fail(&s, FailCrash, "a worker was killed by signal 9")
					s.NotMeasured = nil
				}
				run.Samples = append(run.Samples, s)
				place++
			}
		}
	}
	for _, c := range rows[0].Cells[:4] {
		run.Timelines = append(run.Timelines, exampleTimeline(c.Model))
	}
	return run
}

func exampleCosts(random *rand.Rand, c exampleCell, tasks int, speed float64) (costs map[string]float64, not map[string]string) {
	near := func(v, noise float64) float64 { return math.Round(v * math.Exp(noise*random.NormFloat64())) }
	wall := near(c.wall*1e6*speed, 0.015)
	if random.IntN(30) == 0 {
		wall = math.Round(wall * 1.25)
	}
	workers := 1.0
	if c.model == "processpool" {
		workers = 3
	}
	costs = map[string]float64{
		Wall: wall, UserCPU: near(c.cpu*0.9e6, 0.02), SystemCPU: near(c.cpu*0.1e6, 0.05),
		PeakRSS: near(float64(c.megabytes)*(1<<20), 0.01), Voluntary: near(12*workers+float64(tasks), 0.1),
		Involuntary: near(3*workers, 0.3), Threads: 5 * workers, AllocBytes: near(float64(800*tasks), 0.01),
		Allocs: near(float64(12*tasks), 0.01), Throughput: float64(tasks) * 1e9 / wall,
	}
	not = map[string]string{FixtureCPU: "this workload has no fixture"}
	if c.role == RoleTwin {
		for _, unit := range []string{LatencyP50, LatencyP99, PeakInFlight} {
			not[unit] = "no task has a stamp"
		}
		not[Setup] = "a native twin has no model to start"
		return costs, not
	}
	at := math.Round(wall / float64(tasks)) // one task after another
	inFlight := 1.0
	switch c.model {
	case "goroutines", "eventloop", "threads":
		at, inFlight = math.Round(0.9*wall), float64(tasks)
	case "processpool":
		at, inFlight = 2*at, 2
	}
	costs[LatencyP50], costs[LatencyP99], costs[PeakInFlight] = at, near(1.05*at, 0.01), inFlight
	costs[Setup] = near(4e3*workers*workers*workers, 0.1)
	return costs, not
}

// exampleTimeline is four tasks that compute, wait 5 ms and compute.
func exampleTimeline(model string) Timeline {
	const compute, wait = 300_000, 5_000_000
	t := Timeline{Cell: Cell{"sleepers", "tasks=4,delay=5ms", model}}
	for i := range int64(4) {
		lane := Lane{}
		var from, until int64 // its first span, and the end of its waiting
		switch model {
		case "sequential":
			from = i * (wait + 2*compute)
			until = from + compute + wait
		case "processpool":
			lane.Process = 1 + int(i%2)
			from = i / 2 * (wait + 2*compute)
			until = from + compute + wait
		case "goroutines":
			from = i / 2 * compute
			until = from + compute + wait
		default: // the loop runs one at a time
			from = i * compute
			until = from + compute + wait
		}
		lane.Spans = []Span{{Running, from, from + compute}, {Waiting, from + compute, until}, {Running, until, until + compute}}
		t.WallNS = max(t.WallNS, until+compute)
		t.Lanes = append(t.Lanes, lane)
	}
	return t
}

// The example run is what this package writes today, and it reads it.
func TestExampleRun(t *testing.T) {
	written := record(t, exampleRun())
	if *update {
		for _, name := range []string{planFile, journalFile} {
			text, err := os.ReadFile(filepath.Join(written, name))
			if err != nil {
				t.Fatal(err)
			}
			if err := os.MkdirAll(exampleDir, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := ReplaceFile(filepath.Join(exampleDir, name), text); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, name := range []string{planFile, journalFile} {
		want, err := os.ReadFile(filepath.Join(exampleDir, name))
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join(written, name))
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != string(want) {
			t.Errorf("%s of %s is not what is written today; go test -run %s -update writes it anew", name, exampleDir, t.Name())
		}
	}
	a := Analyze(mustLoad(t, filepath.Join(exampleDir, journalFile)))
	kinds := make(map[VerdictKind]int)
	for _, row := range a.Rows {
		for _, c := range row.Cells {
			if c.Verdict != nil {
				kinds[c.Verdict.Kind]++
			}
		}
	}
	if a.Family != 15 || a.RoundsDone != 10 || len(a.Timelines) != 4 || a.Warnings[0].Code != WarnFailed {
		t.Errorf("family %d, %d rounds, %d timelines, warnings %v", a.Family, a.RoundsDone, len(a.Timelines), a.Warnings)
	}
	if got := fmt.Sprint(slices.Sorted(maps.Keys(kinds))); got != "[faster inconclusive slower]" {
		t.Errorf("verdicts are %v", kinds)
	}
}
