package procpool

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"os"
	ossignal "os/signal"
	"syscall"
	"time"

	"juggle/internal/reexec"
	"juggle/internal/usage"
)

// role is what this package calls its processes; see package reexec.
const role = "procpool"

// exitInternal is the exit code of a worker that could not go on for a reason
// that is not the task's, as in the workers of go test -fuzz.
const exitInternal = 70

// Descriptors that a worker inherits after its socket.
const (
	outFD  = reexec.FirstFile + iota // shared memory that it writes results to
	inFD                             // shared memory with large inputs
	bellFD                           // a byte for each cancellation; its end is the owner's death
)

// WorkerMain registers the functions that pools of this program may call. Call
// it once, first thing in main and in TestMain, with the same functions in the
// same order. It returns at once unless this process was started by a pool; in
// a worker it serves tasks and ends the process when the owner hangs up.
//
// It panics if two functions have the same name or if it is called twice.
func WorkerMain(funcs ...Func) {
	if program.numbers != nil {
		panic("procpool: WorkerMain was called twice; give all functions to one call")
	}
	program = newRegistry(funcs)
	if socket := reexec.Inherited(role); socket != nil {
		serveTasks(socket)
	}
}

// A server is the worker's side of the socket. At any moment one goroutine uses
// it, but for the handle, which the watcher of the bell reads.
type server struct {
	in      *bufio.Reader
	out     frameWriter
	request []byte // kept for the next request
	results results
	inputs  views
	chunk   running
	handle  handle
}

// serveTasks serves until the owner hangs up. It does not return.
//
// One goroutine reads a chunk, runs it and writes the reply, so that with
// GOMAXPROCS=1 nothing has to be scheduled between the three. A second one
// waits in read(2) for the bell: cancellations, and the owner's end while a task
// runs. Rejected: a goroutine that reads ahead and hands tasks over. It goes back
// into a blocking read while it holds the only P, and the task waits until the
// runtime's monitor takes the P away: a round trip of 200 µs where this one
// takes 25.
func serveTasks(socket *os.File) {
	s := &server{in: bufio.NewReaderSize(socket, bufferBytes), out: newFrameWriter(socket)}
	if err := s.inherit(); err != nil {
		giveUp(err)
	}
	s.handle.renew()
	surviveSIGPIPE()
	go s.handle.watch(inheritedBell())
	s.send(frame{kind: kindHello, payload: program.hello()})
	for {
		goexit := make(chan struct{})
		go func() {
			defer close(goexit)
			s.chunk.resume(s)
			s.loop()
		}()
		<-goexit // runtime.Goexit alone ends the loop
	}
}

// surviveSIGPIPE has a print fail that comes when the owner is dying and does not
// read it. By default the Go runtime ends a process for that: this one alone, and
// what it started would stay. Rejected: to ignore the signal, which processes that
// a task starts would inherit.
func surviveSIGPIPE() { ossignal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE) }

// inherit maps the memory that the owner made.
func (s *server) inherit() error {
	out, in, err := inheritedMemory()
	if err != nil {
		return err
	}
	mapped, err := out.Map(0, firstBlock)
	if err != nil {
		return err
	}
	s.results = newResults(out, mapped)
	s.inputs = views{memory: in}
	return nil
}

// loop serves one request after another. It ends the process when the stream
// ends.
func (s *server) loop() {
	for {
		f, err := readFrame(s.in, s.request)
		switch {
		case err == io.EOF:
			s.leave()
		case err != nil:
			s.giveUp(err)
		}
		s.request = f.payload
		switch f.kind {
		case kindChunk:
			s.begin(f)
			s.work()
		case kindAccount:
			s.send(account(f.id))
		default:
			giveUp(fmt.Errorf("%w: kind %d as a request", ErrProtocol, f.kind))
		}
	}
}

// running is the chunk that a worker is running.
type running struct {
	id     uint64
	call   func(input []byte) result
	claim  *claim
	inputs inputReader
	done   int       // items whose result was written
	inside bool      // an item is being run; true after a call only if it called Goexit
	since  time.Time // when the chunk was begun
}

// begin takes a chunk from a frame.
func (s *server) begin(f frame) {
	if int(f.number) >= len(program.funcs) || f.place >= chunksHeld {
		giveUp(fmt.Errorf("%w: function %d, place %d", ErrProtocol, f.number, f.place))
	}
	fn := program.funcs[f.number]
	s.results.begin(int(f.place))
	s.chunk = running{
		id:     f.id,
		call:   func(input []byte) result { return call(s.handle.context(), fn, input) },
		claim:  s.results.page.claim(int(f.place)),
		inputs: inputReader{rest: f.payload, views: &s.inputs},
		since:  time.Now(),
	}
	s.handle.enter(s.chunk.claim)
}

// resume goes on after an item that called Goexit, if one did.
func (r *running) resume(s *server) {
	if !r.inside {
		return
	}
	r.finish(s, result{status: statusGoexit})
	s.work()
}

// work runs the rest of the chunk and says that it is done.
func (s *server) work() {
	r := &s.chunk
	for {
		mine, cancelled := r.claim.next()
		if cancelled {
			s.handle.renew()
		}
		if !mine {
			break
		}
		input, err := r.inputs.next()
		if err != nil {
			giveUp(err)
		}
		r.inside = true
		r.finish(s, r.call(input))
	}
	s.inputs.forget(r.inputs.used)
	s.sendDone()
}

// finish writes the result of the item that was run. If there is no room for
// another, the worker gives back the rest of the chunk.
func (r *running) finish(s *server, got result) {
	r.inside = false
	s.results.write(got)
	r.done++
	if s.results.full() {
		r.claim.takeBack(r.done)
	}
}

// sendDone tells the owner that the chunk is done.
func (s *server) sendDone() {
	r := &s.chunk
	s.results.noteResident(time.Now())
	var b [3 * binary.MaxVarintLen64]byte
	payload := binary.AppendUvarint(b[:0], uint64(r.done))
	payload = binary.AppendUvarint(payload, uint64(s.results.used))
	payload = binary.AppendUvarint(payload, uint64(time.Since(r.since)))
	s.send(frame{kind: kindDone, id: r.id, payload: payload})
}

// account is what this process has used so far.
func account(id uint64) frame {
	self, err := usage.Self()
	if err != nil {
		return frame{kind: kindError, id: id, payload: []byte(err.Error())}
	}
	text, err := json.Marshal(self)
	if err != nil {
		return frame{kind: kindError, id: id, payload: []byte(err.Error())}
	}
	return frame{kind: kindAccount, id: id, payload: text}
}

// send writes a frame. It fails only if the owner has gone or if a task closed
// the socket.
func (s *server) send(f frame) {
	if err := s.out.write(f); err != nil {
		s.giveUp(err)
	}
}

// leave ends the process since the socket has ended. If the owner did not say
// farewell it is dying, and this process takes along what it started: the owner
// does not reap it any more, and a child that has exited holds no lifeline.
//
// Rejected: to move to the owner's process group first, so as to kill the others
// and still exit with a code. When owners were killed at random moments, some of
// their own groups were killed as well.
func (s *server) leave() {
	if s.results.page.farewell().Load() == 0 {
		reexec.KillGroup()
	}
	os.Exit(0)
}

// giveUp ends the process because of an error of the socket, or of what came from
// it.
func (s *server) giveUp(err error) {
	if hungUp(err) {
		s.leave()
	}
	giveUp(err)
}

// giveUp ends the process with a line that shows in the owner's error.
func giveUp(err error) {
	fmt.Fprintln(os.Stderr, "procpool worker:", err)
	os.Exit(exitInternal)
}
