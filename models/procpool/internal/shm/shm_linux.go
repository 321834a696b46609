package shm

import (
	"os"

	"golang.org/x/sys/unix"
)

// create makes a sealed memfd, or else an unnamed file.
func create() (*os.File, string, error) {
	fd, err := unix.MemfdCreate("procpool", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		file, kind, err := unnamedFile()
		return file, kind, err
	}
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, unix.F_SEAL_SHRINK|unix.F_SEAL_SEAL); err != nil {
		unix.Close(fd)
		return nil, "", os.NewSyscallError("fcntl F_ADD_SEALS", err)
	}
	return os.NewFile(uintptr(fd), "memfd"), "memfd, sealed against shrinking", nil
}

// reserve makes the file longer. Pages of a memfd come when they are touched,
// from the memory of the process that does.
func reserve(file *os.File, old, size int64) error {
	if isMemfd(file) {
		return file.Truncate(size)
	}
	return fill(file, old, size)
}

// isMemfd tells by the seal that create gives to nothing else.
func isMemfd(file *os.File) bool {
	seals, err := unix.FcntlInt(file.Fd(), unix.F_GET_SEALS, 0)
	return err == nil && seals&unix.F_SEAL_SHRINK != 0
}

// Discard gives the pages of a range back to the system; they read as zero from
// then on. It is a hint, and does nothing on systems without it.
func (m *Memory) Discard(offset, length int64) {
	unix.Fallocate(int(m.file.Fd()), unix.FALLOC_FL_PUNCH_HOLE|unix.FALLOC_FL_KEEP_SIZE, offset, length)
}
