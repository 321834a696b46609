//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package eventloop

import (
	"testing"

	"golang.org/x/sys/unix"
)

// TestSystemPollerReportsEdges is what each poller of a system has to do for the
// loop. Whether it tells both directions at once is up to it.
func TestSystemPollerReportsEdges(t *testing.T) {
	p, err := newPoller()
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fds[0])
	if err := p.add(fds[0]); err != nil {
		t.Fatal(err)
	}
	look := func() (readable, writable bool) {
		t.Helper()
		err := p.wait(0, func(fd int, r, w, _ bool) {
			if fd != fds[0] {
				t.Errorf("event for %d", fd)
			}
			readable, writable = readable || r, writable || w
		})
		if err != nil {
			t.Error(err)
		}
		return readable, writable
	}
	if r, w := look(); r || !w {
		t.Errorf("new: readable %t, writable %t", r, w)
	}
	if r, w := look(); r || w {
		t.Error("without news there was an event")
	}
	for _, text := range []string{"a", "b"} { // the second, too, although the first was not read
		if _, err := unix.Write(fds[1], []byte(text)); err != nil {
			t.Fatal(err)
		}
		if r, _ := look(); !r {
			t.Errorf("after %q was written: not readable", text)
		}
	}
	unix.Close(fds[1])
	if r, _ := look(); !r {
		t.Error("closed by the peer: not readable")
	}
	if err := p.remove(fds[0]); err != nil {
		t.Error(err)
	}
	if r, w := look(); r || w {
		t.Error("event after remove")
	}
	if err := p.add(-1); err == nil {
		t.Error("add takes a descriptor that is none")
	}
}

func TestSystemPollerWaits(t *testing.T) {
	p, err := newPoller()
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	testPollerWaits(t, p)
}
