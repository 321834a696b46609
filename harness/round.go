package harness

import "errors"

// A RoundObserver is an Observer that is told of rounds, too. A round in which
// no sample is left to be taken is not told of.
type RoundObserver interface {
	Observer
	// BeginRound comes right before the first sample that is taken of a round.
	BeginRound(round int)
	// EndRound comes when all samples of the round were taken and every observer
	// was told of them. An error ends the run. It does not come where the run ends
	// within the round.
	EndRound(round int) error
}

// beginRound tells the observers of a round, once.
func (r *runner) beginRound(round int) {
	if r.inRound {
		return
	}
	r.inRound = true
	for _, o := range r.observers {
		if watcher, ok := o.(RoundObserver); ok {
			watcher.BeginRound(round)
		}
	}
}

// endRound tells the observers that a round is complete, if a sample of it was
// taken.
func (r *runner) endRound(round int) error {
	if !r.inRound {
		return nil
	}
	r.inRound = false
	var errs []error
	for _, o := range r.observers {
		if watcher, ok := o.(RoundObserver); ok {
			errs = append(errs, watcher.EndRound(round))
		}
	}
	return errors.Join(errs...)
}
