package eventloop

import (
	"context"
	"io/fs"
	"slices"
)

// transfer calls do in a helper, with a copy of from, and then copies what came to
// to; one of both is nil. A helper that nobody waits for any more keeps its memory.
func (f *File) transfer(op string, turn bool, from, to []byte, do func(buf []byte) (int, error)) (int, error) {
	ctx, err := f.enter(op, turn)
	if err != nil {
		return 0, err
	}
	buf := f.take(max(len(from), len(to)))
	copy(buf, from)
	n, over, err := operate(ctx, f, op, turn, func() (int, error) { return do(buf) })
	if over {
		copy(to, buf[:n])
		f.spare = append(f.spare, buf)
	}
	return n, err
}

// take returns memory for n bytes.
func (f *File) take(n int) []byte {
	if last := len(f.spare) - 1; last >= 0 {
		buf := f.spare[last]
		f.spare[last] = nil
		f.spare = f.spare[:last]
		return slices.Grow(buf[:0], n)[:n]
	}
	return make([]byte, n)
}

// inTurn calls do in a helper when it is its turn.
func inTurn[T any](f *File, op string, do func() (T, error)) (T, error) {
	ctx, err := f.enter(op, true)
	if err != nil {
		return *new(T), err
	}
	value, _, err := operate(ctx, f, op, true, do)
	return value, err
}

// enter returns the context of the calling task, when it is its turn if that
// matters.
func (f *File) enter(op string, turn bool) (context.Context, error) {
	t := f.loop.current
	if t == nil {
		return nil, f.failure(op, errOutside)
	}
	ctx := t.ambient()
	if turn {
		f.loop.outside++ // perhaps a helper has the turn, and no task waits for it
		err := f.turn.Acquire(ctx)
		f.loop.outside--
		if err != nil {
			return nil, f.failure(op, err)
		}
	}
	return ctx, nil
}

// operate calls do in a helper, and then gives the turn back. If over is false,
// the caller was cancelled and do goes on; it keeps the turn until its end.
func operate[T any](ctx context.Context, f *File, op string, turn bool, do func() (T, error)) (value T, over bool, err error) {
	r := &errand[T]{f: do, what: "File"}
	if turn {
		r.late = func(T) { f.loop.post(f.turn.Release) }
	}
	value, err = r.wait(ctx, f.loop.helpers)
	state := r.state.Load()
	if state != errandDone {
		err = f.failure(op, err)
	}
	over = state != errandLeft
	if turn && over {
		f.turn.Release()
	}
	return value, over, err
}

func (f *File) failure(op string, err error) error {
	return &fs.PathError{Op: op, Path: f.file.Name(), Err: err}
}
