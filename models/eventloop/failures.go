package eventloop

import (
	"errors"
	"fmt"
)

// failures holds the tasks that ended with an error for which nobody has waited
// yet. A server that runs for months must not grow by each of them, so beyond
// maxFailures they are only counted.
type failures struct {
	first waitList
	n     int
	more  int
}

const maxFailures = 100

func (f *failures) add(t *Task) {
	switch {
	case t == t.loop.main || t.obeyed():
	case f.n == maxFailures:
		t.counted = true
		f.more++
	default:
		f.n++
		f.first.push(t)
	}
}

// drop forgets t, for whose error somebody has waited.
func (f *failures) drop(t *Task) {
	switch {
	case t.list == &f.first:
		f.first.remove(t)
		f.n--
	case t.counted:
		t.counted = false
		f.more--
	}
}

// join joins err and what is held.
func (f *failures) join(err error) error {
	if f.n+f.more == 0 {
		return err
	}
	errs := []error{err}
	for t := f.first.head; t != nil; t = t.next {
		errs = append(errs, fmt.Errorf("eventloop: a task that nobody waited for: %w", t.err))
	}
	if f.more > 0 {
		errs = append(errs, fmt.Errorf("eventloop: %d more tasks that nobody waited for failed", f.more))
	}
	return errors.Join(errs...)
}
