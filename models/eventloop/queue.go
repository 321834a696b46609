package eventloop

// A runnable is what can be ready: a task, or a callback.
type runnable interface {
	// step runs it on the loop's thread, a task until it waits.
	step()
}

// A queue holds what is ready, first in first out. It is a ring whose size is a
// power of two.
type queue struct {
	ring  []runnable
	first int
	n     int
}

func (q *queue) push(t runnable) {
	if q.n == len(q.ring) {
		q.grow()
	}
	q.ring[(q.first+q.n)&(len(q.ring)-1)] = t
	q.n++
}

// pop takes the first one; there must be one.
func (q *queue) pop() runnable {
	t := q.ring[q.first]
	q.ring[q.first] = nil // or the ring would keep an ended task
	q.first = (q.first + 1) & (len(q.ring) - 1)
	q.n--
	return t
}

// advance moves the one at place i, counted from 0, to the front. The others
// keep their order.
func (q *queue) advance(i int) {
	mask := len(q.ring) - 1
	chosen := q.ring[(q.first+i)&mask]
	for ; i > 0; i-- {
		q.ring[(q.first+i)&mask] = q.ring[(q.first+i-1)&mask]
	}
	q.ring[q.first] = chosen
}

func (q *queue) grow() {
	ring := make([]runnable, max(64, 2*len(q.ring)))
	moved := copy(ring, q.ring[q.first:])
	copy(ring[moved:], q.ring[:q.first])
	q.ring, q.first = ring, 0
}

// A waitList is a list of tasks, first in first out, from which one in the
// middle can be taken at no cost. Its links are in the tasks, since a task
// waits in one place at a time.
type waitList struct{ head, tail *Task }

func (w *waitList) push(t *Task) {
	t.list, t.prev = w, w.tail
	if w.tail == nil {
		w.head = t
	} else {
		w.tail.next = t
	}
	w.tail = t
}

func (w *waitList) remove(t *Task) {
	if t.prev == nil {
		w.head = t.next
	} else {
		t.prev.next = t.next
	}
	if t.next == nil {
		w.tail = t.prev
	} else {
		t.next.prev = t.prev
	}
	t.list, t.prev, t.next = nil, nil, nil
}

// wakeAll makes every task of the list ready; their waits return err.
func (w *waitList) wakeAll(err error) {
	for w.head != nil {
		w.head.wake(err) // takes it off the list
	}
}
