package results

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"
)

// recordLarge writes a run of 100,000 samples, 25 rows of 4 cells and 1,000
// rounds, with as many costs as a real sample has, and returns its folder. It
// writes the journal by itself, because Append syncs each line, which would take
// minutes.
func recordLarge(t testing.TB) (dir string) {
	t.Helper()
	plan := testPlan(1000)
	cells := plan.Rows[0].Cells[:4]
	plan.Rows = nil
	for i := range 25 {
		plan.Rows = append(plan.Rows, Row{Workload: "sleepers", Params: "tasks=8,pause=" + time.Duration(i).String(), Tasks: 8, Cells: cells})
	}
	dir = filepath.Join(t.TempDir(), "large")
	folder, err := Create(dir, plan)
	if err != nil {
		t.Fatal(err)
	}
	out := bufio.NewWriter(folder.journal)
	for _, s := range testRun(plan).Samples {
		s.Costs[LatencyP99], s.Costs[Voluntary], s.Costs[Involuntary] = 2*s.Costs[Wall], 38, 9
		s.Costs[PeakInFlight], s.Costs[Setup], s.NotMeasured = 8, 4176, nil
		s.Answer = fmt.Sprintf("%032x", s.Seq)
		text, err := encodeLine(kindSample, s)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := out.Write(text); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(out.Flush(), folder.Close()); err != nil {
		t.Fatal(err)
	}
	return dir
}

// BenchmarkJudge100k reads a run of 100,000 samples, judges it and writes
// bench.txt. The metric peak-RSS-MB is the high-water mark of the process, which
// holds the program as well; it is right if the benchmark runs by itself:
//
//	go test -run '^$' -bench Judge100k -benchtime 3x ./results
//
// What the report adds to it, BenchmarkReport100k of cmd/compare/cli measures.
func BenchmarkJudge100k(b *testing.B) {
	dir := recordLarge(b)
	debug.FreeOSMemory()
	// This sets the high-water mark back to what is used now, on Linux. Other
	// systems have no such file, and no mark to read below.
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0)
	b.ReportAllocs()
	for b.Loop() {
		run, err := Load(dir)
		if err != nil {
			b.Fatal(err)
		}
		if a := Analyze(run); len(a.Samples) != 100_000 || a.Family != 75 || a.RoundsDone != 1000 {
			b.Fatalf("%d samples, family %d, %d rounds", len(a.Samples), a.Family, a.RoundsDone)
		}
		if err := WriteBenchFile(run); err != nil {
			b.Fatal(err)
		}
	}
	if peak, known := peakMB(); known {
		b.ReportMetric(peak, "peak-RSS-MB")
	}
}

// peakMB is the high-water mark of this process's resident memory.
func peakMB() (float64, bool) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, false
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	number, _, found := strings.Cut(strings.TrimSpace(rest), " kB")
	kilobytes, err := strconv.ParseFloat(number, 64)
	return kilobytes * 1024 / 1e6, found && err == nil
}
