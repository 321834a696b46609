package ab

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/perf/benchfmt"
)

// files keep the samples of both sides in Go benchmark format. The nil files
// keep nothing.
type files struct {
	both   [2]*sideFile
	rounds int
	made   []string // folders that were not there before, the deepest first
}

// A sideFile is the file of one side. The writer remembers what configuration it
// wrote last, so it is one for all rounds.
type sideFile struct {
	*os.File
	text   bytes.Buffer
	writer *benchfmt.Writer
}

// openFiles makes base.txt and head.txt in a folder, before anything is measured
// that could then not be written. It refuses to write over old ones.
func openFiles(dir string) (*files, error) {
	if dir == "" {
		return nil, nil
	}
	f := new(files)
	for d := filepath.Clean(dir); !isDir(d) && d != filepath.Dir(d); d = filepath.Dir(d) {
		f.made = append(f.made, d)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, &SelectionError{fmt.Errorf("making the folder for the samples: %w", err)}
	}
	for i, name := range []string{"base.txt", "head.txt"} {
		file, err := os.OpenFile(filepath.Join(dir, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
		if err != nil {
			return nil, errors.Join(selection("keeping the samples: %w; name a new folder with -out", err), f.close())
		}
		f.both[i] = &sideFile{File: file}
		f.both[i].writer = benchfmt.NewWriter(&f.both[i].text)
	}
	return f, nil
}

// close closes the files, and removes them and their folder if there was nothing
// to keep.
func (f *files) close() (err error) {
	if f == nil {
		return nil
	}
	for _, file := range f.both {
		if file == nil {
			continue
		}
		err = errors.Join(err, file.Close())
		if f.rounds == 0 {
			err = errors.Join(err, os.Remove(file.Name()))
		}
	}
	if f.rounds == 0 {
		for _, dir := range f.made {
			os.Remove(dir) // if somebody put something there meanwhile, it stays
		}
	}
	return err
}

// write adds a round to both files, and returns when it is on disk. What tells
// the sides apart stands in lines that readers of the format pass over: benchstat
// would not compare files that differ in a configuration line.
func (f *files) write(c *comparison, n int) error {
	if f == nil {
		return nil
	}
	for i, file := range f.both {
		if f.rounds == 0 {
			fmt.Fprintf(&file.text, "# %s\n# seed %d; the lines of a benchmark stand in the order of the rounds, in both files alike\n", c.sides[i], c.Seed)
		}
		for _, j := range c.jobs {
			if n >= len(j.rounds) {
				continue // it needed no more
			}
			for _, name := range j.names {
				if err := file.writer.Write(j.rounds[n][i][name]); err != nil {
					return err
				}
			}
		}
		_, err := file.text.WriteTo(file)
		if err := errors.Join(err, file.Sync()); err != nil {
			return fmt.Errorf("keeping round %d: %w", n+1, err)
		}
	}
	f.rounds++
	return nil
}
