package results

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Every resumption comes back in its place, and what another build or machine
// measured is a warning for good.
func TestResumptions(t *testing.T) {
	plan := testPlan(4)
	whole := testRun(plan).Samples
	perRound := len(whole) / 4
	same := Resumption{Time: plan.Started, Build: plan.Build, Host: plan.Host}
	build, host := same, same
	build.Build.BinarySHA256 = "11"
	host.Host.CPUs = 64
	run := testRun(plan)
	run.Samples, run.Timelines = whole[:perRound], nil
	dir := record(t, run)
	for i, r := range []Resumption{same, build, host} {
		folder, _, err := Resume(dir)
		if err != nil {
			t.Fatal(err)
		}
		if err := folder.AppendResumed(r); err != nil {
			t.Fatal(err)
		}
		for _, s := range whole[(i+1)*perRound : (i+2)*perRound] {
			if err := folder.Append(s); err != nil {
				t.Fatal(err)
			}
		}
		if err := folder.Close(); err != nil {
			t.Fatal(err)
		}
	}
	same.After, build.After, host.After = perRound, 2*perRound, 3*perRound
	got := mustLoad(t, dir)
	if diff := cmp.Diff([]Resumption{same, build, host}, got.Resumed); diff != "" || len(got.Problems) > 0 {
		t.Errorf("%v %s", got.Problems, diff)
	}
	warning := Analyze(got).Warnings[0]
	if warning.Code != WarnResumed || !strings.Contains(warning.Text, "in round 3 it was measured by another build of this program (11… with go1.26.8; it was begun by 00…") ||
		!strings.Contains(warning.Text, "from round 4 on it was measured on another machine or one set up otherwise (the number of CPUs is 2 and 64: first as it was begun)") {
		t.Errorf("the first warning is %+v", warning)
	}
	got.Resumed = got.Resumed[:1]
	if slices.ContainsFunc(Analyze(got).Warnings, func(w Warning) bool { return w.Code == WarnResumed }) {
		t.Error("the same build on the same machine is warned of")
	}
}

func TestResumeRefusesAnOlderSchema(t *testing.T) {
	dir := record(t, testRun(testPlan(1)))
	for _, name := range []string{planFile, journalFile} {
		path := filepath.Join(dir, name)
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		old := strings.Replace(string(text), `"schema": 2`, `"schema": 1`, 1)
		if name == journalFile {
			plan, err := os.ReadFile(filepath.Join(dir, planFile))
			if err != nil {
				t.Fatal(err)
			}
			first, err := encodeLine(kindJournal, header{1, testPlan(1).RunID, checksum(plan)})
			if err != nil {
				t.Fatal(err)
			}
			_, rest, _ := strings.Cut(old, "\n")
			old = string(first) + rest
		}
		writeFile(t, path, []byte(old))
	}
	if run := mustLoad(t, dir); len(run.Problems) > 0 {
		t.Fatal(run.Problems)
	}
	if _, _, err := Resume(dir); err == nil || !strings.Contains(err.Error(), "schema 1 and this program writes 2") {
		t.Errorf("got %v", err)
	}
}

// syncs is a journal that writes down when it is written and synced.
type syncs struct {
	*os.File
	calls []string
}

func (s *syncs) Write(text []byte) (int, error) {
	s.calls = append(s.calls, "write")
	return s.File.Write(text)
}

func (s *syncs) Sync() error {
	s.calls = append(s.calls, "sync")
	return s.File.Sync()
}

// A record is written in one piece and is on disk when Append returns: nothing is
// left to be written while the next sample is measured.
func TestAppendSyncsBeforeItReturns(t *testing.T) {
	run := testRun(testPlan(1))
	folder, err := Create(filepath.Join(t.TempDir(), "run"), run.Plan)
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	file := &syncs{File: folder.journal.(*os.File)}
	folder.journal = file
	for what, appended := range map[string]func() error{
		"sample":   func() error { return folder.Append(run.Samples[0]) },
		"timeline": func() error { return folder.AppendTimeline(run.Timelines[0]) },
		"end":      func() error { return folder.AppendEnd(End{Time: time.Unix(0, 0)}) },
		"resumed":  func() error { return folder.AppendResumed(Resumption{}) },
	} {
		file.calls = nil
		if err := appended(); err != nil || !slices.Equal(file.calls, []string{"write", "sync"}) {
			t.Errorf("%s: %v, %v", what, file.calls, err)
		}
	}
}
