package eventloop

import (
	"context"
	"fmt"
	"os"
	"slices"
)

// errSignalsStopped is what Next returns after Stop.
var errSignalsStopped = fmt.Errorf("eventloop: the signals are no longer watched, Stop was called: %w", os.ErrClosed)

// Signals are signals for tasks to wait for; make one with [NotifySignals]. All of
// it is for the tasks of its loop.
type Signals struct {
	line    line
	pending []os.Signal // in the order in which they came, each kind once
	stops   []func()
	stopped bool
}

// NotifySignals watches for some signals, from now until Stop or the end of the
// loop. What holds for [SignalHandler] holds here too. It panics without a signal.
func NotifySignals(ctx context.Context, sigs ...os.Signal) *Signals {
	if len(sigs) == 0 {
		panic("eventloop: NotifySignals without a signal; name those to wait for")
	}
	s := &Signals{}
	for _, sig := range sigs {
		s.stops = append(s.stops, SignalHandler(ctx, sig, func() { s.arrive(sig) }))
	}
	return s
}

func (s *Signals) arrive(sig os.Signal) {
	if !slices.Contains(s.pending, sig) {
		s.pending = append(s.pending, sig)
		s.line.call(len(s.pending))
	}
}

// Next takes the signal that came first, and waits for one if there is none. One
// that comes while no task waits is kept, but once of each kind. Of several tasks
// that wait, each signal goes to one. If ctx ends first, or has ended before, Next
// returns the cause and takes nothing. After Stop it returns an error that wraps
// os.ErrClosed.
func (s *Signals) Next(ctx context.Context) (os.Signal, error) {
	t, err := s.line.enter(ctx, s)
	if err != nil {
		return nil, err
	}
	if !s.stopped && (len(s.pending) == 0 || !s.line.empty()) {
		t.loop.outside++
		err := s.line.wait(ctx, t)
		t.loop.outside--
		if err != nil {
			s.line.call(len(s.pending))
			return nil, err
		}
	}
	if s.stopped {
		return nil, errSignalsStopped
	}
	sig := s.pending[0]
	s.pending = slices.Delete(s.pending, 0, 1)
	return sig, nil
}

// Stop ends the watch. Tasks that wait go on with an error, and signals that nobody
// has taken are dropped. A second Stop does nothing.
func (s *Signals) Stop() {
	if s.stopped {
		return
	}
	s.stopped, s.pending = true, nil
	for _, stop := range s.stops {
		stop()
	}
	s.line.waiting.wakeAll(errSignalsStopped)
}

// String says what s is, for those who ask what a task waits for.
func (s *Signals) String() string { return fmt.Sprintf("Signals (%d waiting)", s.line.size()) }
