package results

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Names of the files of a run folder.
const (
	planFile    = "plan.json"
	journalFile = "samples.jsonl"
	benchFile   = "bench.txt"
)

// A Folder is a run that is being measured. It is for one goroutine at a time.
type Folder struct {
	dir     string
	journal *os.File
	size    int64
}

// A Run is what was read of a run's folder.
type Run struct {
	Dir       string
	Plan      Plan
	Samples   []Sample
	Timelines []Timeline
	// Problems say what could not be used, with file and line.
	Problems []Problem
}

// Create makes the folder of a new run, writes its plan, and opens its journal.
// It refuses a folder that holds anything, so that no old result is harmed. The
// caller closes the Folder.
func Create(dir string, plan Plan) (*Folder, error) {
	if err := plan.check(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("making the folder of the run: %w", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	if len(entries) > 0 {
		return nil, fmt.Errorf("%s holds something already (%s); name a new folder with -out", dir, entries[0].Name())
	}
	text, err := json.MarshalIndent(plan, "", "  ")
	if err != nil {
		return nil, err
	}
	if err := ReplaceFile(filepath.Join(dir, planFile), append(text, '\n')); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(filepath.Join(dir, journalFile), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return nil, err
	}
	f := &Folder{dir: dir, journal: file}
	if err := errors.Join(f.append("journal", header{Schema, plan.RunID}), syncFolder(dir)); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return f, nil
}

// Dir is the path of the folder.
func (f *Folder) Dir() string { return f.dir }

// Append adds a sample to the journal and returns when it is on disk. If it
// cannot be written whole, the journal is cut back to what it was.
func (f *Folder) Append(s Sample) error { return f.append("sample", s) }

// AppendTimeline adds a timeline in the same way.
func (f *Folder) AppendTimeline(t Timeline) error { return f.append("timeline", t) }

func (f *Folder) append(kind string, record any) error {
	text, err := encodeLine(kind, record)
	if err != nil {
		return err
	}
	if len(text) > maxLine {
		return fmt.Errorf("a %s of %d bytes is too long for the journal, whose lines have at most %d", kind, len(text), maxLine)
	}
	_, err = f.journal.WriteAt(text, f.size)
	if err == nil {
		err = f.journal.Sync()
	}
	if err != nil {
		cut := f.journal.Truncate(f.size)
		return errors.Join(fmt.Errorf("%w; every sample before this one is kept", err), cut)
	}
	f.size += int64(len(text))
	return nil
}

// Close closes the journal.
func (f *Folder) Close() error { return f.journal.Close() }

// Load reads a run. Dir is its folder, or its plan or journal. What is wrong in
// the journal is in Run.Problems; an error means that there is nothing to judge.
func Load(dir string) (*Run, error) {
	run, _, err := load(dir)
	return run, err
}

func load(dir string) (*Run, *journal, error) {
	if base := filepath.Base(dir); base == planFile || base == journalFile {
		dir = filepath.Dir(dir)
	}
	plan, err := readPlan(filepath.Join(dir, planFile))
	if err != nil {
		return nil, nil, err
	}
	path := filepath.Join(dir, journalFile)
	file, err := os.Open(path)
	if err != nil {
		return nil, nil, fmt.Errorf("reading the journal of the run: %w", err)
	}
	defer file.Close()
	j, err := readJournal(path, file, plan)
	if err != nil {
		return nil, nil, err
	}
	return &Run{dir, *plan, j.samples, j.timelines, j.problems}, j, nil
}

// maxPlan bounds plan.json.
const maxPlan = 64 << 20

func readPlan(path string) (*Plan, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s is no folder of a run: it has no %s", filepath.Dir(path), planFile)
	}
	if err != nil {
		return nil, err
	}
	if info.Size() > maxPlan {
		return nil, fmt.Errorf("%s is over %d bytes long; this is no plan", path, maxPlan)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return decodePlan(path, text)
}

// decodePlan reads the text of a plan. A newer version is found out before its
// unknown fields are.
func decodePlan(path string, text []byte) (*Plan, error) {
	if err := checkSchema(text); err != nil {
		if newer := (*VersionError)(nil); errors.As(err, &newer) {
			newer.File = path
			return nil, newer
		}
		return nil, Problem{path, lineOf(text, err), fmt.Sprintf("this is no plan: %v", err)}
	}
	var plan Plan
	if err := decodeStrictly(text, &plan); err != nil {
		return nil, Problem{path, lineOf(text, err), err.Error()}
	}
	if err := plan.check(); err != nil {
		return nil, Problem{path, 1, err.Error()}
	}
	return &plan, nil
}

// lineOf is the line that a JSON error speaks of, 1 if it does not say.
func lineOf(text []byte, err error) int {
	var offset int64
	if syntax := (*json.SyntaxError)(nil); errors.As(err, &syntax) {
		offset = syntax.Offset
	}
	if kind := (*json.UnmarshalTypeError)(nil); errors.As(err, &kind) {
		offset = kind.Offset
	}
	return 1 + bytes.Count(text[:min(offset, int64(len(text)))], []byte("\n"))
}

// Resume opens a run to go on with it. A torn end of the journal is cut off and
// reported; the damaged journal is kept beside it.
func Resume(dir string) (*Folder, *Run, error) {
	run, j, err := load(dir)
	if err != nil {
		return nil, nil, err
	}
	path := filepath.Join(run.Dir, journalFile)
	if j.torn {
		kept, err := keepDamaged(path)
		if err != nil {
			return nil, nil, fmt.Errorf("keeping the damaged journal before mending it: %w", err)
		}
		run.Problems = noteCut(run.Problems, path, j.goodLine+1, kept)
	}
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return nil, nil, err
	}
	f := &Folder{dir: run.Dir, journal: file, size: j.good}
	err = file.Truncate(j.good)
	if err == nil && j.good == 0 {
		err = f.append("journal", header{Schema, run.Plan.RunID})
	}
	if err != nil {
		return nil, nil, errors.Join(err, file.Close())
	}
	return f, run, nil
}

// noteCut adds to the first problem of the torn end what became of it. Where the
// problems were too many to be kept, it is one more.
func noteCut(problems []Problem, path string, line int, kept string) []Problem {
	note := fmt.Sprintf("the journal was cut before this line, and the damaged one is kept as %s", kept)
	for i := range problems {
		if problems[i].Line >= line {
			problems[i].Text += "; " + note
			return problems
		}
	}
	return append(problems, Problem{path, line, note})
}

// keepDamaged copies a file to the first free name beside it.
func keepDamaged(path string) (string, error) {
	damaged, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer damaged.Close()
	for n := 1; ; n++ {
		kept := fmt.Sprintf("%s.damaged-%d", path, n)
		file, err := os.OpenFile(kept, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return "", err
		}
		_, err = io.Copy(file, damaged)
		return kept, errors.Join(err, file.Sync(), file.Close())
	}
}

// ReplaceFile writes a file aside, syncs it, and renames it to path, so that
// whoever reads path finds the old text or the new one and nothing between.
func ReplaceFile(path string, text []byte) error {
	file, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name()) // does nothing once it is renamed
	_, err = file.Write(text)
	if err := errors.Join(err, file.Chmod(0o644), file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return os.Rename(file.Name(), path)
}

// syncFolder makes new names in a folder last. Systems that cannot sync a folder
// say so, which is no failure.
func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) && !errors.Is(err, fs.ErrInvalid) && !errors.Is(err, fs.ErrPermission) {
		return err
	}
	return nil
}
