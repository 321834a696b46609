package results

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// gzipped packs a text.
func gzipped(t testing.TB, text string) string {
	t.Helper()
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return packed.String()
}

func mustRead(t testing.TB, text string) *Set {
	t.Helper()
	s, err := ReadSet(strings.NewReader(text), "file")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// values are those of a set, by key, in order.
func values(s *Set) map[Key][]float64 {
	all := make(map[Key][]float64)
	for key, series := range s.series {
		all[key] = series.values
	}
	return all
}

const setText = `goos: linux
pkg: one
cpu: a processor
Unit tasks/s better=higher
BenchmarkA-2   100   250 ns/op   8 B/op   3 MB/s
some log line
BenchmarkA-2   100   350 ns/op   0 B/op   4 MB/s
pkg: two
BenchmarkA-2   7   5e-7 sec/op   9 tasks/s
BenchmarkZero  1   0 ns/op
PASS
`

func TestReadSet(t *testing.T) {
	want := map[Key][]float64{
		{"one", "A-2", "sec/op"}:  {2.5e-7, 3.5e-7},
		{"one", "A-2", "B/op"}:    {8, 0},
		{"one", "A-2", "B/s"}:     {3e6, 4e6},
		{"two", "A-2", "sec/op"}:  {5e-7},
		{"two", "A-2", "tasks/s"}: {9},
		{"two", "Zero", "sec/op"}: {0},
	}
	for name, text := range map[string]string{"plain": setText, "packed": gzipped(t, setText), "packed in two pieces": gzipped(t, setText[:100]) + gzipped(t, setText[100:]), "with a byte order mark": "\ufeff" + setText} {
		s := mustRead(t, text)
		if diff := cmp.Diff(want, values(s), cmp.Comparer(func(a, b float64) bool { return a-b < 1e-18 && b-a < 1e-18 })); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if s.Results != 4 || len(s.Problems) > 0 {
			t.Errorf("%s: %d results and the problems %v", name, s.Results, s.Problems)
		}
		if diff := cmp.Diff(map[string]string{"sec/op": "lower", "B/op": "lower", "B/s": "higher", "tasks/s": "higher"}, s.better); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if diff := cmp.Diff([]string{"a processor"}, s.facts["cpu"]); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// What cannot be used is named with its line, and the rest is kept.
func TestReadSetNamesProblems(t *testing.T) {
	s := mustRead(t, "BenchmarkA 1 5 ns/op\nBenchmarkB x 5 ns/op\nBenchmarkC 1 NaN ns/op\nBenchmarkD 1 -5 ns/op\nBenchmarkE 1 5 ns/op 6 ns/op\nround: x\nBenchmarkF 1 5 ns/op\nround: 3\nBenchmarkG 1 5 ns/op\nBenchmarkH 1 +Inf ns/op")
	var lines []int
	for _, p := range s.Problems {
		if p.File != "file" || p.Text == "" {
			t.Errorf("%+v", p)
		}
		lines = append(lines, p.Line)
	}
	if diff := cmp.Diff([]int{2, 5, 7}, lines); diff != "" {
		t.Errorf("lines with problems: %s", diff)
	}
	if s.Results != 5 {
		t.Errorf("%d results", s.Results)
	}
	if g := s.series[Key{"", "G", "sec/op"}]; g == nil || g.rounds[0] != 3 {
		t.Errorf("the round of G is %+v", g)
	}
}

// A file that cannot be used gives one line that names it.
func TestReadSetRefuses(t *testing.T) {
	packed := gzipped(t, strings.Repeat(setText, 100))
	long := "BenchmarkA 1 5 ns/op\nBenchmark" + strings.Repeat("x", 70<<10) + " 1 5 ns/op\n"
	flipped := []byte(packed)
	flipped[len(flipped)-6] ^= 1
	for name, c := range map[string]struct{ text, want string }{
		"empty":            {"", "file is empty"},
		"packed and empty": {gzipped(t, ""), "file is empty"},
		"another text":     {"Dear reader,\n\nno numbers here.\n", "file holds no result of a Go benchmark; those are lines such as"},
		"only problems":    {"BenchmarkA 1 x ns/op\n", "file holds no result of a Go benchmark that can be used: file:1: parsing measurement"},
		"UTF-16":           {"\xff\xfeB\x00e\x00", "file is in UTF-16; save it in UTF-8"},
		"binary":           {"\x7fELF\x02\x01\x01\x00\x00\x00", "file holds no result"},
		"packed twice":     {gzipped(t, packed), "file holds no result"},
		"a long line":      {long, "a Go benchmark file has no line of 64 KiB"},
		"a wrong checksum": {string(flipped), "reading file: "},
		"gzip alone":       {"\x1f\x8b", "file is cut short"},
		"no gzip":          {"\x1f\x8b\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", "reading file: gzip"},
		"many problems":    {strings.Repeat("BenchmarkA 1 x ns/op\n", maxProblems+2), "file has more than 1000 lines that cannot be used"},
	} {
		s, err := ReadSet(strings.NewReader(c.text), "file")
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v, %v; want %q", name, s, err, c.want)
		}
	}
	for cut := range len(packed) {
		if cut < 1 {
			continue
		}
		s, err := ReadSet(strings.NewReader(packed[:cut]), "file")
		if err == nil || !strings.Contains(err.Error(), "file ") {
			t.Fatalf("cut after %d of %d bytes: %v, %v", cut, len(packed), s, err)
		}
	}
}

// A small file that unpacks to a long one takes no more than the bounds.
func TestReadSetIsBounded(t *testing.T) {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	piece := bytes.Repeat([]byte("nothing\n"), 1<<17)
	for range maxSetFile/len(piece) + 1 {
		if _, err := w.Write(piece); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadSet(&packed, "file"); err == nil || err.Error() != "file is over 256 MiB long; this is no Go benchmark file" {
		t.Error(err)
	}
}

func TestOpenSet(t *testing.T) {
	run := testRun(testPlan(3))
	fail(&run.Samples[0], FailCrash, "it died")
	dir := record(t, run)
	loaded := mustLoad(t, dir)
	if err := WriteBenchFile(loaded); err != nil {
		t.Fatal(err)
	}
	fromFile, err := OpenSet(filepath.Join(dir, benchFile), nil)
	if err != nil {
		t.Fatal(err)
	}
	near := cmp.Comparer(func(a, b float64) bool { return a == b || a/b-1 < 1e-12 && b/a-1 < 1e-12 })
	for _, path := range []string{dir, filepath.Join(dir, planFile), filepath.Join(dir, journalFile)} {
		s, err := OpenSet(path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if s.Failed != 1 || s.Results != len(run.Samples)-1 {
			t.Errorf("%s: %d results, %d failed", path, s.Results, s.Failed)
		}
		// bench.txt of the same run says the same, but for the rounds.
		if diff := cmp.Diff(values(fromFile), values(s), near); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(fromFile.facts, s.facts, cmp.FilterPath(func(p cmp.Path) bool {
			return strings.Contains(p.String(), "") && len(p) > 1 && !strings.Contains(`["goos"]["goarch"]["cpu"]["kernel"]["run-id"]`, p[1].String())
		}, cmp.Ignore())); diff != "" {
			t.Error(diff)
		}
		if rounds := s.series[s.keys[0]].rounds; len(rounds) == 0 || rounds[0] < 0 {
			t.Errorf("the rounds of %v are %v", s.keys[0], rounds)
		}
	}
	s, err := OpenSet("-", strings.NewReader(setText))
	if err != nil || s.Name != "standard input" || s.Results != 4 {
		t.Errorf("standard input: %+v, %v", s, err)
	}
	for path, want := range map[string]string{
		filepath.Join(dir, "nowhere"): "nowhere",
		t.TempDir():                   "is no folder of a run: it has no plan.json",
	} {
		if _, err := OpenSet(path, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// Cells whose names come out alike in Go's format are not pooled.
func TestRunSetKeepsCellsApart(t *testing.T) {
	plan := testPlan(2)
	plan.Rows = []Row{{Workload: "w", Tasks: 1, Cells: []PlannedCell{{Model: "a b"}, {Model: "a_b"}, {Model: "a/b"}}}}
	run := &Run{Dir: "run", Plan: plan}
	for i, c := range plan.Rows[0].Cells {
		run.Samples = append(run.Samples, Sample{Seq: i, Cell: Cell{"w", "", c.Model}, Costs: map[string]float64{Wall: float64(i + 1)}})
	}
	if s := RunSet(run); len(s.keys) != 3 {
		t.Errorf("the keys are %v", s.keys)
	}
}

func FuzzReadSet(f *testing.F) {
	f.Add([]byte(setText))
	f.Add([]byte(gzipped(f, setText)))
	f.Add([]byte("round: 1\nBenchmarkA 1 1 ns/op\nUnit x better=higher\nBenchmark/<b>=\x1b 1 1 x\n"))
	f.Add([]byte("BenchmarkA 1 0 B/op 0 MB/op\n")) // two units that are one in base units
	bench, err := os.ReadFile(filepath.Join("testdata", "bench.txt"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(bench)
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := ReadSet(bytes.NewReader(text), "file")
		if err != nil {
			if !strings.Contains(err.Error(), "file") {
				t.Fatalf("the error does not name the file: %v", err)
			}
			return
		}
		total := 0
		for _, key := range s.keys {
			series := s.series[key]
			if len(series.values) == 0 || len(series.values) != len(series.rounds) || len(series.values) > s.Results {
				t.Fatalf("%v has %d values and %d rounds in %d results", key, len(series.values), len(series.rounds), s.Results)
			}
			total += len(series.values)
		}
		if s.Results == 0 || total < s.Results || len(s.keys) != len(s.series) {
			t.Fatalf("%d results with %d values of %d series", s.Results, total, len(s.keys))
		}
		d, err := NewDiff(s, s, s.units())
		if err != nil {
			t.Fatal(err)
		}
		if len(d.Changes)+len(d.Uncompared) != len(s.keys) {
			t.Fatalf("%d changes and %d others of %d series", len(d.Changes), len(d.Uncompared), len(s.keys))
		}
		checkDiffExports(t, d)
	})
}
