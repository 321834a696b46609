// Package shm is memory that two processes share through an inherited
// descriptor. Windows inherits none, so everything here fails.
package shm

import (
	"errors"
	"os"
)

// Align is what offsets of mappings must be multiples of.
const Align = 64 << 10

// Memory is a range of bytes behind a descriptor.
type Memory struct{}

// New fails.
func New(int64) (*Memory, error) { return nil, errors.ErrUnsupported }

// Inherit fails.
func Inherit(*os.File) (*Memory, error) { return nil, errors.ErrUnsupported }

// File is nil.
func (m *Memory) File() *os.File { return nil }

// Kind is empty.
func (m *Memory) Kind() string { return "" }

// Grow fails.
func (m *Memory) Grow(int64) error { return errors.ErrUnsupported }

// Map fails.
func (m *Memory) Map(int64, int) ([]byte, error) { return nil, errors.ErrUnsupported }

// Covers is false.
func (m *Memory) Covers(int64) bool { return false }

// Close does nothing.
func (m *Memory) Close() error { return nil }

// Discard does nothing.
func (m *Memory) Discard(int64, int64) {}

// Unmap does nothing.
func Unmap([]byte) {}
