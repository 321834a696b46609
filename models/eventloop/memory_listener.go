package eventloop

import (
	"net"
	"time"
)

// A memoryListener accepts connections of a [Network].
type memoryListener struct {
	descriptor
	network *Network
	addr    memoryAddr
	offered []*memoryConn // that nobody accepted yet
}

// offer gives l a connection to accept.
func (l *memoryListener) offer(c *memoryConn) {
	l.offered = append(l.offered, c)
	l.read.blocked.wakeAll(nil)
}

func (l *memoryListener) Accept() (net.Conn, error) {
	t, err := l.enter(&l.read)
	if err != nil {
		return nil, l.failure("accept", err)
	}
	defer l.leave(&l.read)
	for len(l.offered) == 0 {
		if err := l.await(t.ambient(), &l.read, &l.read.blocked); err != nil {
			return nil, l.failure("accept", err)
		}
	}
	c := l.offered[0]
	l.offered[0] = nil
	l.offered = l.offered[1:]
	return c, nil
}

// Close gives the address free and closes the connections that nobody accepted,
// in any goroutine.
func (l *memoryListener) Close() error {
	if !l.closed.CompareAndSwap(false, true) {
		return l.failure("close", net.ErrClosed)
	}
	l.loop.call(func() {
		delete(l.network.listeners, string(l.addr))
		l.wakeClosed()
		for _, c := range l.offered {
			c.Close()
		}
		l.offered = nil
	})
	return nil
}

func (l *memoryListener) Addr() net.Addr { return l.addr }

// SetDeadline sets when Accept fails with os.ErrDeadlineExceeded, in any
// goroutine.
func (l *memoryListener) SetDeadline(t time.Time) error {
	if l.closed.Load() {
		return l.failure("set", net.ErrClosed)
	}
	l.setDeadline(&l.read, t)
	return nil
}

func (l *memoryListener) failure(op string, err error) error {
	return &net.OpError{Op: op, Net: l.addr.Network(), Addr: l.addr, Err: err}
}
