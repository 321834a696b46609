package eventloop

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"
)

// ErrServerClosed is the cause with which [Server.Shutdown] cancels the tasks of
// clients that are left, and what ServeForever returns when another task has closed
// the server. It wraps context.Canceled.
var ErrServerClosed = fmt.Errorf("eventloop: the server was closed: %w", context.Canceled)

// A Server accepts connections and serves each of them. It is asyncio.Server. Make
// one with [Serve], [ServeStream] or [ServeProtocol].
//
// It ends with the context that it was begun with: then it accepts nothing more,
// the tasks of its clients are cancelled with the same cause, and other connections
// are aborted. A handler's error or panic ends its connection alone; it goes to
// Options.OnError, or Run returns it among those that nobody has seen.
//
// Its methods are for the tasks and callbacks of the loop; those that take a
// context are for tasks.
type Server struct {
	loop     *Loop
	listener net.Listener
	task     *Task  // accepts, and then waits for the clients to go
	scope    *Scope // of the clients' tasks
	seats    []*seat
	empty    waitList // the task, when it waits for that
	closed   bool     // Close was called
	hungUp   bool     // CloseClients or AbortClients was called
	evicted  bool     // the clients have no more time
}

// A peer is a connection, as far as the server is concerned.
type peer interface {
	Close() error
	Abort()
	RemoteAddr() net.Addr
}

// A seat is the place of a client in the server's list.
type seat struct {
	peer
	place int
	task  *Task // that serves it; nil if there is none
}

// Serve accepts connections from l, and calls handler in a task of its own for each
// of them. The connection is closed when handler returns. l may be of [Listen], a
// [Network], or built upon either, as by tls.NewListener. The server owns l and
// closes it in the end. Serve does not wait.
func Serve(ctx context.Context, l net.Listener, handler func(ctx context.Context, conn net.Conn) error) *Server {
	return serve(ctx, l, func(ctx context.Context, s *Server, c net.Conn) {
		s.attend(ctx, s.admit(connPeer{c}), func(ctx context.Context) error {
			defer c.Close() // in the task, because a tls.Conn may have to wait for it
			return handler(ctx, c)
		})
	})
}

// A connPeer is the client of Serve.
type connPeer struct{ net.Conn }

func (p connPeer) Abort() { abortConn(p.Conn) }

// serve returns a server that calls welcome for each connection.
func serve(ctx context.Context, l net.Listener, welcome func(ctx context.Context, s *Server, c net.Conn)) *Server {
	s := &Server{loop: loopOf(ctx, "Serve"), listener: l}
	// Eager, so that it has begun, and will close l, whatever cancels it.
	s.task = GoEager(ctx, func(ctx context.Context) error { return s.run(ctx, welcome) })
	return s
}

// run is the server's task.
func (s *Server) run(ctx context.Context, welcome func(context.Context, *Server, net.Conn)) error {
	s.scope = WithScope(ctx)
	defer s.scope.Close()
	t := running(ctx)
	err := s.accept(welcome)
	s.Close()
	if t.obeyed(err) {
		s.evict(t.reason())
	}
	for len(s.seats) > 0 {
		s.empty.push(t)
		if s.evicted {
			t.suspendAnyway(s)
		} else if cause := t.suspend(ctx, s); cause != nil {
			s.evict(cause)
			err = cause
		}
	}
	return err
}

// accept accepts until the server is closed.
func (s *Server) accept(welcome func(context.Context, *Server, net.Conn)) error {
	for {
		c, err := s.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		welcome(s.scope, s, c)
	}
}

// evict ends what is left.
func (s *Server) evict(cause error) {
	s.evicted = true
	s.scope.Cancel(cause)
	for _, seat := range s.seats {
		if seat.task == nil {
			seat.Abort()
		}
	}
}

// admit gives p a seat.
func (s *Server) admit(p peer) *seat {
	seat := &seat{peer: p, place: len(s.seats)}
	s.seats = append(s.seats, seat)
	return seat
}

