package results

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// A sample takes about that many bytes in the journal and in bench.txt together,
// and a row that many in figures and reports.
const (
	roomPerSample = 4 << 10
	roomPerRow    = 256 << 10
	mostRoom      = 64 << 20
)

// CheckRoom reports why what follows from the journal of a run could not be
// written into its folder: bench.txt, the figures and the reports. It is called
// before anything is measured, because an hour later is too late. It writes as
// much as the fewest rounds of the plan need, though at most 64 MiB, syncs it and
// removes it again, which no question about free space can stand for: quotas and
// limits count too.
func CheckRoom(dir string, plan *Plan) error {
	for _, name := range []string{benchFile, "REPORT.md", "report.html"} {
		info, err := os.Lstat(filepath.Join(dir, name))
		if err == nil && info.IsDir() {
			return fmt.Errorf("%s is a folder, where a file of the run belongs: move it away", filepath.Join(dir, name))
		}
	}
	figures := filepath.Join(dir, figuresFolder)
	info, err := os.Stat(figures)
	switch {
	case err == nil && !info.IsDir():
		return fmt.Errorf("%s is no folder, where that of the figures belongs: move it away", figures)
	case err == nil:
		if err := tryRoom(figures, 0); err != nil {
			return err
		}
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	cells := 0
	for _, row := range plan.Rows {
		cells += len(row.Cells)
	}
	rounds := plan.Rounds
	if plan.MinRounds > 0 {
		rounds = plan.MinRounds
	}
	return tryRoom(dir, min(mostRoom, rounds*cells*roomPerSample+len(plan.Rows)*roomPerRow))
}

// tryRoom writes a file of so many bytes and removes it.
func tryRoom(dir string, size int) error {
	file, err := os.CreateTemp(dir, asidePattern)
	if err != nil {
		return fmt.Errorf("the results could not be written: %w", err)
	}
	defer os.Remove(file.Name())
	_ = tryLock(file) // see replaceWith
	for block := make([]byte, 256<<10); size > 0 && err == nil; size -= len(block) {
		_, err = file.Write(block[:min(size, len(block))])
	}
	if err == nil {
		err = file.Sync()
	}
	if err := errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("%s has no room for the results: %w", dir, err)
	}
	return nil
}
