package eventloop

// A byteQueue is bytes on their way, first in first out. It keeps its memory, up
// to a limit, so that a connection that is used all the time allocates once.
type byteQueue struct {
	buf   []byte
	first int // of the bytes that are left
}

// keptBytes is how much memory an empty byteQueue keeps at most.
const keptBytes = 64 << 10

func (q *byteQueue) size() int { return len(q.buf) - q.first }

// bytes returns what is in q. It is valid until the next push or drop.
func (q *byteQueue) bytes() []byte { return q.buf[q.first:] }

func (q *byteQueue) push(b []byte) {
	// To move the bytes to the front is worth it only if that makes much room,
	// or a queue that is nearly full would be copied with every push.
	if len(q.buf)+len(b) > cap(q.buf) && q.first >= len(q.buf)/2 {
		q.buf = q.buf[:copy(q.buf, q.bytes())]
		q.first = 0
	}
	q.buf = append(q.buf, b...)
}

// drop takes the first n bytes out.
func (q *byteQueue) drop(n int) {
	q.first += n
	if q.first < len(q.buf) {
		return
	}
	q.buf, q.first = q.buf[:0], 0
	if cap(q.buf) > keptBytes {
		q.buf = nil
	}
}
