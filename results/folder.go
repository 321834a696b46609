package results

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// Names of the files of a run folder.
const (
	planFile    = "plan.json"
	journalFile = "samples.jsonl"
	benchFile   = "bench.txt"
)

// A Folder is a run that is being measured. It is for one goroutine at a time,
// and a run is for one Folder at a time: the journal is locked where the system
// can. Another writer is noticed by the length of the file in any case, and
// nothing is written over.
type Folder struct {
	dir     string
	journal journalWriter
	size    int64
	seen    *duplicates
}

// A Run is what was read of a run's folder.
type Run struct {
	Dir       string
	Plan      Plan
	Samples   []Sample
	Timelines []Timeline
	// Ended is nil if the run was interrupted.
	Ended *End
	// Conditions are in the order of the journal; a round can lack them.
	Conditions []Conditions
	// Resumed says when the run was taken up again, in the order of the journal.
	Resumed []Resumption
	// Problems say what could not be used, with file and line. There are at most
	// some 1000, however damaged the files are; MoreProblems counts the others.
	Problems     []Problem
	MoreProblems int
	// goodLine is the last line of the journal that decodes; what is behind it is
	// torn.
	goodLine int
}

// Create makes the folder of a new run, writes its plan, and opens its journal.
// It refuses a folder that holds anything, so that no old result is harmed, and
// a plan that Load would refuse. The caller closes the Folder.
//
// The journal is made and locked first: of two that create the same folder at
// once, one gets it and the other leaves it alone. What a process that was killed
// here left, an empty journal without a plan, is taken over.
func Create(dir string, plan Plan) (*Folder, error) {
	if err := plan.check(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("making the folder of the run: %w", err)
	}
	if err := checkEmpty(dir); err != nil {
		return nil, err
	}
	text, err := json.MarshalIndent(plan, "", "  ")
	if err != nil {
		return nil, err
	}
	path := filepath.Join(dir, journalFile)
	file, err := createJournal(path)
	if err != nil {
		return nil, err
	}
	f := &Folder{dir: dir, journal: file, seen: newDuplicates(&plan)}
	if err := f.begin(append(text, '\n'), plan.RunID); err != nil {
		return nil, errors.Join(err, os.RemoveAll(filepath.Join(dir, planFile)), os.Remove(path), file.Close())
	}
	return f, nil
}

// begin writes the plan and the first line of the journal.
func (f *Folder) begin(plan []byte, runID string) error {
	if err := ReplaceFile(filepath.Join(f.dir, planFile), plan); err != nil {
		return err
	}
	if err := f.append(kindJournal, header{Schema, runID, checksum(plan)}); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(f.dir)) // in which the folder's own name stands
}

// Dir is the path of the folder.
func (f *Folder) Dir() string { return f.dir }

// Append adds a sample to the journal and returns when it is on disk. If it
// cannot be written whole, the journal is cut back to what it was, and the same
// sample may be tried again. What Load would refuse is refused here.
func (f *Folder) Append(s Sample) error {
	if err := f.seen.check(s); err != nil {
		return fmt.Errorf("a sample that %s cannot keep: %w", f.journal.Name(), err)
	}
	if err := f.append(kindSample, s); err != nil {
		return err
	}
	f.seen.add(s)
	return nil
}

// AppendTimeline adds a timeline in the same way.
func (f *Folder) AppendTimeline(t Timeline) error {
	if err := checkTimeline(t); err != nil {
		return fmt.Errorf("a timeline that %s cannot keep: %w", f.journal.Name(), err)
	}
	return f.append(kindTimeline, t)
}

// AppendEnd adds that the run has come to its end, in the same way.
func (f *Folder) AppendEnd(e End) error { return f.append(kindEnd, e) }

func (f *Folder) append(kind string, record any) error {
	text, err := encodeLine(kind, record)
	if err != nil {
		return err
	}
	if len(text) > maxLine {
		return fmt.Errorf("a %s of %d bytes is too long for the journal, whose lines have at most %d", kind, len(text), maxLine)
	}
	info, err := f.journal.Stat()
	if err != nil {
		return err
	}
	if info.Size() != f.size {
		return fmt.Errorf("%s is %d bytes long and was left at %d: something else writes to it, so nothing was added", f.journal.Name(), info.Size(), f.size)
	}
	_, err = f.journal.Write(text)
	if err == nil {
		err = f.journal.Sync()
	}
	if err != nil {
		// By its name, because a file opened for appending cannot be cut on
		// every system.
		if cut := os.Truncate(f.journal.Name(), f.size); cut != nil {
			return fmt.Errorf("%w; everything before it is kept, and what was written of it could not be cut off: %w", err, cut)
		}
		return fmt.Errorf("%w; everything before it is kept", err)
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
	planPath := filepath.Join(dir, planFile)
	plan, planCRC, err := readPlan(planPath)
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
	if j.planCRC != planCRC && j.planCRC != "" {
		j.planAltered = Problem{planPath, 1, fmt.Sprintf("the checksum is %s and the journal says %s: the plan was altered after the run began", planCRC, strconv.QuoteToASCII(j.planCRC))}
		j.problems = append([]Problem{j.planAltered}, j.problems...)
	}
	j.planCRC = planCRC
	return &Run{
		Dir: dir, Plan: *plan, Samples: j.samples, Timelines: j.timelines, Conditions: j.conditions,
		Ended: j.ended, Resumed: j.resumed, Problems: j.problems, MoreProblems: j.unlisted, goodLine: j.goodLine,
	}, j, nil
}

// maxPlan bounds plan.json.
const maxPlan = 64 << 20

// readPlan reads a plan and returns its checksum, too.
func readPlan(path string) (*Plan, string, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return nil, "", fmt.Errorf("%s is no folder of a run: it has no %s", filepath.Dir(path), planFile)
	}
	if err != nil {
		return nil, "", err
	}
	if info.Size() > maxPlan {
		return nil, "", fmt.Errorf("%s is over %d bytes long; this is no plan", path, maxPlan)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, "", err
	}
	plan, err := decodePlan(path, text)
	return plan, checksum(text), err
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
// reported; the damaged journal is kept beside it. A run that another Folder
// measures gives [ErrInUse]; one of an older schema is refused, because what is
// added to its journal now would not be of that schema.
func Resume(dir string) (*Folder, *Run, error) {
	file, err := openJournal(dir)
	if err != nil {
		return nil, nil, err
	}
	run, j, err := load(dir)
	if err == nil {
		err = resumable(&run.Plan, j)
	}
	if err != nil {
		return nil, nil, errors.Join(err, file.Close())
	}
	f := &Folder{dir: run.Dir, journal: file, size: j.good, seen: j.seen}
	if err := f.mend(run, j); err != nil {
		return nil, nil, errors.Join(err, file.Close())
	}
	return f, run, nil
}
