package procpool

import (
	"bufio"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"time"

	"juggle/internal/cgroup"
	"juggle/internal/reexec"
)

// A worker is the owner's side of one worker process.
type worker struct {
	child  *reexec.Child
	bell   *os.File
	memory *memory
	group  *cgroup.Group // of its own, or nil
	oom    oomWatch
	in     *bufio.Reader // for the goroutine of its slot

	// Guarded by Pool.mu.
	slot      *slot
	ready     bool // takes chunks
	doomed    bool // to be killed, so its replies count no more
	retiring  bool // takes no more chunks and ends when it has none
	closed    bool // was told to end
	chunks    [chunksHeld]*chunk
	asked     []ask     // questions that are on their way, in order
	tasks     int       // done
	maxTasks  int       // after which it retires; 0 for any number
	born      time.Time // when it was ready
	idle      time.Time // since when it has no chunk
	moved     time.Time // when it last did something
	killedFor uint64    // id of the chunk whose item it was killed for; 0 if it was not

	// Who reads what it sends; see reader.go. Guarded by Pool.mu.
	read    bool          // somebody does
	watched bool          // the slot is to go on reading
	failed  error         // why a reader that is not the slot gave up
	wake    chan struct{} // has room for one; tells the slot to look

	writing sync.Mutex // held while a frame is written; guards all below
	out     frameWriter
	gone    bool // nothing more is written
	big     int  // inputs from this size on travel in blocks
}

// startWorker starts a worker process. The caller ends it with bury.
func startWorker(s *slot) (*worker, error) {
	w := &worker{
		slot:     s,
		wake:     make(chan struct{}, 1),
		maxTasks: jitter(s.pool.options.MaxTasks),
		oom:      watchOOM(),
		big:      bigBytes,
	}
	if err := w.launch(s.pool); err != nil {
		w.release()
		return nil, err
	}
	w.in = bufio.NewReaderSize(w.child.Socket, 4<<10)
	w.out = newFrameWriter(w.child.Socket)
	return w, nil
}

// launch gets all that a worker needs, and starts it.
func (w *worker) launch(p *Pool) (err error) {
	if w.memory, err = newMemory(); err != nil {
		return err
	}
	heard, bell, err := os.Pipe()
	if err != nil {
		return err
	}
	defer heard.Close()
	w.bell = bell
	o := reexec.Options{Environment: []string{"GOMAXPROCS=1"}, Files: append(w.memory.files(), heard)}
	if sets := p.options.CPUs; len(sets) > 0 {
		o.CPUs = sets[w.slot.index%len(sets)]
	}
	if w.group, err = p.limiter.apply(&o); err != nil {
		return err
	}
	w.child, err = reexec.Start(role, o)
	return err
}

// release gives back what the owner holds for a worker that is dead or was never
// started. Nobody else uses w any more.
func (w *worker) release() {
	if w.bell != nil {
		w.bell.Close()
	}
	if w.memory != nil {
		w.memory.release()
	}
	if w.group != nil {
		w.group.Kill()   // what changed its process group
		w.group.Remove() // if it stays, a later pool's sweep sees to it
	}
}

// jitter takes up to a tenth off n, so that workers which began together do not
// all retire together.
func jitter(n int) int {
	if n < 10 {
		return n
	}
	return n - rand.IntN(n/10+1)
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
		return fmt.Errorf("%w: kind %d in place of a hello", ErrProtocol, hello.kind)
	}
	return program.checkHello(hello.payload, w.child.PID())
}

// warmUp has the worker make one call before it takes tasks.
func (w *worker) warmUp(call Call) error {
	number, err := program.find(call.Func)
	if err != nil {
		return err
	}
	c := &chunk{worker: w, number: number, items: []item{{sink: newFuture(call.Func), input: call.Input}}, limit: 1}
	c.claim().offer(1)
	defer func() { w.memory.giveInputs(c.blocks) }()
	if _, err := w.send(c); err != nil {
		return err
	}
	reply, err := readFrame(w.in, nil)
	if err != nil {
		return err
	}
	done, err := readDone(reply)
	if err != nil {
		return err
	}
	got, err := c.collect(nil, done)
	if err != nil {
		return err
	}
	if len(got) != 1 {
		return fmt.Errorf("%w: %d results of a warm-up", ErrProtocol, len(got))
	}
	if got[0].loan != nil {
		got[0].loan.giveBack()
	}
	if got[0].err != nil {
		return fmt.Errorf("warm-up: %w", got[0].err)
	}
	return nil
}

// takes tells whether w may get a chunk. Callers hold Pool.mu.
func (w *worker) takes() bool { return w.ready && !w.doomed && !w.retiring }

// held is how many chunks w has. Callers hold Pool.mu.
func (w *worker) held() (n int) {
	for _, c := range w.chunks {
		if c != nil {
			n++
		}
	}
	return n
}

// doom has w killed by its slot, which finds the socket closed. Callers hold
// Pool.mu.
func (w *worker) doom() {
	w.doomed = true
	w.child.Socket.Close()
	w.attend()
}

// retire makes sure that nobody writes to w, or reads an input for it, from now
// on. The socket is closed, so a write that is under way comes back.
func (w *worker) retire() {
	w.writing.Lock()
	defer w.writing.Unlock()
	w.gone = true
}

// send encodes a chunk and writes it. An error of the socket needs no answer: the
// slot sees the end of the same socket, and the claim that nothing was begun. The
// error is of item i, for which there was no memory to share.
func (w *worker) send(c *chunk) (i int, err error) {
	w.writing.Lock()
	defer w.writing.Unlock()
	if w.gone {
		return 0, nil
	}
	b, i, err := w.encode(c)
	if err == nil {
		c.encoded.Store(true)
		w.out.finish(frame{kind: kindChunk, place: byte(c.place), number: c.number, id: c.id}, b)
	}
	return i, err
}

// encode appends the items of a chunk. Those that were taken back meanwhile are
// still there, but the worker does not begin them.
func (w *worker) encode(c *chunk) (b []byte, i int, err error) {
	b = w.out.start()
	for i := range c.items {
		input := c.items[i].input
		if len(input) < w.big {
			b = appendInput(b, input)
			continue
		}
		in, err := w.memory.takeInput(input)
		if err != nil {
			return nil, i, fmt.Errorf("procpool: an input of %d bytes: %w", len(input), err)
		}
		c.blocks = append(c.blocks, in)
		b = appendBlocked(b, len(input), in)
	}
	return b, 0, nil
}

// question sends a question, if id is one.
func (w *worker) question(id uint64) {
	if id == 0 {
		return
	}
	w.writing.Lock()
	defer w.writing.Unlock()
	if !w.gone {
		w.out.write(frame{kind: kindAccount, id: id})
	}
}

// ring tells the worker to look for what was cancelled. Its pipe has room, since
// few things are cancelled before the worker is killed.
func (w *worker) ring() {
	w.bell.SetWriteDeadline(time.Now().Add(time.Second))
	w.bell.Write([]byte{1})
}
