package reexec

import "sync"

// How much of a child's output is kept for error messages: its begin, where a
// crash says what happened, and its end, where it says what came last. The end
// has room for the goroutines that a Go program prints on SIGQUIT.
const (
	headBytes = 1 << 10
	tailBytes = 31 << 10
)

// output is a writer that keeps the head and the tail of what was written.
type output struct {
	mu         sync.Mutex
	head, tail []byte
	omitted    bool
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	room := min(len(b), headBytes-len(o.head))
	o.head = append(o.head, b[:room]...)
	o.tail = append(o.tail, b[room:]...)
	if len(o.tail) > 2*tailBytes { // seldom, since it moves what is kept
		o.tail = append(o.tail[:0], o.tail[len(o.tail)-tailBytes:]...)
		o.omitted = true
	}
	return len(b), nil
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	if over := len(o.tail) - tailBytes; over > 0 || o.omitted {
		return string(o.head) + "\n[…]\n" + string(o.tail[max(0, over):])
	}
	return string(o.head) + string(o.tail)
}
