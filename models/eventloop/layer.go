package eventloop

import "net"

// A layer is the outlet of a connection that is built upon a socket of the loop,
// such as one of crypto/tls. What is written goes through conn at once, and what
// comes out below is kept in the outbox of the socket, so nothing waits.
//
// To have a task that waits instead, as a pump does, was rejected: it would wait
// with a lock of crypto/tls in hand, and a task that reads may want the same lock,
// to answer an alert or a change of keys. As both are on one thread, that would be
// the end of both.
type layer struct {
	*outbox
	conn net.Conn
}

func newLayer(conn net.Conn, d *descriptor, s sender) *layer {
	o := newOutbox(d, s)
	o.layered = true
	return &layer{o, conn}
}

func (l *layer) write(b []byte) (int, error) {
	n, err := l.conn.Write(b)
	if err != nil {
		l.discard()
		l.sender.failed(err)
		return n, err
	}
	l.look()
	return n, nil
}

func (l *layer) writeAll(parts [][]byte) (int, error) {
	n := 0
	for _, b := range parts {
		written, err := l.write(b)
		n += written
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

func (l *layer) last() { closeWrite(l.conn) } // or it has no such thing

func (l *layer) finish() error { return closeWrite(l.conn) }
