package eventloop_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"testing"
	"time"

	"pgregory.net/rapid"

	"juggle/models/eventloop"
)

// A siege is a random schedule of clients that come, talk and go, and of tasks that
// wait for a server, close it in all ways, and are cancelled at any moment.
type siege struct {
	k       *kind
	server  *eventloop.Server
	clients []net.Conn
	waiters []*eventloop.Task
	asked   map[*eventloop.Task]bool
	open    int // handlers that run
	faults  []string
}

func (g *siege) require(ok bool, format string, args ...any) {
	if !ok {
		g.faults = append(g.faults, fmt.Sprintf(format, args...))
	}
}

// wait begins a task that waits for the server in some way.
func (g *siege) wait(ctx context.Context, which int) {
	var task *eventloop.Task
	task = eventloop.Go(ctx, func(ctx context.Context) error {
		var err error
		switch which % 4 {
		case 0, 1:
			err = g.server.WaitClosed(ctx)
		case 2:
			err = g.server.ServeForever(ctx)
		case 3:
			err = g.server.Shutdown(ctx, time.Duration(which)*time.Second)
		}
		var left *eventloop.LeftoverError
		ok := err == nil || errors.As(err, &left) || errors.Is(err, eventloop.ErrServerClosed) || g.asked[task] && errors.Is(err, errTest)
		g.require(ok, "a task that waits for the server returns %v", err)
		g.require(g.asked[task] || g.server.Clients() == 0 && !g.server.Serving(), "the server is said to be closed with %d clients", g.server.Clients())
		return err
	})
	g.waiters = append(g.waiters, task)
}

func (g *siege) step(ctx context.Context, action, which int) {
	switch action {
	case 0, 1, 2:
		for range which {
			g.require(eventloop.Yield(ctx) == nil, "Yield failed")
		}
	case 3, 4:
		if c, err := g.k.dial(ctx, g.server.Addr()); err == nil {
			g.clients = append(g.clients, c)
		}
	case 5:
		for _, c := range g.clients[:min(which, len(g.clients))] {
			eventloop.Go(ctx, func(context.Context) error { c.Write([]byte("hello")); return nil })
		}
	case 6:
		if len(g.clients) > 0 {
			g.clients[which%len(g.clients)].Close()
		}
	case 7:
		g.wait(ctx, which)
	case 8:
		if len(g.waiters) > 0 {
			task := g.waiters[which%len(g.waiters)]
			g.asked[task] = g.asked[task] || task.Cancel(errTest)
		}
	case 9:
		[]func(){func() { g.server.Close() }, func() {}, g.server.CloseClients, g.server.AbortClients}[which%4]()
	}
}

// finish closes the server and looks whether everybody has heard.
func (g *siege) finish(ctx context.Context) error {
	err := g.server.Shutdown(ctx, time.Second)
	var left *eventloop.LeftoverError
	if err != nil && !errors.As(err, &left) {
		return err
	}
	for _, task := range g.waiters {
		scope := eventloop.WithTimeout(ctx, time.Hour)
		task.Wait(scope)
		scope.Close()
		g.require(task.Done(), "a task waits for ever")
	}
	g.require(g.open == 0 && g.server.Clients() == 0, "%d handlers run, %d clients", g.open, g.server.Clients())
	for _, c := range g.clients {
		c.Close()
	}
	return nil
}

// TestServerProperty: however a server is closed, and whoever is cancelled meanwhile,
// it ends, all clients go, and everyone who waits for that goes on.
func TestServerProperty(t *testing.T) {
	checkLeftovers(t)
	serve := map[string]func(context.Context, *siege, net.Listener) *eventloop.Server{
		"Serve": func(ctx context.Context, g *siege, l net.Listener) *eventloop.Server {
			return eventloop.Serve(ctx, l, func(_ context.Context, c net.Conn) error {
				g.open++
				defer func() { g.open-- }()
				return echo(c)
			})
		},
		"ServeStream": func(ctx context.Context, g *siege, l net.Listener) *eventloop.Server {
			return eventloop.ServeStream(ctx, l, func(ctx context.Context, r *eventloop.Reader, w *eventloop.Writer) error {
				g.open++
				defer func() { g.open-- }()
				return echoStream(ctx, r, w)
			})
		},
		"ServeProtocol": func(ctx context.Context, g *siege, l net.Listener) *eventloop.Server {
			return eventloop.ServeProtocol(ctx, l, func() eventloop.Protocol { return &counting{g: g} })
		},
	}
	rapid.Check(t, func(rt *rapid.T) {
		seed := rapid.Uint64().Draw(rt, "seed")
		name := rapid.SampledFrom([]string{"unix", "memory"}).Draw(rt, "connection")
		sort := rapid.SampledFrom([]string{"Serve", "ServeStream", "ServeProtocol"}).Draw(rt, "server")
		steps := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) [2]int {
			return [2]int{rapid.IntRange(0, 9).Draw(rt, "action"), rapid.IntRange(0, 9).Draw(rt, "which")}
		}), 10, 60).Draw(rt, "steps")
		// Over memory time is virtual, so to wait for clients costs none.
		l, err := eventloop.New(eventloop.Options{Seed: seed, VirtualTime: name == "memory"})
		if err != nil {
			rt.Fatal(err)
		}
		g := &siege{k: newKind(t, name), asked: map[*eventloop.Task]bool{}}
		err = l.Run(context.Background(), func(ctx context.Context) error {
			listener, err := g.k.listen(ctx)
			if err != nil {
				return err
			}
			g.server = serve[sort](ctx, g, listener)
			for _, s := range steps {
				g.step(ctx, s[0], s[1])
			}
			if name == "unix" {
				g.server.AbortClients() // or the end would take a second
			}
			return g.finish(ctx)
		})
		l.Close()
		if err != nil || len(g.faults) > 0 {
			rt.Fatalf("error %v, faults %q", err, g.faults)
		}
	})
}

// counting is an echoProtocol that is counted as a handler.
type counting struct {
	echoProtocol
	g *siege
}

func (c *counting) ConnectionMade(t *eventloop.Transport) {
	c.g.open++
	c.echoProtocol.ConnectionMade(t)
}

func (c *counting) ConnectionLost(error) { c.g.open-- }
