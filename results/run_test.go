package results

import (
	"flag"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var update = flag.Bool("update", false, "write the golden files anew")

// told compares what a run tells.
var told = cmpopts.IgnoreUnexported(Run{})

// golden compares with testdata/name, or writes it under -update.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := ReplaceFile(path, []byte(got)); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs; go test -run %s -update writes it anew\n%s", path, t.Name(), diff)
	}
}

// testPlan has two workloads, four models, a variant, a twin, and a cell that
// cannot be expressed.
func testPlan(rounds int) Plan {
	model := func(name string, law *Law) PlannedCell {
		c := PlannedCell{Model: name, Role: RoleModel, Against: "sequential", Predicted: law}
		if name == "sequential" {
			c.Against = ""
		}
		return c
	}
	began := time.Date(2026, 11, 2, 9, 30, 0, 0, time.UTC)
	return Plan{
		Schema: Schema, RunID: "20261102-093000", Started: began, Tier: "quick", Seed: 7, Rounds: rounds,
		BudgetSeconds: 60, DeadlineSeconds: 10, BaseModel: "sequential",
		Build: Build{GoVersion: "go1.26.8", Revision: "abc+dirty", BinarySHA256: "00"},
		Host:  Host{OS: "linux", Arch: "amd64", CPU: "A CPU @ 2.00GHz", Kernel: "6.18", CPUs: 2, GOMAXPROCS: 2, BusyCPUs: 0.03},
		Rows: []Row{
			{Workload: "sleepers", Params: "tasks=8,pause=5ms", Group: "I/O-bound", Isolates: "waiting", Tasks: 8, Cells: []PlannedCell{
				model("sequential", &Law{"N·d", 0.04, 1}), model("goroutines", &Law{"d + c", 0.005, 0.5}), model("eventloop", nil), model("processpool", nil),
				{Model: "goroutines-unbounded", Role: RoleVariant, Against: "goroutines"},
				{Model: "twin-goroutines", Role: RoleTwin, Against: "goroutines"},
			}},
			{Workload: "primes", Params: "upto=1000", Group: "CPU-bound", Isolates: "computing", Tasks: 4, Cells: []PlannedCell{
				model("sequential", &Law{"C", 0, 1}), model("goroutines", &Law{"C/K", 0, 0.5}),
				{Model: "eventloop", Role: RoleModel, Against: "sequential", Inexpressible: "it has one thread"},
				model("processpool", nil),
			}},
		},
	}
}

// testWalls are the wall times of the cells of testPlan in milliseconds.
var testWalls = map[string]map[string]float64{
	"sleepers": {"sequential": 40, "goroutines": 5, "eventloop": 5.002, "processpool": 6, "goroutines-unbounded": 5, "twin-goroutines": 4.5},
	"primes":   {"sequential": 10, "goroutines": 5.1, "processpool": 20},
}

// testRun measures a plan with seeded noise of half a per cent.
func testRun(plan Plan) *Run {
	random := rand.New(rand.NewPCG(11, 12))
	run := &Run{Dir: "run", Plan: plan}
	for round := range plan.Rounds {
		place := 0
		for _, row := range plan.Rows {
			for _, c := range row.Cells {
				if c.Inexpressible != "" {
					continue
				}
				seq := len(run.Samples)
				wall := math.Round(1e6 * testWalls[row.Workload][c.Model] * math.Exp(0.005*random.NormFloat64()))
				run.Samples = append(run.Samples, Sample{
					Seq: seq, Round: round, Place: place, Cell: Cell{row.Workload, row.Params, c.Model},
					Started: plan.Started.Add(time.Duration(seq) * time.Second), Answer: "a1b2",
					Costs: map[string]float64{
						Wall: wall, UserCPU: 1e6, SystemCPU: 2e5, PeakRSS: 12345678, Throughput: float64(row.Tasks) * 1e9 / wall,
						Allocs: 321, AllocBytes: 65432, LatencyP50: 12.5, Threads: 5,
					},
				})
				place++
			}
		}
	}
	run.Timelines = []Timeline{{Cell{"sleepers", "tasks=2", "goroutines"}, 5000, []Lane{
		{0, []Span{{Running, 0, 10}, {Waiting, 10, 4000}, {Running, 4000, 4010}}}, {0, []Span{{Running, 5, 5}}},
	}}}
	return run
}

// fail makes a sample one without numbers.
func fail(s *Sample, kind, message string) {
	s.Failure, s.Costs, s.Answer = &Failure{kind, message}, nil, ""
}

// record writes a run to a new folder.
func record(t testing.TB, run *Run) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "run")
	folder, err := Create(dir, run.Plan)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range run.Samples {
		if err := folder.Append(s); err != nil {
			t.Fatal(err)
		}
	}
	for _, l := range run.Timelines {
		if err := folder.AppendTimeline(l); err != nil {
			t.Fatal(err)
		}
	}
	if err := folder.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

func mustLoad(t testing.TB, dir string) *Run {
	t.Helper()
	run, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	return run
}
