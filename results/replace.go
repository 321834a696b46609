package results

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// ReplaceFile writes a file aside, syncs it, and renames it to path, so that
// whoever reads path finds the old text or the new one and nothing between. If
// that fails, on a full disk too, the old file stays and nothing is left beside
// it; the error names path.
func ReplaceFile(path string, text []byte) error {
	return replaceWith(path, func(file io.ReadWriteSeeker) error {
		_, err := file.Write(text)
		return err
	})
}

// replaceWith is ReplaceFile for a text that is written piece by piece, as one of
// tens of megabytes had better be. Write may also read the file again, and refuse
// what it finds.
func replaceWith(path string, write func(file io.ReadWriteSeeker) error) error {
	file, err := os.CreateTemp(filepath.Dir(path), asidePattern)
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	defer os.Remove(file.Name()) // does nothing once it is renamed
	_ = tryLock(file)            // so that nobody takes it for a leftover; nobody else has it
	err = write(file)
	if err := errors.Join(err, file.Chmod(0o644), file.Sync(), file.Close()); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	if err := os.Rename(file.Name(), path); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

// syncFolder makes new names in a folder last. Some systems and file systems
// cannot sync a folder, or not for this user, and say so in one of three ways,
// which is no failure: the files in it are synced.
func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err == nil {
		err = errors.Join(d.Sync(), d.Close())
	}
	for _, cannot := range []error{errors.ErrUnsupported, fs.ErrPermission, syscall.EINVAL} {
		if errors.Is(err, cannot) {
			return nil
		}
	}
	return err
}
