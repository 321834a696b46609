package cli

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"juggle/harness"
	"juggle/results"
)

// stopper is a stderr that interrupts when it sees a text.
type stopper struct {
	bytes.Buffer
	at        string
	interrupt context.CancelCauseFunc
}

func (s *stopper) Write(text []byte) (int, error) {
	n, err := s.Buffer.Write(text)
	if s.at != "" && strings.Contains(s.String(), s.at) {
		s.interrupt(errInterrupted)
	}
	return n, err
}

// compareUntil carries out a command line that is interrupted when it prints a
// text, or never for "".
func compareUntil(t *testing.T, at string, args ...string) (code int, stdout, stderr string) {
	ctx, interrupt := context.WithCancelCause(t.Context())
	defer interrupt(nil)
	var out bytes.Buffer
	errs := &stopper{at: at, interrupt: interrupt}
	code = run(ctx, testTable, args, &out, errs)
	return code, out.String(), errs.String()
}

func smallRun(dir string) []string {
	return []string{"run", "-rounds", "2", "-models", "sequential,goroutines", "-out", dir, "small"}
}

// An interrupt keeps everything and says how to go on, whatever the run is doing.
func TestInterruptInEachPhase(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	goOn := "compare: interrupted; every finished sample is kept in " + dir + "; go on with: compare resume " + dir + "\n"
	for _, phase := range []struct {
		at   string
		args []string
		ends bool
	}{
		{"results go to", smallRun(dir), false},
		{"round 1: ", []string{"resume", dir}, false},
		{"recording ", []string{"resume", dir}, true},
		{"that was the plan", []string{"resume", dir}, true},
	} {
		code, _, stderr := compareUntil(t, phase.at, phase.args...)
		if code != exitInterrupted || !strings.HasSuffix(stderr, goOn) {
			t.Fatalf("interrupted at %q: exit code %d and\n%s", phase.at, code, stderr)
		}
		if loaded, err := results.Load(dir); err != nil || len(loaded.Problems) > 0 || (loaded.Ended != nil) != phase.ends {
			t.Fatalf("interrupted at %q: %v, %+v", phase.at, err, loaded)
		}
		if _, err := os.Stat(filepath.Join(dir, "report.html")); err == nil {
			t.Fatalf("interrupted at %q, it has a report", phase.at)
		}
	}
	code, stdout, stderr := compareUntil(t, "", "resume", dir)
	if code != exitRight || !strings.Contains(stdout, "report: ") {
		t.Errorf("resumed: %d\n%s", code, stderr)
	}
	if loaded, err := results.Load(dir); err != nil || len(loaded.Samples) != 2*len(harness.Order(&loaded.Plan, 0)) || len(loaded.Resumed) != 4 {
		t.Errorf("%v, %+v", err, loaded)
	}
}

// While a run is measured, no other compare goes on with it or begins one there.
func TestTwoComparesOnOneFolder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	if code, _, stderr := compareUntil(t, "round 1: ", smallRun(dir)...); code != exitInterrupted {
		t.Fatalf("%d\n%s", code, stderr)
	}
	folder, _, err := results.Resume(dir)
	if err != nil {
		t.Fatal(err)
	}
	before := readAll(t, dir)
	for want, args := range map[string][]string{
		"another compare measures into this folder: wait until it has ended\n": {"resume", dir},
		"holds something already": smallRun(dir),
	} {
		if code, _, stderr := compareUntil(t, "", args...); code != exitFailed || !strings.Contains(stderr, want) {
			t.Errorf("%v: %d\n%s", args, code, stderr)
		}
	}
	if after := readAll(t, dir); after != before {
		t.Errorf("the folder was\n%s\nand is\n%s", before, after)
	}
	if err := folder.Close(); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := compareUntil(t, "", "resume", dir); code != exitRight {
		t.Errorf("afterwards: %d\n%s", code, stderr)
	}
}

func readAll(t *testing.T, dir string) (all string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all += e.Name() + "\n" + string(text)
	}
	return all
}

// measuring is an Executor that looks at the journal while it "measures".
type measuring struct {
	t       *testing.T
	journal string
	taken   int
}

// Sample finds all samples before it in the journal.
func (m *measuring) Sample(_ context.Context, s harness.Step, _ time.Duration) (results.Sample, error) {
	text, err := os.ReadFile(m.journal)
	if err != nil {
		return results.Sample{}, err
	}
	if n := bytes.Count(text, []byte(`,"sample":{`)); n != m.taken || !bytes.HasSuffix(text, []byte("\n")) {
		m.t.Errorf("while sample %d is measured, the journal has %d", m.taken, n)
	}
	m.taken++
	return results.Sample{Cell: s.Cell, Answer: "a", Costs: results.Costs{results.Wall: 1}}, nil
}

// The journal is written and synced before the next sample's process starts, so
// never while one measures: that Append is on disk when it returns is tested in
// results, and that the process has ended when Sample returns in harness.
func TestJournalIsWrittenBetweenSamples(t *testing.T) {
	plan, err := harness.NewPlan(harness.Options{Table: testTable, Workloads: []string{"small"}, Rounds: 3})
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "run")
	folder, err := results.Create(dir, *plan)
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	m := &measuring{t: t, journal: filepath.Join(dir, "samples.jsonl")}
	ending := harness.Run(t.Context(), plan, nil, m, time.Now, &journal{folder: folder})
	if ending.Err != nil || m.taken != 3*len(harness.Order(plan, 0)) {
		t.Errorf("%+v after %d samples", ending, m.taken)
	}
}
