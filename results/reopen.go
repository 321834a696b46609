package results

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// A journalWriter is the open journal; an *os.File except in tests.
type journalWriter interface {
	io.WriteCloser
	Name() string
	Stat() (fs.FileInfo, error)
	Sync() error
}

// checkEmpty reports what a folder holds before a run is made in it, but for what
// a process leaves that is killed between making the journal and the plan.
func checkEmpty(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if info, err := e.Info(); isAside(e) || err == nil && e.Name() == journalFile && info.Mode().IsRegular() && info.Size() == 0 {
			continue
		}
		return fmt.Errorf("%s holds something already (%s); name a new folder with -out", dir, e.Name())
	}
	return nil
}

// createJournal makes and locks a journal, or takes over an empty one that has
// no plan.
func createJournal(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return nil, err
	}
	if err := lockJournal(file); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	// Between the look into the folder and the lock another one may have made a
	// run of it, or failed and removed the file.
	if err := errors.Join(checkEmpty(filepath.Dir(path)), stillThere(file)); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	removeLeftovers(filepath.Dir(path))
	return file, nil
}

// stillThere reports an open file whose name is another file's by now, or none's.
func stillThere(file *os.File) error {
	opened, err := file.Stat()
	if err != nil {
		return err
	}
	named, err := os.Stat(file.Name())
	if err == nil && !os.SameFile(opened, named) {
		err = fmt.Errorf("%s was replaced while it was opened", file.Name())
	}
	return err
}

// openJournal opens and locks the journal of a run that there is.
func openJournal(dir string) (*os.File, error) {
	if base := filepath.Base(dir); base == planFile || base == journalFile {
		dir = filepath.Dir(dir)
	}
	file, err := os.OpenFile(filepath.Join(dir, journalFile), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		if _, err := Load(dir); err != nil {
			return nil, err // says what is missing in what should be the folder of a run
		}
		return nil, err
	}
	if err := lockJournal(file); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// resumable reports why nothing can be added to a journal.
func resumable(plan *Plan, j *journal) error {
	switch {
	case j.planAltered.Text != "":
		return j.planAltered
	case plan.Schema != Schema:
		return fmt.Errorf("the run has the schema %d and this program writes %d: resume it with the build that began it, or begin a new run", plan.Schema, Schema)
	}
	return nil
}

// mend makes the journal end in its last good line, and begin with a header.
func (f *Folder) mend(run *Run, j *journal) error {
	path := f.journal.Name()
	if j.torn {
		kept, err := keepDamaged(path)
		if err != nil {
			return fmt.Errorf("keeping the damaged journal before mending it: %w; it is left as it was", err)
		}
		run.noteCut(path, j.goodLine+1, kept)
		if err := os.Truncate(path, j.good); err != nil {
			return err
		}
	}
	if j.good == 0 {
		return f.append(kindJournal, header{Schema, run.Plan.RunID, j.planCRC})
	}
	return nil
}

// noteCut adds to the first problem of the torn end what became of it. Where the
// problems were too many to be listed, it is listed as one more.
func (run *Run) noteCut(path string, line int, kept string) {
	note := fmt.Sprintf("the journal was cut before this line, and the damaged one is kept as %s", kept)
	for i := range run.Problems {
		if run.Problems[i].Line >= line {
			run.Problems[i].Text += "; " + note
			return
		}
	}
	run.Problems = append(run.Problems, Problem{path, line, note})
	run.MoreProblems--
}

// keepDamaged copies a file to the first free name beside it, whole or not at
// all: a part would look like what the journal once was.
func keepDamaged(path string) (string, error) {
	damaged, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer damaged.Close()
	for n := 1; ; n++ {
		kept := fmt.Sprintf("%s.damaged-%d", path, n)
		if _, err := os.Lstat(kept); err == nil {
			continue
		} else if !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
		return kept, replaceWith(kept, func(file io.ReadWriteSeeker) error {
			_, err := io.Copy(file, damaged)
			return err
		})
	}
}