// attend has body serve the client of seat, in a task. It looks after that from
// outside, because a task that is cancelled before it begins does nothing.
func (s *Server) attend(ctx context.Context, seat *seat, body func(ctx context.Context) error) {
	seat.task = Go(ctx, body)
	seat.task.OnDone(func() {
		err := seat.task.Err()
		seat.Abort() // does nothing if it was closed
		ours := seat.task.Cancelled() || s.hungUp && errors.Is(err, net.ErrClosed)
		if err != nil && !ours {
			s.loop.report(fmt.Errorf("eventloop: serving %v: %w", seat.RemoteAddr(), err))
		}
		s.dismiss(seat)
	})
}

// dismiss takes the seat of a client that has gone. The last one moves up.
func (s *Server) dismiss(seat *seat) {
	n := len(s.seats) - 1
	s.seats[seat.place] = s.seats[n]
	s.seats[seat.place].place = seat.place
	s.seats[n] = nil
	s.seats = s.seats[:n]
	if n == 0 {
		s.empty.wakeAll(nil)
	}
}

// Close stops accepting. Clients that are there stay, and the server ends when the
// last one has gone; see [Server.CloseClients] and [Server.Shutdown]. A second
// Close does nothing. Close returns nil; it is an io.Closer.
func (s *Server) Close() error {
	if !s.closed {
		s.closed = true
		s.listener.Close()
	}
	return nil
}

// CloseClients closes all connections: those of [ServeProtocol] and [ServeStream]
// after what is left to send, while handlers that still read or write get
// net.ErrClosed, which is not reported.
func (s *Server) CloseClients() {
	s.hungUp = true
	for _, seat := range s.seats {
		seat.Close()
	}
}

// AbortClients closes all connections without sending what is left. TCP peers see a
// reset.
func (s *Server) AbortClients() {
	s.hungUp = true
	for _, seat := range s.seats {
		seat.Abort()
	}
}

// Clients returns how many connections are being served.
func (s *Server) Clients() int { return len(s.seats) }

// Serving reports whether the server accepts connections. It is is_serving.
func (s *Server) Serving() bool { return !s.closed }

// Addr returns the address that the server listens on.
func (s *Server) Addr() net.Addr { return s.listener.Addr() }

// WaitClosed waits until the server is closed and its last client has gone. It
// returns the error because of which the server could not go on accepting, if it
// was that. It is wait_closed.
func (s *Server) WaitClosed(ctx context.Context) error { return s.task.Wait(ctx) }

// ServeForever waits until ctx ends, or the calling task is cancelled. Then it
// closes the server and its clients, waits until they have gone, and returns the
// cause. If something else closes the server, it returns [ErrServerClosed] when the
// last client has gone. It is serve_forever.
func (s *Server) ServeForever(ctx context.Context) error {
	err := s.WaitClosed(ctx)
	if s.task.Done() {
		if err := s.task.Err(); err != nil {
			return err
		}
		return ErrServerClosed
	}
	s.Close()
	s.CloseClients()
	s.WaitClosed(context.WithoutCancel(ctx))
	return err
}

// Shutdown stops accepting and waits for the clients to go, for as long as grace.
// After that it cancels the tasks of those that are left with [ErrServerClosed],
// and aborts the other connections. When all have gone it returns nil, or a
// [*LeftoverError] that says who was left.
//
// If ctx ends during the grace, that is over at once, and Shutdown returns the cause
// without waiting any longer.
func (s *Server) Shutdown(ctx context.Context, grace time.Duration) error {
	s.Close()
	scope := WithTimeout(ctx, grace)
	err := s.WaitClosed(scope)
	scope.Close()
	if s.task.Done() {
		return s.task.Err()
	}
	var left LeftoverError
	for _, seat := range s.seats {
		left.Addrs = append(left.Addrs, seat.RemoteAddr())
	}
	s.evict(ErrServerClosed)
	if !scope.Expired() {
		return err
	}
	if err := s.WaitClosed(ctx); err != nil || len(left.Addrs) == 0 {
		return err
	}
	return &left
}

func (s *Server) String() string { return fmt.Sprintf("Server on %v", s.listener.Addr()) }

// A LeftoverError says which clients did not go in time when a server was shut
// down. They have gone by now.
type LeftoverError struct {
	Addrs []net.Addr // of the peers
}

func (e *LeftoverError) Error() string {
	return fmt.Sprintf("eventloop: %d clients were still connected when the server was shut down: %v", len(e.Addrs), e.Addrs)
}
