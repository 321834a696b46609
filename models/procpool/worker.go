package procpool

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"juggle/internal/reexec"
)

// A worker is the owner's side of one worker process.
type worker struct {
	child *reexec.Child
	in    *bufio.Reader // for the goroutine of its slot

	// Guarded by Pool.mu.
	ready   bool          // takes requests
	doomed  bool          // to be killed, so its replies count no more
	waiting uint64        // id of the request whose reply comes next, or 0 if it is idle
	task    *Future       // that it runs, or nil
	ahead   *Future       // that it was sent to run after task, or nil
	since   time.Time     // when task was due to begin
	pace    time.Duration // how long a task takes, lately; 0 before the first
	asked   []ask         // questions that the request it has will answer
	tasks   int           // done

	writing   sync.Mutex // held while a frame is written; guards all below
	out       frameWriter
	delivered [2]uint64 // ids of the last two requests that were written in full
	gone      bool      // nothing more is written
}

func newWorker(child *reexec.Child) *worker {
	return &worker{
		child: child,
		in:    bufio.NewReaderSize(child.Socket, bufferBytes),
		out:   newFrameWriter(child.Socket),
	}
}

// prepare waits for the worker's hello and has it do the warm-up.
func (w *worker) prepare(o Options) error {
	if err := w.child.Socket.SetDeadline(time.Now().Add(o.StartTimeout)); err != nil {
		return err
	}
	err := w.greet()
	if err == nil && o.WarmUp.Func != "" {
		err = w.warmUp(o.WarmUp)
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return fmt.Errorf("it was not ready after %v; give it longer with Options.StartTimeout: %w", o.StartTimeout, err)
	}
	if err != nil {
		return err
	}
	return w.child.Socket.SetDeadline(time.Time{})
}

// greet reads the worker's hello.
func (w *worker) greet() error {
	hello, err := readFrame(w.in, nil)
	if err != nil {
		return err
	}
	if hello.kind != kindHello {
		return fmt.Errorf("%w: kind %d in place of a hello", errProtocol, hello.kind)
	}
	return program.checkHello(hello.payload, w.child.PID())
}

// warmUp has the worker make one call before it takes tasks.
func (w *worker) warmUp(c Call) error {
	number, err := program.find(c.Func)
	if err != nil {
		return err
	}
	if err := w.out.write(frame{kind: kindTask, number: number, payload: c.Input}); err != nil {
		return err
	}
	reply, err := readFrame(w.in, nil)
	if err != nil {
		return err
	}
	_, err, broken := (&Future{name: c.Func}).outcome(reply)
	if broken != nil {
		return broken
	}
	if err != nil {
		return fmt.Errorf("warm-up: %w", err)
	}
	return nil
}

// take makes f the task of w. Callers hold Pool.mu and send the order after
// they have released it.
func (w *worker) take(f *Future) order {
	w.task, w.waiting, w.since = f, f.request.id, time.Now()
	f.worker = w
	return order{w, f.request}
}

// done parts w from the task that it has replied to, and goes on with the one
// that it was sent ahead. Callers hold Pool.mu.
func (w *worker) done() {
	if took := time.Since(w.since); w.pace == 0 {
		w.pace = took
	} else {
		w.pace += (took - w.pace) / 4
	}
	w.drop().ending = true
	w.tasks++
	f := w.ahead
	if f == nil {
		return
	}
	w.ahead = nil
	w.take(f) // it has been sent
	if f.cause != nil {
		w.doom()
	}
}

// drop parts w from its task and returns that, or nil. Callers hold Pool.mu.
func (w *worker) drop() *Future {
	f := w.task
	if f != nil {
		w.task, f.worker = nil, nil
	}
	return f
}

// doom has w killed by its slot, which finds the socket closed. Callers hold
// Pool.mu.
func (w *worker) doom() {
	w.doomed = true
	w.child.Socket.Close()
}

// retire makes sure that nobody writes to w, or reads an input for it, from now
// on, and returns the ids of the last two requests that were written in full. It
// never has more than two. The socket is closed, so a write that is under way
// comes back.
func (w *worker) retire() (delivered [2]uint64) {
	w.writing.Lock()
	defer w.writing.Unlock()
	w.gone = true
	return w.delivered
}

// write writes a request, unless w is gone. An error needs no answer here: the
// slot sees the end of the same socket, and that this request was not delivered.
func (w *worker) write(request frame) {
	w.writing.Lock()
	defer w.writing.Unlock()
	if !w.gone && w.out.write(request) == nil {
		w.delivered = [2]uint64{request.id, w.delivered[0]}
	}
}

// An order is a request that is due to a worker. It is made while Pool.mu is
// held and sent after. The zero order is none. At most one order for a worker is
// on its way at a time: a task is sent ahead only where the one before it was
// sent by the same goroutine or is running.
type order struct {
	worker  *worker
	request frame
}

// send sends the request. A small one fits the socket's buffer, which holds no
// other, so it is written here and now. A large one would
// block the caller until the worker has read it, so it gets a goroutine.
func (o order) send() {
	switch {
	case o.worker == nil:
	case len(o.request.payload) > inlineBytes:
		go o.worker.write(o.request)
	default:
		o.worker.write(o.request)
	}
}
