package eventloop

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// pollers are the ways in which epoll can be asked.
var pollers = []struct {
	name   string
	coarse bool
}{{"epoll_pwait2", false}, {"epoll_pwait", true}}

func testPollers(t *testing.T, f func(t *testing.T, p *epoll)) {
	for _, c := range pollers {
		t.Run(c.name, func(t *testing.T) {
			made, err := newPoller()
			if err != nil {
				t.Fatal(err)
			}
			p := made.(*epoll)
			defer p.close()
			p.coarse = c.coarse
			f(t, p)
		})
	}
}

func unexpected(t *testing.T) func(int, bool, bool, bool) {
	return func(fd int, readable, writable, odd bool) {
		t.Errorf("%d is readable %t, writable %t", fd, readable, writable)
	}
}

func TestPollerWaitsInFull(t *testing.T) {
	testPollers(t, func(t *testing.T, p *epoll) {
		for _, d := range []time.Duration{1, time.Microsecond, 300 * time.Microsecond, 1100 * time.Microsecond} {
			// A signal may cut a wait short, so ask as the loop does.
			waits := 0
			for began := time.Now(); time.Since(began) < d; waits++ {
				if err := p.wait(d-time.Since(began), unexpected(t)); err != nil {
					t.Fatal(err)
				}
			}
			if waits > 100 {
				t.Errorf("%v took %d waits", d, waits)
			}
		}
	})
}

func TestPollerWakes(t *testing.T) {
	testPollers(t, func(t *testing.T, p *epoll) {
		for range 3 {
			p.wake()
			p.wake()
			if err := p.wait(-1, unexpected(t)); err != nil { // for ever, if wake does nothing
				t.Fatal(err)
			}
		}
		done := make(chan error)
		go func() { done <- p.wait(-1, unexpected(t)) }()
		p.wake()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
	})
}

func TestPollerReportsEdges(t *testing.T) {
	testPollers(t, func(t *testing.T, p *epoll) {
		fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer unix.Close(fds[0])
		if err := p.add(fds[0]); err != nil {
			t.Fatal(err)
		}
		look := func(want ...string) {
			t.Helper()
			var got []string
			if err := p.wait(0, func(fd int, readable, writable, odd bool) {
				if fd != fds[0] {
					t.Errorf("event for %d", fd)
				}
				what := map[[2]bool]string{{true, true}: "both", {false, true}: "writable", {true, false}: "readable"}[[2]bool{readable, writable}]
				if odd {
					what += ", odd"
				}
				got = append(got, what)
			}); err != nil {
				t.Fatal(err)
			}
			if len(got) != len(want) || len(want) > 0 && got[0] != want[0] {
				t.Errorf("got %q, want %q", got, want)
			}
		}
		look("writable")
		look() // no news
		unix.Write(fds[1], []byte("a"))
		look("both")
		look()
		unix.Write(fds[1], []byte("b")) // an edge, although there was something to read
		look("both")
		unix.Close(fds[1])
		look("both, odd")
		if err := p.remove(fds[0]); err != nil {
			t.Error(err)
		}
		look()
	})
}
