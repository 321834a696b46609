package results

import (
	"bytes"
	"errors"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/perf/benchfmt"
	"golang.org/x/perf/benchunit"
)

// benchRun has what the file must leave out: a failed sample and an unmeasured
// metric.
func benchRun() *Run {
	run := testRun(testPlan(6))
	fail(&run.Samples[1], FailDeadline, "over 10 s")
	delete(run.Samples[2].Costs, PeakRSS)
	run.Samples[3].Costs[LatencyP99] = 0
	return run
}

func benchText(t testing.TB, run *Run) string {
	t.Helper()
	var text bytes.Buffer
	if err := WriteBench(&text, run); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

// good are the samples that a benchmark file holds: cell after cell of the plan,
// so that the base model is the first column of benchstat.
func good(run *Run) (samples []Sample) {
	for _, row := range run.Plan.Rows {
		for _, c := range row.Cells {
			for _, s := range run.Samples {
				if s.Failure == nil && s.Cell == (Cell{row.Workload, row.Params, c.Model}) {
					samples = append(samples, s)
				}
			}
		}
	}
	return samples
}

func TestBenchFile(t *testing.T) {
	run := benchRun()
	text := benchText(t, run)
	golden(t, "bench.txt", text)
	read, problems, err := ReadBench(strings.NewReader(text), "bench.txt")
	if err != nil || len(problems) > 0 {
		t.Fatal(problems, err)
	}
	samples := good(run)
	if len(read) != len(samples) {
		t.Fatalf("%d lines of %d samples", len(read), len(samples))
	}
	for i, s := range samples {
		want := BenchResult{Name: benchName(s.Cell, 2), Iters: 1, Values: s.Costs}
		if diff := cmp.Diff(want, read[i]); diff != "" {
			t.Errorf("line %d: %s", i, diff)
		}
	}
	if want := "Suite/workload=sleepers/tasks=8/pause=5ms/model=sequential-2"; read[0].Name != want {
		t.Errorf("the first name is %s, want %s", read[0].Name, want)
	}
}

// Every metric that has a better direction has it in the file, in the words of the
// format's own reader; facts have none.
func TestUnitsOfABenchFileHaveTheirDirection(t *testing.T) {
	reader := benchfmt.NewReader(strings.NewReader(benchText(t, benchRun())), "bench.txt")
	for reader.Scan() {
	}
	for _, m := range Metrics() {
		want, known := map[string]int{"lower": -1, "higher": 1, "": 0}[m.Better]
		if !known {
			t.Errorf("%s is better when %q", m.Unit, m.Better)
		}
		_, tidy := benchunit.Tidy(1, m.Unit)
		if got := reader.Units().GetBetter(tidy); got != want {
			t.Errorf("%s: the file says %d, want %d", m.Unit, got, want)
		}
	}
}

// The reader for which the file is made takes it as it is meant.
func TestBenchstatReadsTheFile(t *testing.T) {
	gotool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("there is no go command to run benchstat with")
	}
	cmd := exec.CommandContext(t.Context(), gotool, "tool", "-modfile=../tools.mod", "benchstat", "-col", "/model", "testdata/bench.txt")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, stderr.Bytes())
	}
	if strings.Contains(stderr.String(), "unit") || strings.Contains(stdout.String(), "missing") {
		t.Errorf("benchstat warns:\n%s%s", &stdout, &stderr)
	}
	var columns []string
	for line := range strings.Lines(stdout.String()) {
		if strings.Contains(line, "sequential") {
			for _, cell := range strings.Split(line, "│")[1:] {
				columns = append(columns, strings.TrimSpace(cell))
			}
			break
		}
	}
	if diff := cmp.Diff([]string{"sequential", "goroutines", "eventloop", "processpool", "goroutines-unbounded", "twin-goroutines", ""}, columns); diff != "" {
		t.Errorf("the columns of the table: %s", diff)
	}
	for _, word := range []string{
		"sec/op", "peak-RSS-bytes", "tasks/s", "allocs/op", "Suite/workload=sleepers/tasks=8/pause=5ms-2", "goos: linux", "cpu: A CPU @ 2.00GHz",
	} {
		if !strings.Contains(stdout.String(), word) {
			t.Errorf("the table has no %q:\n%s", word, &stdout)
		}
	}
	// Of primes, the processpool needs twice the time of sequential.
	if !strings.Contains(stdout.String(), "+100.") && !strings.Contains(stdout.String(), "+99.") {
		t.Errorf("the table does not show the doubled time:\n%s", &stdout)
	}
}

