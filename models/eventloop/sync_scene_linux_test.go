package eventloop_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"juggle/models/eventloop"
)

// An episode shows a behaviour that asyncio documents or tests.
type episode struct {
	of   string // the test in CPython's test_locks.py or test_queues.py, if there is one
	says string
	act  func(s *scene)
}

// perform plays each episode in a loop of its own. Its time is virtual, so that a
// task that waits for ever ends the scene with an error.
func perform(t *testing.T, episodes []episode) {
	for _, b := range episodes {
		t.Run(strings.ReplaceAll(b.says, " ", "_"), func(t *testing.T) {
			checkLeftovers(t)
			loop, err := eventloop.New(eventloop.Options{VirtualTime: true})
			if err != nil {
				t.Fatal(err)
			}
			err = loop.Run(t.Context(), func(ctx context.Context) error {
				b.act(&scene{t, ctx, nil})
				return nil
			})
			if err := errors.Join(err, loop.Close()); err != nil {
				t.Error(err)
			}
			if t.Failed() && b.of != "" {
				t.Log("see", b.of)
			}
		})
	}
}

// A scene is a loop's main task, and what the other tasks have come to.
type scene struct {
	*testing.T
	ctx context.Context
	log []string
}

// begin begins a task whose name is noted when it has ended, with what it got.
func begin[T any](s *scene, name string, body func(ctx context.Context) (T, error)) *eventloop.Task {
	return eventloop.Go(s.ctx, func(ctx context.Context) error {
		value, err := body(ctx)
		s.note(strings.TrimSuffix(fmt.Sprint(name, " ", value), " {}"), err)
		if errors.Is(err, eventloop.ErrMainEnded) {
			return err
		}
		return nil
	})
}

// start is begin for what gets nothing but perhaps an error.
func (s *scene) start(name string, body func(ctx context.Context) error) *eventloop.Task {
	return begin(s, name, func(ctx context.Context) (struct{}, error) { return struct{}{}, body(ctx) })
}

func (s *scene) note(what string, err error) {
	name, _, _ := strings.Cut(what, " ")
	switch {
	case errors.Is(err, errTest):
		what = name + " cancelled"
	case errors.Is(err, context.DeadlineExceeded):
		what = name + " late"
	case errors.Is(err, eventloop.ErrShutdown):
		what = name + " shut"
	case errors.Is(err, eventloop.ErrBrokenBarrier):
		what = name + " broken"
	case err != nil:
		what = name + " failed: " + err.Error()
	}
	s.log = append(s.log, what)
}

// want lets the tasks run until none can go on, and compares what was noted since
// the last time.
func (s *scene) want(log string) {
	s.Helper()
	s.must(turns(s.ctx))
	if got := strings.Join(s.log, ", "); got != log {
		s.Errorf("got %q, want %q", got, log)
	}
	s.log = nil
}

func (s *scene) must(err error) {
	s.Helper()
	if err != nil {
		s.Errorf("main: %v", err)
	}
}

func (s *scene) equal(what string, got, want any) {
	s.Helper()
	wantEqual(s.T, what, got, want)
}

func (s *scene) panics(want string, f func()) {
	s.Helper()
	wantPanic(s.T, want, f)
}
