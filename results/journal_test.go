package results

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// smallRun has a short journal, so that every byte of it can be damaged.
func smallRun() *Run {
	plan := testPlan(2)
	plan.Rows = plan.Rows[1:]
	plan.Rows[0].Cells = plan.Rows[0].Cells[:2]
	run := testRun(plan)
	for i := range run.Samples {
		s := &run.Samples[i]
		s.Costs, s.NotMeasured = map[string]float64{Wall: s.Costs[Wall], PeakRSS: 12345678}, nil
	}
	return run
}

func writeFile(t testing.TB, path string, text []byte) {
	t.Helper()
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
}

// A damagedJournal is a run whose journal is damaged in many ways, one after the
// other.
type damagedJournal struct {
	run  *Run
	dir  string
	good []byte
}

func newDamagedJournal(t *testing.T) *damagedJournal {
	run := smallRun()
	run.Samples = run.Samples[:2]
	d := &damagedJournal{run: run, dir: record(t, run)}
	var err error
	if d.good, err = os.ReadFile(filepath.Join(d.dir, journalFile)); err != nil {
		t.Fatal(err)
	}
	return d
}

// original tells whether a sample is one of those that were written.
func (d *damagedJournal) original(s Sample) bool {
	return s.Seq >= 0 && s.Seq < len(d.run.Samples) && reflect.DeepEqual(s, d.run.Samples[s.Seq])
}

// check loads and resumes the journal with this text, appends what it lost, and
// loads it again. It tells whether it was torn, and how many problems are left.
func (d *damagedJournal) check(t *testing.T, text []byte) (torn bool, left []Problem) {
	t.Helper()
	path := filepath.Join(d.dir, journalFile)
	writeFile(t, path, text)
	loaded := mustLoad(t, d.dir)
	complete := len(loaded.Samples) == len(d.run.Samples) && len(loaded.Timelines) == 1
	for _, s := range loaded.Samples {
		if !d.original(s) {
			t.Fatalf("a sample was changed: %+v", s)
		}
	}
	for _, l := range loaded.Timelines {
		if !reflect.DeepEqual(l, d.run.Timelines[0]) {
			t.Fatalf("a timeline was changed: %+v", l)
		}
	}
	for _, p := range loaded.Problems {
		if p.File != path || p.Line < 1 || p.Text == "" {
			t.Fatalf("a problem without a place: %+v", p)
		}
	}
	if cut := bytes.HasPrefix(d.good, text) && bytes.HasSuffix(text, []byte("\n")); !complete && !cut && len(loaded.Problems) == 0 {
		t.Fatal("samples are missing without a word")
	}
	folder, run, err := Resume(d.dir)
	if err != nil {
		t.Fatal(err)
	}
	torn = d.checkKept(t, text, run.Problems)
	if diff := cmp.Diff(loaded.Samples, run.Samples); diff != "" {
		t.Fatalf("Resume reads other samples than Load: %s", diff)
	}
	d.goOn(t, folder, run)
	mended := mustLoad(t, d.dir)
	if len(mended.Samples) != len(d.run.Samples) || len(mended.Timelines) != 1 {
		t.Fatalf("%d samples and %d timelines after going on: %v", len(mended.Samples), len(mended.Timelines), mended.Problems)
	}
	return torn, mended.Problems
}

// checkKept checks and removes the copy of a torn journal.
func (d *damagedJournal) checkKept(t *testing.T, text []byte, problems []Problem) bool {
	t.Helper()
	kept := filepath.Join(d.dir, journalFile+".damaged-1")
	copied, err := os.ReadFile(kept)
	if errors.Is(err, os.ErrNotExist) {
		return false
	}
	if err != nil || !bytes.Equal(copied, text) {
		t.Fatalf("the copy of the damaged journal: %v, %q, want %q", err, copied, text)
	}
	if err := os.Remove(kept); err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(problems, func(p Problem) bool { return strings.Contains(p.Text, kept) }) {
		t.Fatalf("no problem names %s: %v", kept, problems)
	}
	return true
}