func TestHostileNamesInABenchFile(t *testing.T) {
	for _, hostile := range []string{
		"two words", "a/b", "a\nBenchmarkEvil 1 5 ns/op", "tab\there", "no\u00a0break", "wide\u3000space", "line\u2028sep", "bidi\u202eevil",
		"\x1b[31mred", "\xff\xfe", "a-2", "a=b", "", " ", "*", "Unit ns/op better=higher", "key: value", strings.Repeat("long", 1000),
	} {
		plan := testPlan(1)
		plan.Rows = plan.Rows[:1]
		plan.Rows[0].Workload, plan.Rows[0].Params = hostile, "x="+hostile+",y="+hostile
		plan.Rows[0].Cells[1].Model = hostile
		plan.Host.CPU, plan.Host.Kernel, plan.RunID, plan.Build.Revision, plan.Tier = hostile, hostile, hostile+"x", hostile, hostile
		run := testRun(plan)
		for i := range run.Samples {
			run.Samples[i].Costs[Wall] = 7
			delete(run.Samples[i].Costs, Throughput)
		}
		text := benchText(t, run)
		reader := benchfmt.NewReader(strings.NewReader(text), "bench.txt")
		n := 0
		for reader.Scan() {
			result, isResult := reader.Result().(*benchfmt.Result)
			if bad, isBad := reader.Result().(*benchfmt.SyntaxError); isBad {
				t.Errorf("%q: %v in\n%s", hostile, bad, text)
			}
			if !isResult {
				continue
			}
			n++
			_, parts := result.Name.Parts()
			if want := 5; len(parts) != want || string(parts[4]) != "-2" || !strings.HasPrefix(string(parts[3]), "/model=") {
				t.Errorf("%q: the name %q has the parts %q", hostile, result.Name, parts)
			}
			if want := len(run.Samples[0].Costs); len(result.Values) != want || result.GetConfig("goos") != "linux" {
				t.Errorf("%q: %+v", hostile, result)
			}
		}
		if n != len(run.Samples) || reader.Err() != nil {
			t.Errorf("%q: %d lines of %d samples, %v", hostile, n, len(run.Samples), reader.Err())
		}
		if strings.ContainsAny(text, "\x1b\u202e\u2028") {
			t.Errorf("%q goes into the file as it is", hostile)
		}
	}
}

func TestBadLinesOfABenchFile(t *testing.T) {
	for line, want := range map[string]string{
		"BenchmarkA 1 NaN ns/op":                     "NaN",
		"BenchmarkA 1 +Inf ns/op":                    "Inf",
		"BenchmarkA 1 1e999 ns/op":                   "out of range",
		"BenchmarkA 1 -5 ns/op":                      "-5",
		"BenchmarkA 1 5 ns/op 6 ns/op":               "twice",
		"BenchmarkA 1 5 ns/op -1 B/op":               "B/op",
		"BenchmarkA 1":                               "missing",
		"BenchmarkA one 5 ns/op":                     "iteration count",
		"BenchmarkA 1 5":                             "units",
		"Unit ns/op better=lower better=higher":      "better",
		"Unit":                                       "unit",
		"Unit ns/op better=higher\nUnit ns/op x=y x": "",
	} {
		text := "goos: linux\nUnit ns/op better=lower\n" + line + "\nBenchmarkGood 2 7 ns/op\n"
		read, problems, err := ReadBench(strings.NewReader(text), "b.txt")
		if err != nil || len(problems) == 0 || !slices.EqualFunc(read, []int{2}, func(r BenchResult, iters int) bool { return r.Iters == iters && r.Values[Wall] == 7 }) {
			t.Errorf("%s: %v, %v, %v", line, read, problems, err)
			continue
		}
		if p := problems[0]; p.File != "b.txt" || p.Line != 3 || !strings.Contains(p.Text, want) {
			t.Errorf("%s: %v, want %q", line, p, want)
		}
	}
}

