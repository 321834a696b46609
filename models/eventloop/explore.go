package eventloop

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// ErrOrder is what [Replay] and [Explore] return for a program that does not do
// the same twice in the same order: one that looks at the time of day, at random
// numbers of its own, or at what other goroutines and the kernel do.
var ErrOrder = errors.New("eventloop: the program does something else when it runs in the same order again; it must depend on nothing but the loop")

// An Exploration is what [Explore] found.
type Exploration struct {
	Runs     int  // how many orders were tried
	Complete bool // these were all that there are
	// Err is what the program returned in the first order in which it failed,
	// nil if it never did. Order is that order, made as plain as can be while the
	// program still fails, for [Replay].
	Err   error
	Order []int
}

// Explore runs program in every order in which its tasks and callbacks could take
// turns, in loops with virtual time, until it returns an error or panics. It finds
// what goes wrong in one order in a million, if the program is small: a few tasks
// with a few waits each. Whatever may be ready at the same time is tried in each
// order; the number of orders grows like the product of the factorials of how many
// are ready at once. At most limit orders are tried, and 10,000 if limit is 0.
//
// The program must depend on the loop alone, so that it does the same again in the
// same order: what it shares between tasks it has to make anew each time, and it
// has a [Network] instead of sockets. Explore makes loops of its own, on every
// system, and is not for tasks. This is what loom does for Rust.
func Explore(ctx context.Context, limit int, program func(ctx context.Context) error) (Exploration, error) {
	if limit <= 0 {
		limit = 10_000
	}
	var found Exploration
	for order := []int(nil); found.Runs < limit; {
		made, err, broken := runInOrder(ctx, order, program)
		if broken != nil {
			return found, broken
		}
		found.Runs++
		if err != nil {
			found.Err, found.Order, broken = simplify(ctx, made.order(), err, program)
			return found, broken
		}
		if order = made.next(); order == nil {
			found.Complete = true
			return found, nil
		}
	}
	return found, nil
}

// Replay runs program once, in an order that [Explore] has found.
func Replay(ctx context.Context, order []int, program func(ctx context.Context) error) error {
	_, err, broken := runInOrder(ctx, order, program)
	return errors.Join(broken, err)
}

// simplify replaces the choices of an order by the first come, one after another,
// as long as the program still fails.
func simplify(ctx context.Context, order []int, err error, program func(ctx context.Context) error) (error, []int, error) {
	for i := range order {
		if order[i] == 0 {
			continue
		}
		plainer := slices.Clone(order)
		plainer[i] = 0
		made, again, broken := runInOrder(ctx, plainer, program)
		if broken == nil && again != nil {
			order, err = append(plainer[:i+1], made.order()[i+1:]...), again
		} else if broken != nil && !errors.Is(broken, ErrOrder) {
			return err, order, broken
		}
	}
	for len(order) > 0 && order[len(order)-1] == 0 {
		order = order[:len(order)-1] // it is 0 anyway
	}
	return err, order, nil
}

// A choice is which of how many that were ready went first.
type choice struct{ chosen, of int }

type choices []choice

// next returns the order after this one, nil after the last: the last choice that
// can be another is.
func (c choices) next() []int {
	for i := len(c) - 1; i >= 0; i-- {
		if c[i].chosen+1 < c[i].of {
			return append(c[:i].order(), c[i].chosen+1)
		}
	}
	return nil
}

func (c choices) order() []int {
	order := make([]int, len(c), len(c)+1)
	for i := range c {
		order[i] = c[i].chosen
	}
	return order
}

// runInOrder runs program with the choices of order, and the first one where that
// has none. broken says why that was not possible.
func runInOrder(ctx context.Context, order []int, program func(ctx context.Context) error) (made choices, err, broken error) {
	l, broken := New(Options{VirtualTime: true, WithoutKernel: true})
	if broken != nil {
		return nil, nil, broken
	}
	defer l.release()
	l.pick = func(n int) int {
		if n == 1 {
			return 0
		}
		c := choice{of: n}
		if i := len(made); i < len(order) {
			c.chosen = order[i]
		}
		if c.chosen >= n {
			broken = fmt.Errorf("%w: choice %d was among %d or more, now among %d", ErrOrder, len(made), c.chosen+1, n)
			c.chosen = 0
		}
		made = append(made, c)
		return c.chosen
	}
	err = l.shut(l.Run(ctx, program))
	if broken == nil && len(made) < len(order) {
		broken = fmt.Errorf("%w: it had %d choices, now %d", ErrOrder, len(order), len(made))
	}
	return made, err, broken
}
