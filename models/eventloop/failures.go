package eventloop

import (
	"errors"
	"fmt"
	"slices"
)

// failures holds the errors that nobody has looked at yet: of tasks and futures
// nobody has waited for, and of callbacks. A server that runs for months must
// not grow by each of them, so beyond maxFailures they are only counted.
type failures struct {
	first []*promise
	more  int
}

const maxFailures = 100

// add takes p, which has ended with an error.
func (f *failures) add(p *promise) {
	p.held = true
	if len(f.first) == maxFailures {
		f.more++
		return
	}
	f.first = append(f.first, p)
}

// report takes the error of something that nobody can wait for.
func (f *failures) report(err error) {
	f.add(&promise{err: err, kind: aCallback})
}

// drop forgets p, at whose error somebody has looked.
func (f *failures) drop(p *promise) {
	p.held = false
	if i := slices.Index(f.first, p); i >= 0 {
		f.first = slices.Delete(f.first, i, i+1)
	} else {
		f.more--
	}
}

// take joins err with what is held, and forgets that.
func (f *failures) take(err error) error {
	if len(f.first) == 0 {
		return err
	}
	errs := []error{err}
	for _, p := range f.first {
		errs = append(errs, fmt.Errorf("eventloop: %s: %w", p.kind, p.err))
	}
	if f.more > 0 {
		errs = append(errs, fmt.Errorf("eventloop: %d more tasks that nobody waited for failed", f.more))
	}
	for _, p := range f.first {
		p.held = false
	}
	*f = failures{}
	return errors.Join(errs...)
}