func TestTooManyBadLinesEndTheReading(t *testing.T) {
	_, problems, err := ReadBench(strings.NewReader(strings.Repeat("BenchmarkA 1\n", 10*maxProblems)), "b.txt")
	if err == nil || len(problems) != maxProblems+1 {
		t.Errorf("%d problems, %v", len(problems), err)
	}
}

// What "go test -bench" prints has lines that are no results.
func TestReadBenchOfGoTest(t *testing.T) {
	const text = `goos: linux
goarch: amd64
pkg: example.org/queue
cpu: Intel(R) Xeon(R) CPU @ 2.20GHz
BenchmarkPush
BenchmarkPush/size=16
BenchmarkPush/size=16-2         	 8302344	       144.5 ns/op	      64 B/op	       1 allocs/op
--- BENCH: BenchmarkPush/size=16-2
    queue_test.go:12: warm
BenchmarkPop-2                  	 1000000	      1013 ns/op	  31.60 MB/s	         3.000 peak-tasks
PASS
ok  	example.org/queue	3.015s
`
	got, problems, err := ReadBench(strings.NewReader(text), "out.txt")
	want := []BenchResult{
		{"Push/size=16-2", 8302344, map[string]float64{"ns/op": 144.5, "B/op": 64, "allocs/op": 1}},
		{"Pop-2", 1000000, map[string]float64{"ns/op": 1013, "MB/s": 31.6, "peak-tasks": 3}},
	}
	if diff := cmp.Diff(want, got); diff != "" || len(problems) > 0 || err != nil {
		t.Errorf("%v, %v\n%s", problems, err, diff)
	}
}

func TestWriteBenchFile(t *testing.T) {
	run := benchRun()
	run.Dir = t.TempDir()
	if err := WriteBenchFile(run); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(run.Dir, benchFile))
	if err != nil || string(got) != benchText(t, run) {
		t.Errorf("%v, %s", err, got)
	}
	run.Samples[0].Costs[Wall] = math.NaN()
	if err := WriteBenchFile(run); err == nil || !strings.Contains(err.Error(), "NaN") {
		t.Errorf("a NaN is written: %v", err)
	}
	if now, err := os.ReadFile(filepath.Join(run.Dir, benchFile)); err != nil || !bytes.Equal(now, got) {
		t.Errorf("the old file is gone: %v", err)
	}
	run = benchRun()
	run.Dir = filepath.Join(t.TempDir(), "gone")
	if err := WriteBenchFile(run); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("into no folder: %v", err)
	}
	run.Samples = nil
	run.Dir = t.TempDir()
	if err := WriteBenchFile(run); err != nil {
		t.Errorf("a run of no samples: %v", err)
	}
}

// FuzzBench holds that what is read of any file are measurements.
func FuzzBench(f *testing.F) {
	for _, seed := range []string{
		benchText(f, testRun(testPlan(1))), "", "Benchmark", "BenchmarkA 1 1 ns/op", "BenchmarkA 1 NaN ns/op 1 ns/op", "Unit a b=c", "a: b\n\nBenchmarkA-2 1 0 ns/op 0 sec/op", "BenchmarkA 1 1e308 MB/s",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		read, problems, _ := ReadBench(bytes.NewReader(text), "b.txt")
		for _, p := range problems {
			if p.Line < 1 || p.Text == "" {
				t.Fatalf("%+v", p)
			}
		}
		for _, r := range read {
			if len(r.Values) == 0 {
				t.Fatalf("%q has no values", r.Name)
			}
			for unit, v := range r.Values {
				if !finite(v) || unit == "" {
					t.Fatalf("%q: %v %s", r.Name, v, unit)
				}
			}
		}
	})
}
