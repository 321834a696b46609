package procpool

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strconv"

	"juggle/internal/reexec"
	"juggle/internal/usage"
)

// role is what this package calls its processes; see package reexec.
const role = "procpool"

// exitInternal is the exit code of a worker that could not go on for a reason
// that is not the task's, as in the workers of go test -fuzz.
const exitInternal = 70

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

// keepBytes is the largest buffer that a worker keeps for the next input.
const keepBytes = 1 << 20

// A server is the worker's side of the socket. At any moment one goroutine uses
// it.
type server struct {
	in    *bufio.Reader
	out   frameWriter
	input []byte // kept for the next request
	id    uint64 // of the request that is being served
}

// serveTasks serves until the owner hangs up. It does not return.
//
// One goroutine reads a task, runs it and writes the reply, so that with
// GOMAXPROCS=1 nothing has to be scheduled between the three. A second one
// notices the owner's end while a task runs: it waits in poll(2) for the
// hang-up alone, and tasks do not wake it. Rejected: a goroutine that reads ahead
// and hands tasks over. It goes back into a blocking read while it holds the
// only P, and the task waits until the runtime's monitor takes the P away: a
// round trip of 200 µs where this one takes 40.
func serveTasks(socket *os.File) {
	fd := int(socket.Fd())
	go func() {
		awaitHangup(fd)
		os.Exit(0)
	}()
	s := &server{in: bufio.NewReaderSize(socket, bufferBytes), out: newFrameWriter(socket)}
	s.send(frame{kind: kindHello, payload: program.hello()})
	for {
		goexit := make(chan struct{})
		go func() {
			defer close(goexit)
			s.loop()
		}()
		<-goexit // runtime.Goexit alone ends the loop
		s.send(frame{kind: kindGoexit, id: s.id})
	}
}

// loop serves one request after another. It ends the process when the stream
// ends.
func (s *server) loop() {
	for {
		f, err := readFrame(s.in, s.input)
		switch {
		case err == io.EOF:
			os.Exit(0)
		case err != nil:
			giveUp(err)
		}
		if cap(f.payload) <= keepBytes {
			s.input = f.payload
		}
		s.id = f.id
		s.send(s.answer(f))
	}
}

// answer serves one request.
func (s *server) answer(f frame) frame {
	reply := frame{id: f.id}
	switch {
	case f.kind == kindTask && int(f.number) < len(program.funcs):
		reply.kind, reply.payload = call(program.funcs[f.number], f.payload)
	case f.kind == kindAccount:
		reply.kind, reply.payload = account()
	default:
		giveUp(fmt.Errorf("%w: kind %d, function %d", errProtocol, f.kind, f.number))
	}
	if n := len(reply.payload); n > MaxPayload {
		reply.kind, reply.payload = kindTooLarge, strconv.AppendInt(nil, int64(n), 10)
	}
	return reply
}

// call calls a function and says how it ended.
func call(f Func, input []byte) (k kind, payload []byte) {
	defer func() {
		if v := recover(); v != nil {
			k, payload = kindPanic, packPanic(fmt.Sprint(v), debug.Stack())
		}
	}()
	output, err := f.call(context.Background(), input)
	if err != nil {
		return kindError, []byte(err.Error())
	}
	return kindResult, output
}

// account is what this process has used so far.
func account() (kind, []byte) {
	self, err := usage.Self()
	if err != nil {
		return kindError, []byte(err.Error())
	}
	text, err := json.Marshal(self)
	if err != nil {
		return kindError, []byte(err.Error())
	}
	return kindAccount, text
}

// send writes a frame. It fails only if the owner has gone or if a task closed
// the socket.
func (s *server) send(f frame) {
	if err := s.out.write(f); err != nil {
		giveUp(err)
	}
}

// giveUp ends the process with a line that shows in the owner's error.
func giveUp(err error) {
	fmt.Fprintln(os.Stderr, "procpool worker:", err)
	os.Exit(exitInternal)
}
