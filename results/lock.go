package results

import (
	"errors"
	"fmt"
	"os"
)

// ErrInUse says that another process, or another [Folder] of this one, measures
// into the same run. Nothing was changed.
var ErrInUse = errors.New("another compare measures into this folder: wait until it has ended")

// errLocked is what tryLock gives where another open file has the lock.
var errLocked = errors.New("locked")

// lockJournal takes the journal for this Folder alone until the file is closed,
// which the system does for a process that is killed. Where the system or the file
// system has no locks, the length of the journal is all that tells of another
// writer (see [Folder]).
func lockJournal(file *os.File) error {
	err := tryLock(file)
	switch {
	case errors.Is(err, errLocked):
		return fmt.Errorf("%s: %w", file.Name(), ErrInUse)
	case errors.Is(err, errors.ErrUnsupported):
		return nil
	}
	return err
}
