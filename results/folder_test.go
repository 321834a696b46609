package results

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestARunComesBackAsWritten(t *testing.T) {
	run := testRun(testPlan(2))
	run.Samples[4].NotMeasured = map[string]string{FixtureCPU: "there is no fixture", "own-unit": "<no> \u202e"}
	fail(&run.Samples[3], FailCrash, "exit status 2\nand \"more\" <html> \u202e")
	run.Dir = record(t, run)
	for _, path := range []string{"", planFile, journalFile} {
		got := mustLoad(t, filepath.Join(run.Dir, path))
		if diff := cmp.Diff(run, got, told); diff != "" {
			t.Errorf("loading %q: %s", path, diff)
		}
	}
	folder, got, err := Resume(run.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(run, got, told); diff != "" || folder.Dir() != run.Dir {
		t.Errorf("resuming %s: %s", folder.Dir(), diff)
	}
	if err := folder.Close(); err != nil {
		t.Fatal(err)
	}
	if names := namesIn(t, run.Dir); !slices.Equal(names, []string{planFile, journalFile}) {
		t.Errorf("the folder holds %v", names)
	}
}

func namesIn(t testing.TB, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestCreateRefusesAFolderWithContent(t *testing.T) {
	dir := t.TempDir()
	old := filepath.Join(dir, "old.txt")
	if err := os.WriteFile(old, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Create(dir, testPlan(1)); err == nil || !strings.Contains(err.Error(), "old.txt") || !strings.Contains(err.Error(), "-out") {
		t.Errorf("got %v", err)
	}
	if names := namesIn(t, dir); !slices.Equal(names, []string{"old.txt"}) {
		t.Errorf("the folder holds %v", names)
	}
	// A folder below a file cannot be made, not even by root.
	if _, err := Create(filepath.Join(old, "run"), testPlan(1)); err == nil || !strings.Contains(err.Error(), old) {
		t.Errorf("below a file: %v", err)
	}
}

func TestInvalidPlans(t *testing.T) {
	for want, spoil := range map[string]func(*Plan){
		"schema 0":                func(p *Plan) { p.Schema = 0 },
		"run_id":                  func(p *Plan) { p.RunID = "" },
		"0 rounds":                func(p *Plan) { p.Rounds = 0 },
		"10001 rounds":            func(p *Plan) { p.Rounds = maxRounds + 1 },
		"budget_seconds":          func(p *Plan) { p.BudgetSeconds = 0 },
		"sample_deadline_seconds": func(p *Plan) { p.DeadlineSeconds = math.NaN() },
		"no rows":                 func(p *Plan) { p.Rows = nil },
		"-1 tasks":                func(p *Plan) { p.Rows[0].Tasks = -1 },
		"twice":                   func(p *Plan) { p.Rows[0].Cells[1].Model = "sequential" },
		"law":                     func(p *Plan) { p.Rows[0].Cells[0].Predicted.WaitSeconds = math.Inf(1) },
		"10000 cells": func(p *Plan) {
			for i := range maxCells {
				p.Rows[1].Cells = append(p.Rows[1].Cells, PlannedCell{Model: strings.Repeat("m", i/100) + strings.Repeat("n", i%100) + "x"})
			}
		},
	} {
		plan := testPlan(1)
		spoil(&plan)
		dir := filepath.Join(t.TempDir(), "run")
		if _, err := Create(dir, plan); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", want, err)
		}
		if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: the folder was made: %v", want, err)
		}
	}
}

func TestLoadNamesFileAndLineOfABadPlan(t *testing.T) {
	good, err := os.ReadFile(filepath.Join(record(t, testRun(testPlan(1))), planFile))
	if err != nil {
		t.Fatal(err)
	}
	for old, c := range map[string]struct {
		text string
		line int
	}{
		`"seed": 7`:             {`"seed": 7,`, 6},
		`"rounds": 1`:           {`"rounds": "1"`, 7},
		`"budget_seconds": 60`:  {`"budget_seconds": 1e999`, 8},
		`"tier": "quick"`:       {`"tier": "quick", "speed": 1`, 1},
		`"schema": 2`:           {`"schema": 0`, 1},
		`"base_model": "sequen`: {``, 10},
	} {
		text := strings.Replace(string(good), old, c.text, 1)
		if text == string(good) {
			t.Fatalf("the plan has no %s", old)
		}
		if c.text == "" {
			text, _, _ = strings.Cut(string(good), old)
		}
		_, err := decodePlan("plan.json", []byte(text))
		problem := Problem{}
		if !errors.As(err, &problem) || problem.File != "plan.json" || problem.Line != c.line {
			t.Errorf("%s instead of %s: %v, want line %d", c.text, old, err, c.line)
		}
	}
}

func TestLoadWithoutAPlanOrAJournal(t *testing.T) {
	dir := t.TempDir()
	if _, err := Load(dir); err == nil || !strings.Contains(err.Error(), dir) || !strings.Contains(err.Error(), planFile) {
		t.Errorf("an empty folder: %v", err)
	}
	run := record(t, testRun(testPlan(1)))
	if err := os.Remove(filepath.Join(run, journalFile)); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(run); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), journalFile) {
		t.Errorf("without a journal: %v", err)
	}
	if _, _, err := Resume(run); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("resuming without a journal: %v", err)
	}
	if err := os.WriteFile(filepath.Join(run, planFile), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if problem := (Problem{}); !errors.As(func() error { _, err := Load(run); return err }(), &problem) {
		t.Error("an empty plan is loaded")
	}
	huge := filepath.Join(run, planFile)
	if err := os.Truncate(huge, maxPlan+1); err != nil { // sparse
		t.Fatal(err)
	}
	if _, err := Load(run); err == nil || !strings.Contains(err.Error(), "no plan") {
		t.Errorf("a huge plan: %v", err)
	}
}

