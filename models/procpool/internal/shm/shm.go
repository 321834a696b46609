//go:build unix

// Package shm is memory that two processes share through an inherited
// descriptor. It has no name in any file system, so nothing of it is left once
// both have closed it or are dead.
//
// On Linux it is a memfd (memfd_create(2)) that can grow and is sealed against
// shrinking: whoever truncates what another process has mapped makes it die of
// SIGBUS. Elsewhere, and where a sandbox forbids memfd_create, it is a temporary
// file that was removed as soon as it was open.
package shm

import (
	"fmt"
	"os"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// Align is what offsets of mappings must be multiples of. It is a multiple of
// the page size of every system.
const Align = 64 << 10

// Memory is a growing range of bytes behind a descriptor.
type Memory struct {
	file *os.File
	kind string
	size atomic.Int64
}

// New makes size bytes, all zero.
func New(size int64) (*Memory, error) {
	file, kind, err := create()
	if err != nil {
		return nil, fmt.Errorf("making shared memory: %w", err)
	}
	m := &Memory{file: file, kind: kind}
	if err := m.Grow(size); err != nil {
		file.Close()
		return nil, err
	}
	return m, nil
}

// Inherit wraps what another process made; it takes the file over.
func Inherit(file *os.File) (*Memory, error) {
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	m := &Memory{file: file}
	m.size.Store(info.Size())
	return m, nil
}

// File is the descriptor, for a child to inherit.
func (m *Memory) File() *os.File { return m.file }

// Kind says what the memory is, in words.
func (m *Memory) Kind() string { return m.kind }

// Grow makes the memory at least size bytes long. One process alone may call it.
func (m *Memory) Grow(size int64) error {
	old := m.size.Load()
	if size <= old {
		return nil
	}
	if err := reserve(m.file, old, size); err != nil {
		return fmt.Errorf("growing shared memory to %d bytes: %w", size, err)
	}
	m.size.Store(size)
	return nil
}

// Map maps length bytes from offset, a multiple of [Align]. The memory must be
// as long: to touch what lies behind its end is SIGBUS, so ask [Memory.Covers] if
// another process says where to look.
func (m *Memory) Map(offset int64, length int) ([]byte, error) {
	b, err := unix.Mmap(int(m.file.Fd()), offset, length, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("mapping %d bytes of shared memory: %w", length, err)
	}
	return b, nil
}

// Covers tells whether the memory, which the other process may have grown,
// reaches to end.
func (m *Memory) Covers(end int64) bool {
	if end <= m.size.Load() {
		return true
	}
	info, err := m.file.Stat()
	if err != nil {
		return false
	}
	m.size.Store(info.Size())
	return end <= info.Size()
}

// Close closes the descriptor. What is mapped stays until [Unmap].
func (m *Memory) Close() error { return m.file.Close() }

// Unmap undoes Map. Nothing may use b any more.
func Unmap(b []byte) { unix.Munmap(b) }

// unnamedFile is a temporary file that nobody else can find.
func unnamedFile() (*os.File, string, error) {
	file, err := os.CreateTemp("", "procpool-*")
	if err != nil {
		return nil, "", err
	}
	if err := os.Remove(file.Name()); err != nil {
		file.Close()
		return nil, "", err
	}
	return file, "a temporary file without a name", nil
}

// fill writes zeros from old to size, so that a full disk shows here and not as
// SIGBUS when the mapping is used.
func fill(file *os.File, old, size int64) error {
	zeros := make([]byte, min(size-old, 1<<20))
	for old < size {
		n, err := file.WriteAt(zeros[:min(int64(len(zeros)), size-old)], old)
		if err != nil {
			return err
		}
		old += int64(n)
	}
	return nil
}
