package eventloop

import (
	"context"
	"errors"
	"fmt"
	"math"
)

var (
	// ErrShutdown is what Put and TryPut return for a [Queue] that was shut
	// down, and Get and TryGet once it is empty too.
	ErrShutdown = errors.New("eventloop: the queue was shut down")
	// ErrFull is what TryPut returns when Put would wait.
	ErrFull = errors.New("eventloop: the queue has no free place; use Put to wait for one")
	// ErrEmpty is what TryGet returns when Get would wait.
	ErrEmpty = errors.New("eventloop: the queue has no item to spare; use Get to wait for one")
)

// A Queue hands items from tasks to tasks. It is asyncio.Queue, with the shutdown
// of Python 3.13. The zero value is a Queue without a bound that gives the oldest
// item first; [NewLIFOQueue] and [NewPriorityQueue] make those with another order.
// They are of one type, as in asyncio, so that what works with one works with all.
//
// Tasks that get are served in the order in which they came, and so are tasks
// that put; asyncio lets a newcomer overtake one that was woken and has not run
// yet, a Queue does not. An item stays in the Queue until the task that gets it
// runs, so a task that is cancelled instead loses none, and gets the item that is
// the next one then.
//
// A Queue belongs to the loop of the first task that calls Put, Get or Join and
// must not be copied. These panic in another loop and in a goroutine that is no
// task. The other methods take no context and so cannot tell: called from
// elsewhere they are a data race.
type Queue[T any] struct {
	store    store[T] // nil before the first use of the zero value
	capacity int      // 0 for no bound
	getters  line
	putters  line
	joiners  line
	undone   int // items put for which TaskDone was not called
	shut     bool
}

// NewQueue returns a Queue that holds up to capacity items, or any number if
// capacity is not positive, and gives the oldest first.
func NewQueue[T any](capacity int) *Queue[T] {
	return newQueue(capacity, new(fifo[T]))
}

// NewLIFOQueue is [NewQueue] for a Queue that gives the newest item first. It is
// asyncio.LifoQueue.
func NewLIFOQueue[T any](capacity int) *Queue[T] {
	return newQueue(capacity, new(lifo[T]))
}

// NewPriorityQueue is [NewQueue] for a Queue that gives the smallest item first,
// and of equal ones the oldest; asyncio.PriorityQueue leaves that open. compare
// returns a negative number if a comes before b, a positive one if after, and 0 if
// they are equal, as cmp.Compare does. It must be a strict weak ordering, and
// neither wait nor use the Queue. To put and to get cost a number of comparisons
// that grows with the logarithm of the number of items. NewPriorityQueue panics if
// compare is nil.
func NewPriorityQueue[T any](capacity int, compare func(a, b T) int) *Queue[T] {
	if compare == nil {
		panic("eventloop: NewPriorityQueue without a function that compares items; cmp.Compare is one for numbers and strings")
	}
	return newQueue(capacity, &ordered[T]{compare: compare})
}

func newQueue[T any](capacity int, s store[T]) *Queue[T] {
	return &Queue[T]{store: s, capacity: max(0, capacity)}
}

// Put puts v into q, and waits for a free place before if there is none. It returns
// [ErrShutdown] if q is shut down, before or meanwhile. If ctx ends first, or
// has ended before, it returns the cause. With an error v was not put.
func (q *Queue[T]) Put(ctx context.Context, v T) error {
	t, err := q.putters.enter(ctx, q)
	if err != nil {
		return err
	}
	if !q.shut && (q.places() == 0 || !q.putters.empty()) {
		if err := q.putters.wait(ctx, t); err != nil {
			q.call()
			return err
		}
	}
	if q.shut {
		return ErrShutdown
	}
	q.push(v)
	return nil
}

// TryPut puts v into q if there is a place that no task waits for, and else returns
// [ErrFull], or [ErrShutdown] if q is shut down. It never suspends the caller.
func (q *Queue[T]) TryPut(v T) error {
	switch {
	case q.shut:
		return ErrShutdown
	case q.putters.waiting.head != nil || q.places() <= q.putters.called:
		return ErrFull
	}
	q.push(v)
	return nil
}

// Get takes the next item, and waits for one if there is none. It returns
// [ErrShutdown] if q is shut down and empty, before or meanwhile. If ctx ends
// first, or has ended before, it returns the cause and takes nothing.
func (q *Queue[T]) Get(ctx context.Context) (T, error) {
	t, err := q.getters.enter(ctx, q)
	if err != nil {
		return *new(T), err
	}
	if !q.over() && (q.Len() == 0 || !q.getters.empty()) {
		if err := q.getters.wait(ctx, t); err != nil {
			q.call()
			return *new(T), err
		}
	}
	if q.over() {
		return *new(T), ErrShutdown
	}
	return q.pop(), nil
}

