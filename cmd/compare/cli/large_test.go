package cli

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"juggle/results"
)

// BenchmarkReport100k is "compare report" of a run of 100,000 samples: it reads
// and judges them and writes bench.txt, the figures and both reports, each time
// without anything that the last one left in memory, as the command does. The
// metric peak-RSS-MB is the high-water mark of the process; it is right if the
// benchmark runs by itself:
//
//	go test -run '^$' -bench Report100k -benchtime 3x ./cmd/compare/cli
func BenchmarkReport100k(b *testing.B) {
	dir := recordLarge(b)
	e := &environment{stdout: io.Discard, stderr: io.Discard}
	debug.FreeOSMemory()
	// This sets the high-water mark back to what is used now, on Linux. Other
	// systems have no such file, and no mark to read below.
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0)
	for b.Loop() {
		if err := e.report(b.Context(), dir); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		debug.FreeOSMemory()
		b.StartTimer()
	}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	number, _, _ := strings.Cut(strings.TrimSpace(rest), " kB")
	if kilobytes, err := strconv.ParseFloat(number, 64); err == nil {
		b.ReportMetric(kilobytes*1024/1e6, "peak-RSS-MB")
	}
}

// recordLarge writes a run of 25 rows of 4 cells and 1,000 rounds. It writes the
// journal by itself, as a Folder syncs each line, which would take minutes.
func recordLarge(b *testing.B) (dir string) {
	plan := results.Plan{
		Schema: results.Schema, RunID: "large", Rounds: 1000, BudgetSeconds: 1, DeadlineSeconds: 1, BaseModel: "sequential",
	}
	for i := range 25 {
		row := results.Row{Workload: "sleepers", Params: fmt.Sprint("tasks=8,pause=", i), Group: "I/O-bound", Tasks: 8}
		for _, model := range []string{"sequential", "goroutines", "eventloop", "processpool"} {
			row.Cells = append(row.Cells, results.PlannedCell{Model: model, Role: results.RoleModel, Against: "sequential"})
		}
		row.Cells[0].Against = ""
		plan.Rows = append(plan.Rows, row)
	}
	dir = filepath.Join(b.TempDir(), "large")
	folder, err := results.Create(dir, plan)
	if err != nil {
		b.Fatal(err)
	}
	journal, err := os.OpenFile(filepath.Join(dir, "samples.jsonl"), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		b.Fatal(err)
	}
	out := bufio.NewWriter(journal)
	for seq := range 100_000 {
		raw, err := json.Marshal(largeSample(&plan, seq))
		if err != nil {
			b.Fatal(err)
		}
		fmt.Fprintf(out, "{\"crc32c\":\"%08x\",\"sample\":%s}\n", crc32.Checksum(raw, crc32.MakeTable(crc32.Castagnoli)), raw)
	}
	if err := errors.Join(out.Flush(), journal.Close(), folder.Close()); err != nil {
		b.Fatal(err)
	}
	return dir
}

// largeSample is a sample with as many costs as a real one, whose wall time
// scatters by a few per cent.
func largeSample(plan *results.Plan, seq int) results.Sample {
	row, cell := &plan.Rows[seq/4%25], seq%4
	wall := float64(1_000_000*(cell+1) + seq*7919%50_000)
	costs := make(results.Costs)
	for i, m := range results.Metrics() {
		costs[m.Unit] = wall / float64(i+1)
	}
	return results.Sample{
		Seq: seq, Round: seq / 100, Place: seq % 100,
		Cell:    results.Cell{Workload: row.Workload, Params: row.Params, Model: row.Cells[cell].Model},
		Started: time.Unix(int64(seq), 0).UTC(), Answer: "a1b2", Costs: costs,
	}
}
