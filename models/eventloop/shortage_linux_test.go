package eventloop

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestAcceptSurvivesShortage runs each case in a process of its own, which takes
// all descriptors there are.
func TestAcceptSurvivesShortage(t *testing.T) {
	cases := map[string]func(ctx context.Context, s *scarcity) error{
		"a socket of the loop is closed":      closedHere,
		"a descriptor is closed elsewhere":    closedElsewhere,
		"a deadline is set":                   deadlineInShortage,
		"the listener is closed":              closeInShortage,
		"two listeners, one with connections": twoListeners,
	}
	const name = "EVENTLOOP_TEST_SHORTAGE"
	if f := cases[os.Getenv(name)]; f != nil {
		if err := Run(t.Context(), func(ctx context.Context) error { return starved(ctx, t.TempDir(), f) }); err != nil {
			t.Error(err)
		}
		return
	}
	for c := range cases {
		t.Run(c, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestAcceptSurvivesShortage$", "-test.timeout=20s")
			cmd.Env = append(os.Environ(), name+"="+c)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// A scarcity is a process without a descriptor left.
type scarcity struct {
	listener *listener
	idle     *listener  // to which nobody connects
	clients  []net.Conn // connected to listener and not accepted
}

// starved calls f where all descriptors are taken, mostly by clients.
func starved(ctx context.Context, dir string, f func(context.Context, *scarcity) error) error {
	s := new(scarcity)
	for _, p := range []struct {
		to   **listener
		name string
	}{{&s.listener, "listener"}, {&s.idle, "idle"}} {
		l, err := Listen(ctx, "unix", filepath.Join(dir, p.name))
		if err != nil {
			return err
		}
		defer l.Close()
		*p.to = l.(*listener)
	}
	probe, err := unix.Dup(0) // the first that is free
	if err != nil {
		return err
	}
	unix.Close(probe)
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: uint64(probe + 4), Max: uint64(probe + 4)}); err != nil {
		return err
	}
	for {
		c, err := Dial(ctx, "unix", s.listener.Addr().String())
		if errors.Is(err, unix.EMFILE) {
			break
		}
		if err != nil {
			return err
		}
		s.clients = append(s.clients, c)
	}
	if len(s.clients) < 2 {
		return fmt.Errorf("%d clients, want 2 at least", len(s.clients))
	}
	return f(ctx, s)
}

// accept begins to accept, and returns when that waits for a descriptor.
func (s *scarcity) accept(ctx context.Context) (*Task, error) {
	before := s.listener.loop.AcceptShortages()
	task := GoEager(ctx, func(context.Context) error {
		c, err := s.listener.Accept()
		if err != nil {
			return err
		}
		_, err = io.WriteString(c, "welcome")
		return errors.Join(err, c.Close())
	})
	for range 2 { // has news of the clients try again, which must not help the test
		if err := Yield(ctx); err != nil {
			return nil, err
		}
	}
	if n := s.listener.loop.AcceptShortages() - before; n == 0 || task.Done() {
		return nil, fmt.Errorf("%d shortages were counted, Accept has returned: %t", n, task.Done())
	}
	return task, nil
}

// welcomed checks that c was accepted.
func welcomed(c net.Conn) error {
	if got, err := io.ReadAll(c); string(got) != "welcome" || err != nil {
		return fmt.Errorf("got %q, %w", got, err)
	}
	return nil
}

// closedHere never comes back if closing does not wake Accept.
func closedHere(ctx context.Context, s *scarcity) error {
	s.listener.patience = 1 << 60
	task, err := s.accept(ctx)
	if err != nil {
		return err
	}
	s.clients[len(s.clients)-1].Close()
	return errors.Join(task.Wait(ctx), welcomed(s.clients[0]))
}

// closedElsewhere never comes back if Accept does not try again by itself.
func closedElsewhere(ctx context.Context, s *scarcity) error {
	s.clients[len(s.clients)-1].Close()
	file, err := unix.Dup(0)
	if err != nil {
		return err
	}
	s.listener.patience = 5 * time.Millisecond
	task, err := s.accept(ctx)
	if err != nil {
		return err
	}
	for tries := s.listener.loop.AcceptShortages() + 2; s.listener.loop.AcceptShortages() < tries; {
		if err := Yield(ctx); err != nil {
			return err
		}
	}
	unix.Close(file)
	return errors.Join(task.Wait(ctx), welcomed(s.clients[0]))
}

func deadlineInShortage(ctx context.Context, s *scarcity) error {
	s.listener.patience = 1 << 60
	task, err := s.accept(ctx)
	if err != nil {
		return err
	}
	s.listener.SetDeadline(s.listener.loop.Now().Add(time.Millisecond))
	if err := task.Wait(ctx); !errors.Is(err, os.ErrDeadlineExceeded) {
		return fmt.Errorf("after the deadline: %w", err)
	}
	s.listener.SetDeadline(time.Time{})
	return closedHere(ctx, s)
}

func closeInShortage(ctx context.Context, s *scarcity) error {
	s.listener.patience = 1 << 60
	task, err := s.accept(ctx)
	if err != nil {
		return err
	}
	s.listener.Close()
	if err := task.Wait(ctx); !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("after Close: %w", err)
	}
	return nil
}

// twoListeners has one starve in vain, since it has nothing to accept.
func twoListeners(ctx context.Context, s *scarcity) error {
	s.idle.patience = 1 << 60
	idle := GoEager(ctx, func(context.Context) error { _, err := s.idle.Accept(); return err })
	if err := closedHere(ctx, s); err != nil {
		return err
	}
	s.idle.Close()
	if err := idle.Wait(ctx); !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("the other: %w", err)
	}
	return nil
}
