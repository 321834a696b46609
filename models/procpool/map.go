package procpool

import (
	"bytes"
	"context"
	"errors"
	"iter"
)

// A Result is how one of the tasks of [Pool.MapCompleted] ended.
type Result struct {
	Output []byte
	Err    error
}

// Map calls the function registered as name with each input and yields the
// results in the order of the inputs. It takes inputs a few chunks ahead of what
// was yielded, so they may be endless; an input must not change before its
// result was yielded. A failed task yields its error and the rest goes on. When
// ctx ends, what has not ended yields its cause, and so does every input after
// that. When the caller stops early, tasks not yielded are cancelled as by their
// context, and Map returns when they have ended.
//
// Small outputs share memory; see [Future.Result].
func (p *Pool) Map(ctx context.Context, name string, inputs iter.Seq[[]byte]) iter.Seq2[[]byte, error] {
	return p.mapInOrder(ctx, name, valid(inputs))
}

// MapCompleted is Map with the results as the tasks end, each with the index of
// its input.
func (p *Pool) MapCompleted(ctx context.Context, name string, inputs iter.Seq[[]byte]) iter.Seq2[int, Result] {
	return p.mapCompleted(ctx, name, valid(inputs))
}

// valid is inputs none of which is an error.
func valid(inputs iter.Seq[[]byte]) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for input := range inputs {
			if !yield(input, nil) {
				return
			}
		}
	}
}

// mapInOrder is Map; an input that is an error yields that.
func (p *Pool) mapInOrder(ctx context.Context, name string, inputs iter.Seq2[[]byte, error]) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		var order reorder
		defer order.drop()
		p.runBatch(ctx, name, inputs, func(b *batch, a arrival) bool {
			for ok := order.take(&a); ok; ok = order.next(&a) {
				b.yielded++
				if got := a.result(); !yield(got.Output, got.Err) {
					return false
				}
			}
			return true
		})
	}
}

// mapCompleted is MapCompleted; an input that is an error yields that.
func (p *Pool) mapCompleted(ctx context.Context, name string, inputs iter.Seq2[[]byte, error]) iter.Seq2[int, Result] {
	return func(yield func(int, Result) bool) {
		p.runBatch(ctx, name, inputs, func(b *batch, a arrival) bool {
			b.yielded++
			return yield(a.index, a.result())
		})
	}
}

// errStopped is the cause of tasks whose Map was left early.
var errStopped = errors.New("procpool: the caller of Map stopped")

// runBatch submits the inputs and hands each arrival to take, until that returns
// false.
func (p *Pool) runBatch(ctx context.Context, name string, inputs iter.Seq2[[]byte, error], take func(*batch, arrival) bool) {
	number, unknown := program.find(name)
	b := p.newBatch(name, number)
	b.cause = unknown
	if ctx.Done() != nil {
		if ctx.Err() != nil {
			p.cancelBatch(b, context.Cause(ctx))
		}
		defer context.AfterFunc(ctx, func() { p.cancelBatch(b, context.Cause(ctx)) })()
	}
	defer b.stop(errStopped) // also if an input or a yield panics
	each := func(a arrival) bool { return take(b, a) }
	for input, err := range inputs {
		b.add(input, err)
		for b.news.Load() || !b.room() {
			if !b.receive(each) {
				return
			}
		}
	}
	b.exhaust()
	for b.arrived < b.added {
		if !b.receive(each) {
			return
		}
	}
}

// result copies a lent output, and gives it back.
func (a *arrival) result() Result {
	if a.loan != nil {
		a.output = bytes.Clone(a.loan.bytes)
		a.loan.giveBack()
		a.loan = nil
	}
	return Result{a.output, a.err}
}

// A reorder puts arrivals into the order of their indexes.
type reorder struct {
	first int       // index of the next one
	ring  []arrival // of a power of two; the one with index i at i modulo its length
	there []bool
}

// take takes an arrival, and tells whether it is the next one in order. If it is
// not, it is kept until it is.
func (r *reorder) take(a *arrival) bool {
	if a.index == r.first {
		r.first++
		return true
	}
	if a.index-r.first >= len(r.ring) {
		r.grow(a.index - r.first + 1)
	}
	at := a.index & (len(r.ring) - 1)
	r.ring[at], r.there[at] = *a, true
	return false
}

// grow makes room for n arrivals from the first on.
func (r *reorder) grow(n int) {
	size := max(64, len(r.ring))
	for size < n {
		size *= 2
	}
	ring, there := make([]arrival, size), make([]bool, size)
	for i := range r.ring {
		old, at := (r.first+i)&(len(r.ring)-1), (r.first+i)&(size-1)
		ring[at], there[at] = r.ring[old], r.there[old]
	}
	r.ring, r.there = ring, there
}

// next sets a to the arrival that is next in order, if that is there.
func (r *reorder) next(a *arrival) bool {
	if len(r.ring) == 0 {
		return false
	}
	at := r.first & (len(r.ring) - 1)
	if !r.there[at] {
		return false
	}
	*a = r.ring[at]
	r.ring[at], r.there[at] = arrival{}, false
	r.first++
	return true
}

// drop gives back what is lent to arrivals that were not yielded.
func (r *reorder) drop() {
	for _, a := range r.ring {
		if a.loan != nil {
			a.loan.giveBack()
		}
	}
}
