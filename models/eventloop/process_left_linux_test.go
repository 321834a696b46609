package eventloop_test

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"juggle/models/eventloop"
)

// TestGrandchildren is about what a child has started itself, which holds the pipes
// when the child has ended.
func TestGrandchildren(t *testing.T) {
	tests := []struct {
		name  string
		stays bool
		group bool
		want  error
	}{
		{"the child ends", false, false, exec.ErrWaitDelay},
		{"the child ends, and its group with it", false, true, nil},
		{"the group is killed", true, true, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			checkChildren(t)
			run(t, func(ctx context.Context) error {
				var args []string
				if test.stays {
					args = []string{"stay"}
				}
				c := piped("parent", args...)
				c.Group, c.WaitDelay = test.group, time.Hour
				if !test.group {
					c.WaitDelay = time.Millisecond
				}
				p, err := c.Start(ctx)
				if err != nil {
					return err
				}
				text, err := lineOf(p.Stdout)
				if err != nil {
					return err
				}
				grandchild := mustNumber(text)
				if test.stays {
					p.Kill()
				}
				_, _, err = p.Communicate(ctx, nil)
				if test.want != nil {
					wantIs(t, "Communicate", err, test.want)
				} else if status, sig := exitOf(err); test.stays != (sig == syscall.SIGKILL) || !test.stays && status != 0 || errors.Is(err, exec.ErrWaitDelay) {
					t.Errorf("Communicate: %v", err)
				}
				if !test.group {
					if err := unix.Kill(grandchild, unix.SIGKILL); err != nil {
						t.Errorf("the grandchild: %v", err)
					}
				}
				wantGone(t, grandchild)
				return nil
			})
		})
	}
}

// TestChildrenLeft has Run end while children run that nobody waits for.
func TestChildrenLeft(t *testing.T) {
	checkChildren(t)
	var findings []string
	l, err := eventloop.New(eventloop.Options{Debug: &eventloop.Debug{
		SlowTurn: time.Hour,
		Report:   func(finding string) { findings = append(findings, finding) },
	}})
	if err != nil {
		t.Fatal(err)
	}
	grandchild := 0
	err = l.Run(t.Context(), func(ctx context.Context) error {
		for _, role := range []string{"stubborn", "sleep"} {
			if _, err := piped(role).Start(ctx); err != nil {
				return err
			}
		}
		c := piped("parent", "stay")
		c.Group = true
		p, err := c.Start(ctx)
		if err != nil {
			return err
		}
		text, err := lineOf(p.Stdout)
		grandchild = mustNumber(text)
		return err
	})
	if err := errors.Join(err, l.Close()); err != nil {
		t.Error(err)
	}
	wantGone(t, grandchild)
	n := 0
	for _, finding := range findings {
		if strings.Contains(finding, "still ran at Close and was killed") && strings.Contains(finding, "process_left_linux_test.go") {
			n++
		}
	}
	if n != 3 {
		t.Errorf("debug mode has found %q", findings)
	}
}

// TestNoZombies starts children that nobody waits for. They are reaped while the
// loop runs.
func TestNoZombies(t *testing.T) {
	checkChildren(t)
	run(t, func(ctx context.Context) error {
		var left []*eventloop.Process
		for i := range 5 {
			p, err := child("exit", fmt.Sprint(i)).Start(ctx)
			if err != nil {
				return err
			}
			left = append(left, p)
		}
		for _, p := range left {
			for p.State() == nil {
				if err := eventloop.Yield(ctx); err != nil {
					return err
				}
			}
		}
		if pid, err := unix.Wait4(-1, nil, unix.WNOHANG, nil); err != unix.ECHILD {
			t.Errorf("wait4 returns %d, %v", pid, err)
		}
		return nil
	})
}
