package harness

import (
	"net"
	"sync"
	"time"

	"juggle/internal/goroutine"
	"juggle/models"
)

// traced returns a body that also seals in the begin and end of each wait, for
// timelines. A model that switches between tasks itself tells when it does. In the
// others a task waits as long as it is in a method of its Env; offloadWaits tells
// that the model computes in another process, since elsewhere an offload is the
// task's own computing.
func traced(body models.Body, offloadWaits bool) models.Body {
	return func(env models.Env, i int) ([]byte, error) {
		t := &tracer{Env: env, offloadWaits: offloadWaits, stamps: []stamp{now()}}
		if s, ok := env.(models.Switcher); ok {
			s.OnSwitch(func(bool) { t.stamps = append(t.stamps, now()) })
			answer, err := body(env, i)
			return sealed(answer, t.stamps, err)
		}
		id := goroutine.ID()
		tracers.Store(id, t)
		defer tracers.Delete(id)
		answer, err := body(t, i)
		return sealed(answer, t.stamps, err)
	}
}

// sealed seals the stamps and the end of the task in.
func sealed(answer []byte, stamps []stamp, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	return seal(answer, append(stamps, now())), nil
}

// tracer is an Env that notes when its task waits. It belongs to one task.
type tracer struct {
	models.Env
	offloadWaits bool
	stamps       []stamp
}

// wait notes the stretch from its call to the call of what it returns.
func (t *tracer) wait() (done func()) {
	t.stamps = append(t.stamps, now())
	return func() { t.stamps = append(t.stamps, now()) }
}

func (t *tracer) Sleep(d time.Duration) error {
	defer t.wait()()
	return t.Env.Sleep(d)
}

func (t *tracer) Yield() error {
	defer t.wait()()
	return t.Env.Yield()
}

func (t *tracer) Offload(input []byte) ([]byte, error) {
	if t.offloadWaits {
		defer t.wait()()
	}
	return t.Env.Offload(input)
}

func (t *tracer) Dial(network, address string) (net.Conn, error) {
	defer t.wait()()
	conn, err := t.Env.Dial(network, address)
	if err != nil {
		return nil, err
	}
	return tracedConn{conn}, nil
}

// tracedConn notes the waits of whichever task reads and writes: a connection
// that is kept alive outlives the task that dialled it.
type tracedConn struct{ net.Conn }

func (c tracedConn) Read(b []byte) (int, error) {
	defer waitOfThisTask()()
	return c.Conn.Read(b)
}

func (c tracedConn) Write(b []byte) (int, error) {
	defer waitOfThisTask()()
	return c.Conn.Write(b)
}

// tracers maps the id of a goroutine to the tracer of the task it runs. Every
// model runs a task on one goroutine from begin to end; a coroutine is one too.
//
// A method on Env that binds a connection to a task was tried instead. It made
// every workload that shares connections carry a call that only timelines need.
var tracers sync.Map

func waitOfThisTask() (done func()) {
	if t, found := tracers.Load(goroutine.ID()); found {
		return t.(*tracer).wait()
	}
	return func() {}
}