func TestNewerSchemas(t *testing.T) {
	dir := record(t, testRun(testPlan(1)))
	spoil := map[string]func(string) string{
		planFile: func(text string) string {
			return strings.Replace(text, `"schema": 2,`, `"schema": 3, "colour": "blue",`, 1)
		},
		journalFile: func(text string) string {
			_, rest, _ := strings.Cut(text, "\n")
			line, err := encodeLine("journal", map[string]any{"schema": 3, "run_id": "20261102-093000", "colour": "blue"})
			if err != nil {
				t.Fatal(err)
			}
			return string(line) + rest
		},
	}
	for name, change := range spoil {
		path := filepath.Join(dir, name)
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(change(string(text))), 0o644); err != nil {
			t.Fatal(err)
		}
		_, _, resumed := Resume(dir)
		_, loaded := Load(dir)
		for _, err := range []error{resumed, loaded} {
			newer := (*VersionError)(nil)
			if !errors.As(err, &newer) || newer.File != path || newer.Schema != 3 || !strings.Contains(err.Error(), "update juggle") {
				t.Errorf("%s: %v", name, err)
			}
		}
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	mustLoad(t, dir)
}

func TestReplaceFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "REPORT.md")
	for _, text := range []string{"old", "new and longer", ""} {
		if err := ReplaceFile(path, []byte(text)); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != text {
			t.Errorf("%q, %v, want %q", got, err, text)
		}
	}
	if names := namesIn(t, dir); !slices.Equal(names, []string{"REPORT.md"}) {
		t.Errorf("the folder holds %v", names)
	}
	// A folder with content cannot be replaced by a file on any system.
	taken := filepath.Join(dir, "taken")
	if err := os.MkdirAll(filepath.Join(taken, "inside"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := ReplaceFile(taken, []byte("text")); err == nil || !strings.Contains(err.Error(), taken) {
		t.Errorf("replacing a folder: %v", err)
	}
	if names := namesIn(t, dir); !slices.Equal(names, []string{"REPORT.md", "taken"}) {
		t.Errorf("the folder holds %v", names)
	}
	if err := ReplaceFile(filepath.Join(path, "below"), nil); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("a file below a file: %v", err)
	}
}

// FuzzPlan holds that a plan that is read can be written and read again.
func FuzzPlan(f *testing.F) {
	good, err := os.ReadFile(filepath.Join(record(f, testRun(testPlan(1))), planFile))
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{string(good), "", "{}", "null", "[]", `{"schema":1}`, `{"schema":9}`, `{"schema":1,"rounds":1e999}`, string(good) + "x"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		plan, err := decodePlan("plan.json", text)
		if err != nil {
			newer, problem := (*VersionError)(nil), Problem{}
			if !errors.As(err, &newer) && !(errors.As(err, &problem) && problem.Line > 0) {
				t.Fatalf("an error of no place: %v", err)
			}
			return
		}
		first, err := json.Marshal(plan)
		if err != nil {
			return // a year that JSON's form of times cannot hold
		}
		again, err := decodePlan("plan.json", first)
		if err != nil {
			t.Fatal(err)
		}
		if second, err := json.Marshal(again); err != nil || !bytes.Equal(first, second) {
			t.Fatalf("%v: it comes back as\n%s\nafter\n%s", err, second, first)
		}
		Analyze(&Run{Plan: *plan})
	})
}
