package eventloop

import "context"

// An Awaiter is an [Awaitable] with a value: a [*Future], a [*ValueTask] or what
// [Gather] returns.
type Awaiter[T any] interface {
	Awaitable
	// Await waits for the outcome and returns it. To be cancelled meanwhile
	// cancels what is awaited, and its outcome is returned when it is there.
	Await(ctx context.Context) (T, error)
	// Result returns the outcome, and [ErrNotDone] before there is one.
	Result() (T, error)
}

// A ValueTask is a [Task] whose function returns a value. Make one with [GoValue].
type ValueTask[T any] struct {
	Task
	value T
}

var (
	_ Awaiter[int] = (*Future[int])(nil)
	_ Awaiter[int] = (*ValueTask[int])(nil)
	_ Awaitable    = (*Task)(nil)
)

// SetName names t, for what is shown to people. It returns t.
func (t *ValueTask[T]) SetName(name string) *ValueTask[T] {
	t.Task.SetName(name)
	return t
}

// GoValue is [Go] for a function that returns a value. It allocates two objects.
func GoValue[T any](ctx context.Context, body func(ctx context.Context) (T, error)) *ValueTask[T] {
	l := loopOf(ctx, "GoValue")
	t := new(ValueTask[T])
	t.begin(ctx, l, branchOf(ctx), t.keep(body))
	l.ready.push(&t.Task)
	return t
}

// keep returns body as one that leaves its value in t.
func (t *ValueTask[T]) keep(body func(ctx context.Context) (T, error)) func(ctx context.Context) error {
	return func(ctx context.Context) (err error) {
		t.value, err = body(ctx)
		return err
	}
}

// Await waits until t has ended and returns what its function did; see
// [Task.Await].
func (t *ValueTask[T]) Await(ctx context.Context) (T, error) {
	err := t.await(ctx)
	return t.value, err
}

// Result returns what the function of t returned, and [ErrNotDone] before.
func (t *ValueTask[T]) Result() (T, error) { return t.value, t.Err() }

// NoValue returns a as an [Awaiter] with an empty value, for what takes only those: a
// task of [Go] that is to be given to [WaitFor] or [Shield], for instance.
func NoValue(a Awaitable) Awaiter[struct{}] { return noValue{a} }

type noValue struct{ Awaitable }

func (n noValue) Await(ctx context.Context) (struct{}, error) {
	return struct{}{}, n.await(ctx)
}

func (n noValue) Result() (struct{}, error) { return struct{}{}, n.Err() }