// goOn appends what a journal has lost.
func (d *damagedJournal) goOn(t *testing.T, folder *Folder, known *Run) {
	t.Helper()
	for _, s := range d.run.Samples {
		if slices.ContainsFunc(known.Samples, func(k Sample) bool { return k.Seq == s.Seq }) {
			continue
		}
		if err := folder.Append(s); err != nil {
			t.Fatal(err)
		}
	}
	if len(known.Timelines) == 0 {
		if err := folder.AppendTimeline(d.run.Timelines[0]); err != nil {
			t.Fatal(err)
		}
	}
	if err := folder.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestAJournalCutAnywhere(t *testing.T) {
	d := newDamagedJournal(t)
	for n := range d.good {
		torn, left := d.check(t, d.good[:n])
		if whole := n == 0 || d.good[n-1] == '\n'; torn == whole {
			t.Errorf("cut to %d bytes: torn %t", n, torn)
		}
		if len(left) > 0 {
			t.Errorf("cut to %d bytes: after resuming %v", n, left)
		}
	}
}

func TestAJournalWithOneBitFlipped(t *testing.T) {
	d := newDamagedJournal(t)
	for i := range d.good {
		text := bytes.Clone(d.good)
		text[i] ^= 1 << (i % 8)
		torn, left := d.check(t, text)
		// In the last line the damage is cut off; above it, it stays and is
		// told of each time.
		last := i >= bytes.LastIndexByte(d.good[:len(d.good)-1], '\n')
		if !last && len(left) == 0 || last && (!torn || len(left) > 0) {
			t.Fatalf("bit %d of byte %d: torn %t, after resuming %v", i%8, i, torn, left)
		}
	}
}

// The other bits of every byte, in memory.
func TestNoFlippedBitChangesANumber(t *testing.T) {
	d := newDamagedJournal(t)
	for bit := range 8 * len(d.good) {
		text := bytes.Clone(d.good)
		text[bit/8] ^= 1 << (bit % 8)
		j, err := readJournal("j", bytes.NewReader(text), &d.run.Plan)
		if err != nil {
			t.Fatalf("bit %d: %v", bit, err)
		}
		if len(j.problems) == 0 {
			t.Fatalf("bit %d is not noticed", bit)
		}
		for _, s := range j.samples {
			if !d.original(s) {
				t.Fatalf("bit %d changed a sample: %+v", bit, s)
			}
		}
	}
}

// Resuming again and again keeps every damaged journal.
func TestDamagedJournalsAreAllKept(t *testing.T) {
	d := newDamagedJournal(t)
	path := filepath.Join(d.dir, journalFile)
	for n := 1; n <= 3; n++ {
		writeFile(t, path, fmt.Appendf(bytes.Clone(d.good), "torn %d\n{", n))
		folder, run, err := Resume(d.dir)
		if err != nil {
			t.Fatal(err)
		}
		if err := folder.Close(); err != nil {
			t.Fatal(err)
		}
		// Two lines are bad; the first of them says where it was cut.
		if len(run.Problems) != 2 || !strings.Contains(run.Problems[0].Text, fmt.Sprintf("damaged-%d", n)) || strings.Contains(run.Problems[1].Text, "cut before") {
			t.Errorf("%v", run.Problems)
		}
	}
	if got, want := namesIn(t, d.dir), []string{planFile, journalFile, journalFile + ".damaged-1", journalFile + ".damaged-2", journalFile + ".damaged-3"}; !slices.Equal(got, want) {
		t.Errorf("the folder holds %v", got)
	}
}

// lineWith is a whole line, its checksum right, with this JSON as its record.
func lineWith(kind, record string) string {
	return fmt.Sprintf("{\"crc32c\":%q,%q:%s}\n", checksum([]byte(record)), kind, record)
}

// Lines whose checksum is right and whose content is not. All stand in line 3,
// below the header and a good sample.
func TestLinesThatCannotBeUsed(t *testing.T) {
	run := smallRun()
	plan := &run.Plan
	head, err := encodeLine("journal", header{Schema, plan.RunID, ""})
	if err != nil {
		t.Fatal(err)
	}
	sample := func(seq, round int, model, costs string) string {
		return lineWith("sample", fmt.Sprintf(`{"seq":%d,"round":%d,"place":0,"workload":"primes","params":"upto=1000","model":%q,"started":"2026-11-02T09:30:00Z",%s}`, seq, round, model, costs))
	}
	const costs = `"costs":{"ns/op":5}`
	first := sample(0, 0, "goroutines", costs)
	for bad, want := range map[string]string{
		sample(0, 1, "goroutines", costs):                                                "seq 0",
		sample(1, 0, "goroutines", costs):                                                "stands above",
		sample(1, 0, "eventloop", costs):                                                 "no cell",
		sample(1, -1, "sequential", costs):                                               "round -1",
		sample(1, 2, "sequential", costs):                                                "round 2",
		sample(-1, 1, "sequential", costs):                                               "negative",
		sample(1, 1, "sequential", `"costs":{"ns/op":-5}`):                               "ns/op is -5",
		sample(1, 1, "sequential", `"costs":{"ns/op":1e999}`):                            "1e999",
		sample(1, 1, "sequential", `"costs":{"ns/op":5,"B/op":1e300}`):                   "B/op is 1e+300",
		sample(1, 1, "sequential", `"costs":{"ns/op":1e-320}`):                           "neither",
		sample(1, 1, "sequential", `"costs":{}`):                                         "neither",
		sample(1, 1, "sequential", costs+`,"speed":1`):                                   "speed",
		sample(1, 1, "sequential", costs+`,"place":1.5`):                                 "1.5",
		lineWith("sample", `null`):                                                       "no cell",
		lineWith("timeline", `{"wall_ns":-1,"lanes":null}`):                              "-1 ns",
		lineWith("timeline", `{"lanes":[{"spans":[{"state":"flying"}]}]}`):               "no known state",
		lineWith("timeline", `{"lanes":[{"spans":[{"from_ns":5,"to_ns":4}]}]}`):          "out of order",
		lineWith("journal", `{"schema":1,"run_id":"20261102-093000"}`):                   "header",
		lineWith("journal", `{"schema":1,"run_id":"another"}`):                           "header",
		lineWith("colour", `"blue"`):                                                     "colour",
		`{"crc32c":"00000000"}` + "\n":                                                   "altered",
		strings.Replace(sample(1, 1, "sequential", costs), `{"crc32c"`, `{ "crc32c"`, 1): "altered",
		strings.Replace(sample(1, 1, "sequential", costs), "}\n", "} \n", 1):             "altered",
		strings.Replace(sample(1, 1, "sequential", costs), "}\n", "}{}\n", 1):            "altered",
		strings.Replace(first, "\n", "\r\n", 1):                                          "altered",
		"\n":                                                                             "no line",
		"\x00\x00\x00\x00\n":                                                             "no line",
	} {
		j, err := readJournal("j.jsonl", strings.NewReader(string(head)+first+bad), plan)
		if err != nil {
			t.Fatal(err)
		}
		if len(j.samples) != 1 || len(j.timelines) != 0 || len(j.problems) != 1 || !j.torn {
			t.Errorf("%s gives %d samples, %d timelines, problems %v", bad, len(j.samples), len(j.timelines), j.problems)
			continue
		}
		p := j.problems[0]
		if p.File != "j.jsonl" || p.Line != 3 || !strings.Contains(p.Text, want) || !strings.HasPrefix(p.Error(), "j.jsonl:3: ") {
			t.Errorf("%s gives %q, want %q in line 3", bad, p.Error(), want)
		}
	}
}

func TestFirstLines(t *testing.T) {
	run := smallRun()
	var lines []string
	for i, s := range run.Samples[:2] {
		text, err := encodeLine("sample", s)
		if err != nil {
			t.Fatal(i, err)
		}
		lines = append(lines, string(text))
	}
	for head, want := range map[string]string{
		"": "header", // the first sample stands there instead
		lineWith("journal", `{"schema":1,"run_id":"another"}`):                         "another",
		lineWith("journal", `{"schema":0,"run_id":"20261102-093000"}`):                 "schema 0",
		lineWith("journal", `{"schema":1,"run_id":"20261102-093000","colour":"blue"}`): "colour",
		lineWith("journal", `{"schema":1,"run_id":"20261102-093000"}`)[1:]:             "no line",
	} {
		j, err := readJournal("j", strings.NewReader(head+lines[0]+lines[1]), &run.Plan)
		if err != nil || len(j.problems) != 1 || j.problems[0].Line != 1 || !strings.Contains(j.problems[0].Text, want) {
			t.Errorf("%q: %v, %+v", head, err, j)
		}
	}
	j, err := readJournal("j", strings.NewReader(""), &run.Plan)
	if err != nil || len(j.problems) != 1 || j.problems[0].Line != 1 || !strings.Contains(j.problems[0].Text, "empty") {
		t.Errorf("an empty file: %v, %+v", err, j)
	}
}

func TestAFailingReaderIsAnError(t *testing.T) {
	broken := errors.New("the disk is broken")
	run := smallRun()
	if _, err := readJournal("j", iotest.ErrReader(broken), &run.Plan); !errors.Is(err, broken) || !strings.Contains(err.Error(), "line 1") {
		t.Errorf("got %v", err)
	}
}

// endless gives n times the letter a and then a line feed and the word next.
type endless struct{ n int64 }

func (e *endless) Read(p []byte) (int, error) {
	if e.n == 0 {
		e.n = -1
		return copy(p, "\nnext"), nil
	}
	if e.n < 0 {
		return 0, io.EOF
	}
	p = p[:min(int64(len(p)), e.n)]
	for i := range p {
		p[i] = 'a'
	}
	e.n -= int64(len(p))
	return len(p), nil
}

// A line of 128 MiB takes the memory of the limit and is left out; the next
// one is read.
func TestAnOverlongLineTakesLittleMemory(t *testing.T) {
	const size, limit = 1 << 27, 1 << 18
	r := bufio.NewReaderSize(&endless{size}, 64<<10)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	text, length, err := readLine(r, limit)
	runtime.ReadMemStats(&after)
	if text != nil || length != size+1 || err != nil {
		t.Errorf("%d bytes of a line with length %d, %v", len(text), length, err)
	}
	if took := after.TotalAlloc - before.TotalAlloc; took > 16*limit {
		t.Errorf("reading took %d bytes of memory, the limit is %d", took, limit)
	}
	if text, length, err := readLine(r, limit); string(text) != "next" || length != 4 || !errors.Is(err, io.EOF) {
		t.Errorf("then %q with length %d, %v", text, length, err)
	}
}

func TestAnOverlongLineIsAProblem(t *testing.T) {
	run := smallRun()
	good, err := os.ReadFile(filepath.Join(record(t, run), journalFile))
	if err != nil {
		t.Fatal(err)
	}
	head, rest, _ := bytes.Cut(good, []byte("\n"))
	text := io.MultiReader(bytes.NewReader(head), strings.NewReader("\n"), io.LimitReader(&endless{maxLine + 1}, maxLine+1), strings.NewReader("\n"), bytes.NewReader(rest))
	j, err := readJournal("j", text, &run.Plan)
	if err != nil {
		t.Fatal(err)
	}
	if len(j.problems) != 1 || j.problems[0].Line != 2 || !strings.Contains(j.problems[0].Text, "over") || j.torn {
		t.Errorf("problems %v", j.problems)
	}
	if diff := cmp.Diff(run.Samples, j.samples); diff != "" || j.good != int64(len(good))+maxLine+2 {
		t.Errorf("good to %d: %s", j.good, diff)
	}
}

// What could not be read again is not written.
func TestAppendRefuses(t *testing.T) {
	run := smallRun()
	next := run.Samples[3]
	run.Samples = run.Samples[:3]
	run.Dir = record(t, run)
	folder, _, err := Resume(run.Dir)
	if err != nil {
		t.Fatal(err)
	}
	s := next
	s.Answer = strings.Repeat("a", maxLine)
	if err := folder.Append(s); err == nil || !strings.Contains(err.Error(), "too long") {
		t.Errorf("a sample over the limit: %v", err)
	}
	s.Answer, s.Costs = "", map[string]float64{Wall: 1, PeakRSS: math.Inf(1)}
	if err := folder.Append(s); err == nil || !strings.Contains(err.Error(), "+Inf") {
		t.Errorf("an infinite cost: %v", err)
	}
	s.Costs = map[string]float64{UserCPU: 1}
	if err := folder.Append(s); err == nil || !strings.Contains(err.Error(), "neither") {
		t.Errorf("no wall time: %v", err)
	}
	s = next
	s.Model = "another"
	if err := folder.Append(s); err == nil || !strings.Contains(err.Error(), "no cell") {
		t.Errorf("a cell that is not in the plan: %v", err)
	}
	if err := folder.Append(run.Samples[0]); err == nil || !strings.Contains(err.Error(), "already") {
		t.Errorf("a sample a second time: %v", err)
	}
	if err := folder.AppendTimeline(Timeline{WallNS: -1}); err == nil || !strings.Contains(err.Error(), "-1 ns") {
		t.Errorf("a negative timeline: %v", err)
	}
	if err := folder.Close(); err != nil {
		t.Fatal(err)
	}
	if err := folder.Append(next); !errors.Is(err, os.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
	if diff := cmp.Diff(run, mustLoad(t, run.Dir), told); diff != "" {
		t.Error(diff)
	}
}

func TestProblemsAreBounded(t *testing.T) {
	run := smallRun()
	run.Dir = record(t, run)
	path := filepath.Join(run.Dir, journalFile)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, _ := bytes.Cut(good, []byte("\n"))
	writeFile(t, path, slices.Concat(head, bytes.Repeat([]byte("\n"), maxProblems+2), rest, []byte("torn")))
	folder, got, err := Resume(run.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := folder.Close(); err != nil {
		t.Fatal(err)
	}
	// The bad lines are the empty ones and the torn end, which is listed as well.
	if got.MoreProblems != 1 {
		t.Errorf("%d problems are said not to be listed", got.MoreProblems)
	}
	if w := Analyze(got).Warnings[0]; w.Code != WarnFile || !strings.Contains(w.Text, fmt.Sprint(maxProblems+2, " lines")) {
		t.Errorf("the warning is %+v", w)
	}
	last := got.Problems[len(got.Problems)-1]
	if len(got.Problems) != maxProblems+1 || last.Line != maxProblems+8 || !strings.Contains(last.Text, "damaged-1") || len(got.Samples) != 4 {
		t.Errorf("%d problems, %d samples, the last is %v", len(got.Problems), len(got.Samples), last)
	}
}

// FuzzJournal holds that no text makes the reader panic, that every loss has its
// problem, and that what was read can be judged.
func FuzzJournal(f *testing.F) {
	run := smallRun()
	good, err := os.ReadFile(filepath.Join(record(f, run), journalFile))
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{string(good), string(good[:len(good)/2]), "", "\n", "{}", "null\n", lineWith("sample", "{}"), lineWith("timeline", "null"), lineWith("journal", `{"schema":2}`)} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		j, err := readJournal("j", bytes.NewReader(text), &run.Plan)
		if newer := (*VersionError)(nil); err != nil {
			if !errors.As(err, &newer) {
				t.Fatal(err)
			}
			return
		}
		if j.good > int64(len(text)) || j.torn != (j.good < int64(len(text))) {
			t.Fatalf("good to byte %d of %d, torn %t", j.good, len(text), j.torn)
		}
		if j.torn && len(j.problems) == 0 || len(j.samples)+len(j.timelines)+len(j.problems) > max(1, j.lines) {
			t.Fatalf("%+v of %d lines", j, j.lines)
		}
		for _, p := range j.problems {
			if p.Line < 1 || p.File != "j" {
				t.Fatalf("%+v", p)
			}
		}
		Analyze(&Run{Plan: run.Plan, Samples: j.samples, Timelines: j.timelines, Problems: j.problems})
	})
}
