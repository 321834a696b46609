//go:build unix && !linux

package shm

import "os"

func create() (*os.File, string, error) { return unnamedFile() }

func reserve(file *os.File, old, size int64) error { return fill(file, old, size) }

// Discard gives the pages of a range back to the system; they read as zero from
// then on. It is a hint, and does nothing on systems without it.
func (m *Memory) Discard(offset, length int64) {}
