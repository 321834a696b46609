//go:build unix

package shm

import (
	"bytes"
	"errors"
	"os"
	"runtime"
	"syscall"
	"testing"
)

// kinds are the memories that there can be here: what New makes, and the file
// without a name that is made where New has nothing better.
func kinds(t *testing.T) map[string]*Memory {
	t.Helper()
	best, err := New(0)
	if err != nil {
		t.Fatal(err)
	}
	file, kind, err := unnamedFile()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]*Memory{best.Kind(): best, "fallback: " + kind: {file: file, kind: kind}}
	t.Cleanup(func() {
		for _, m := range all {
			m.Close()
		}
	})
	return all
}

// What one side writes the other reads, also behind the first end.
func TestMemoryIsShared(t *testing.T) {
	for kind, m := range kinds(t) {
		t.Run(kind, func(t *testing.T) {
			if err := m.Grow(Align); err != nil {
				t.Fatal(err)
			}
			fd, err := syscall.Dup(int(m.File().Fd()))
			if err != nil {
				t.Fatal(err)
			}
			other, err := Inherit(os.NewFile(uintptr(fd), "other side"))
			if err != nil {
				t.Fatal(err)
			}
			defer other.Close()
			if other.Covers(2 * Align) {
				t.Error("it reaches further than it was made")
			}
			if err := m.Grow(3 * Align); err != nil || !other.Covers(3*Align) || other.Covers(3*Align+1) {
				t.Errorf("growing: %v", err)
			}
			mine, err := m.Map(Align, 2*Align)
			if err != nil {
				t.Fatal(err)
			}
			theirs, err := other.Map(2*Align, Align)
			if err != nil {
				t.Fatal(err)
			}
			copy(mine[Align:], "hello")
			if !bytes.HasPrefix(theirs, []byte("hello\x00")) {
				t.Errorf("the other side reads %q", theirs[:8])
			}
			m.Discard(2*Align, Align) // a hint; the mapping stays
			theirs[0] = 'x'
			Unmap(mine)
			Unmap(theirs)
		})
	}
}

// Growing never shrinks, and no side of a memfd can.
func TestMemoryDoesNotShrink(t *testing.T) {
	for kind, m := range kinds(t) {
		if err := m.Grow(2 * Align); err != nil {
			t.Fatal(err)
		}
		if err := m.Grow(Align); err != nil || !m.Covers(2*Align) {
			t.Errorf("%s: growing to less: %v", kind, err)
		}
		if err := m.File().Truncate(0); err == nil && runtime.GOOS == "linux" && kind == "memfd, sealed against shrinking" {
			t.Errorf("%s was truncated", kind)
		}
	}
}

// A full disk is an error here, and not the end of whoever uses the memory.
func TestGrowthThatFails(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_RDWR, 0)
	if err != nil {
		t.Skip(err)
	}
	m := &Memory{file: full}
	defer m.Close()
	if err := m.Grow(Align); !errors.Is(err, syscall.ENOSPC) || m.Covers(1) {
		t.Errorf("got %v", err)
	}
}

// Nothing of it is in a folder.
func TestMemoryHasNoName(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	kinds(t)
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("found %v, %v", left, err)
	}
}