// TryGet takes the next item if there are more than tasks wait for, and else
// returns [ErrEmpty], or [ErrShutdown] if q is shut down and empty. It never
// suspends the caller.
func (q *Queue[T]) TryGet() (T, error) {
	switch {
	case q.over():
		return *new(T), ErrShutdown
	case q.getters.waiting.head != nil || q.Len() <= q.getters.called:
		return *new(T), ErrEmpty
	}
	return q.pop(), nil
}

// Len returns how many items are in q, those too that are due to tasks that were
// woken and have not run yet.
func (q *Queue[T]) Len() int {
	if q.store == nil {
		return 0
	}
	return q.store.size()
}

// Cap returns how many items q can hold, or 0 if there is no bound.
func (q *Queue[T]) Cap() int { return q.capacity }

// Unfinished returns how many items were put for which TaskDone was not called.
// When there is none, Join goes on.
func (q *Queue[T]) Unfinished() int { return q.undone }

// TaskDone says that the work with one item that was got is done. It panics if
// that was said for all items that were put.
func (q *Queue[T]) TaskDone() {
	if q.undone == 0 {
		panic("eventloop: TaskDone for more items than were put; call it once after each Get that returned an item")
	}
	q.finish(1)
}

func (q *Queue[T]) finish(n int) {
	q.undone -= n
	if q.undone == 0 {
		q.joiners.call(math.MaxInt)
	}
}

// Join waits until TaskDone was called for every item that was put. It goes on
// even if items are put before it runs again. If ctx ends first, or has ended
// before, it returns the cause. A shutdown does not end it, as items may be left
// to work on.
func (q *Queue[T]) Join(ctx context.Context) error {
	t, err := q.joiners.enter(ctx, q)
	if err != nil || q.undone == 0 {
		return err
	}
	return q.joiners.wait(ctx, t)
}

// Shutdown has every Put fail with [ErrShutdown] from now on, those that wait
// too, and every Get that finds no item left. To call it again does nothing. It is
// shutdown(immediate=False) of asyncio.
func (q *Queue[T]) Shutdown() {
	q.shut = true
	q.putters.waiting.wakeAll(ErrShutdown)
	q.call()
}

// ShutdownNow is Shutdown that takes the items out of q, so that every Get fails
// too. It returns them in the order in which Get would have, for the caller to
// release what they hold. They count as done: Join goes on if all others are. It is
// shutdown(immediate=True) of asyncio, which drops the items.
func (q *Queue[T]) ShutdownNow() []T {
	items := make([]T, 0, q.Len())
	for q.Len() > 0 {
		items = append(items, q.store.take())
	}
	q.Shutdown()
	q.finish(len(items))
	return items
}

// Getters returns how many tasks wait in Get and have not been woken. It counts
// them one by one.
func (q *Queue[T]) Getters() int { return q.getters.size() }

// Putters returns how many tasks wait in Put and have not been woken. It counts
// them one by one.
func (q *Queue[T]) Putters() int { return q.putters.size() }

// Joiners returns how many tasks wait in Join and have not been woken. It counts
// them one by one.
func (q *Queue[T]) Joiners() int { return q.joiners.size() }

// over reports whether there is nothing to get and never will be.
func (q *Queue[T]) over() bool { return q.shut && q.Len() == 0 }

// places returns how many items more q can hold.
func (q *Queue[T]) places() int {
	if q.capacity == 0 {
		return math.MaxInt
	}
	return q.capacity - q.Len()
}

func (q *Queue[T]) push(v T) {
	if q.store == nil {
		q.store = new(fifo[T])
	}
	q.undone++
	q.store.put(v)
	q.call()
}

func (q *Queue[T]) pop() T {
	v := q.store.take()
	q.call()
	return v
}

// call calls those that can go on. It follows whatever changes the items or the
// lines.
func (q *Queue[T]) call() {
	q.getters.call(q.Len())
	q.putters.call(q.places())
	if q.over() {
		q.getters.waiting.wakeAll(ErrShutdown)
	}
}

// String says what q is, how many items it holds and how many tasks wait.
func (q *Queue[T]) String() string {
	name, state := "Queue", ""
	switch q.store.(type) {
	case *lifo[T]:
		name = "LIFOQueue"
	case *ordered[T]:
		name = "PriorityQueue"
	}
	if q.shut {
		state = "shut down, "
	}
	return fmt.Sprintf("%s (%s%d items, %d unfinished, %d getting, %d putting, %d joining)",
		name, state, q.Len(), q.undone, q.Getters(), q.Putters(), q.Joiners())
}
