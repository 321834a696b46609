package eventloop

// A store keeps the items of a [Queue] and says which is the next one.
type store[T any] interface {
	put(v T)
	take() T // there must be one
	size() int
}

// spareItems is how many places a store keeps when it has become empty. It gives
// back what a burst has made it grow to beyond that.
const spareItems = 1024

// fifo gives the oldest item first. It is a ring whose size is a power of two.
type fifo[T any] struct {
	ring  []T
	first int
	n     int
}

func (s *fifo[T]) size() int { return s.n }

func (s *fifo[T]) put(v T) {
	if s.n == len(s.ring) {
		ring := make([]T, max(8, 2*len(s.ring)))
		moved := copy(ring, s.ring[s.first:])
		copy(ring[moved:], s.ring[:s.first])
		s.ring, s.first = ring, 0
	}
	s.ring[(s.first+s.n)&(len(s.ring)-1)] = v
	s.n++
}

func (s *fifo[T]) take() T {
	v := s.ring[s.first]
	s.ring[s.first] = *new(T) // or the ring would keep it
	s.first = (s.first + 1) & (len(s.ring) - 1)
	s.n--
	if s.n == 0 && len(s.ring) > spareItems {
		s.ring, s.first = nil, 0
	}
	return v
}

// lifo gives the newest item first.
type lifo[T any] struct{ stack []T }

func (s *lifo[T]) size() int { return len(s.stack) }

func (s *lifo[T]) put(v T) { s.stack = append(s.stack, v) }

func (s *lifo[T]) take() T {
	last := len(s.stack) - 1
	v := s.stack[last]
	s.stack = shorten(s.stack)
	return v
}

// ordered gives the smallest item first, and of equal ones the oldest. It is a
// binary heap. container/heap was rejected because it boxes every item.
type ordered[T any] struct {
	compare func(a, b T) int
	heap    []orderedItem[T]
	added   uint64
}

type orderedItem[T any] struct {
	value T
	order uint64
}

func (s *ordered[T]) size() int { return len(s.heap) }

func (s *ordered[T]) before(i, j int) bool {
	a, b := &s.heap[i], &s.heap[j]
	c := s.compare(a.value, b.value)
	return c < 0 || c == 0 && a.order < b.order
}

func (s *ordered[T]) swap(i, j int) { s.heap[i], s.heap[j] = s.heap[j], s.heap[i] }

// put swaps where timers moves a hole: if compare panics, every item is still there
// once.
func (s *ordered[T]) put(v T) {
	s.added++
	s.heap = append(s.heap, orderedItem[T]{v, s.added})
	for i := len(s.heap) - 1; i > 0; {
		parent := (i - 1) / 2
		if !s.before(i, parent) {
			break
		}
		s.swap(i, parent)
		i = parent
	}
}

func (s *ordered[T]) take() T {
	v := s.heap[0].value
	s.swap(0, len(s.heap)-1)
	s.heap = shorten(s.heap)
	for i := 0; ; {
		first := i
		for child := 2*i + 1; child < min(2*i+3, len(s.heap)); child++ {
			if s.before(child, first) {
				first = child
			}
		}
		if first == i {
			return v
		}
		s.swap(i, first)
		i = first
	}
}

// shorten takes the last item off s.
func shorten[S ~[]E, E any](s S) S {
	last := len(s) - 1
	s[last] = *new(E) // or the array would keep it
	if last == 0 && cap(s) > spareItems {
		return nil
	}
	return s[:last]
}
