package workloads

import (
	"context"
	"net"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"juggle/models"
)

// plainEnv waits by blocking: what a task body does with it is what it does in
// a plain loop.
type plainEnv struct {
	ctx     context.Context
	compute func([]byte) ([]byte, error)
}

var _ models.Env = plainEnv{}

func (e plainEnv) Context() context.Context             { return e.ctx }
func (e plainEnv) Yield() error                         { return context.Cause(e.ctx) }
func (e plainEnv) Offload(input []byte) ([]byte, error) { return e.compute(input) }

func (e plainEnv) Sleep(d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-e.ctx.Done():
		return context.Cause(e.ctx)
	}
}

func (e plainEnv) Dial(network, address string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(e.ctx, network, address)
	if err != nil {
		return nil, err
	}
	context.AfterFunc(e.ctx, func() { conn.Close() }) // a stopped run interrupts its reads
	return conn, nil
}

// makeInstance makes an instance of a workload, with its fixture if it has one.
func makeInstance(tb testing.TB, w Workload, row string) *Instance {
	tb.Helper()
	v, err := w.Parse(row)
	if err != nil {
		tb.Fatal(err)
	}
	address := ""
	if w.Fixture != nil {
		if address, err = w.Fixture(tb.Context(), v); err != nil {
			tb.Fatal(err)
		}
	}
	in, err := w.New(v, address)
	if err != nil {
		tb.Fatal(err)
	}
	return in
}

// runInTurn is the plain loop that every model is compared with.
func runInTurn(tb testing.TB, in *Instance) [][]byte {
	tb.Helper()
	answers := make([][]byte, in.Tasks)
	for i := range answers {
		answer, err := in.Body(plainEnv{tb.Context(), in.Compute}, i)
		if err != nil {
			tb.Fatalf("task %d: %v", i, err)
		}
		answers[i] = answer
	}
	if in.Close != nil {
		in.Close()
	}
	return answers
}

// leavesNothing fails the test if goroutines or sockets are left when all
// its later cleanups are done.
func leavesNothing(t *testing.T) {
	t.Helper()
	goroutines, sockets := runtime.NumGoroutine(), openSockets()
	t.Cleanup(func() {
		for start := time.Now(); ; runtime.Gosched() {
			if runtime.NumGoroutine() <= goroutines && openSockets() <= sockets {
				return
			}
			if time.Since(start) > 30*time.Second {
				stacks := make([]byte, 1<<16)
				t.Errorf("left behind: %d goroutines and %d sockets where there were %d and %d\n%s", runtime.NumGoroutine(),
					openSockets(), goroutines, sockets, stacks[:runtime.Stack(stacks, true)])
				return
			}
		}
	})
}

// openSockets counts the sockets of this process, and is 0 where the system does
// not list them. The descriptors of the poller, which the first socket makes
// and which stay, are none.
func openSockets() int {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	n := 0
	for _, entry := range entries {
		if target, err := os.Readlink("/proc/self/fd/" + entry.Name()); err == nil && strings.HasPrefix(target, "socket:") {
			n++
		}
	}
	return n
}
