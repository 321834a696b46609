// Package reexec starts this program's own binary again as another process, in
// a named role, with a private socket between the two.
//
// # How a role is recognised
//
//  1. [Start] makes a socket pair, writes a greeting with a fresh nonce into
//     its own end, and starts the binary with the other end as descriptor 3
//     and the role and nonce in one environment variable.
//  2. At the top of main, or of TestMain, the program calls [Inherited] for
//     each role it knows. It answers only when the variable names the role,
//     descriptor 3 is a socket, and the greeting with that nonce waits on it.
//     A variable left over from elsewhere therefore never turns a program into
//     a worker.
//  3. The process serves its role on the socket and ends when it reads the end
//     of the stream: its owner closed it, or is dead.
//
// stdin is the null device; of stdout and stderr, which are always drained, the
// head and the tail are kept for error messages, so nothing that a child prints can block it or break the
// protocol. Each child leads a process group of its own: a Ctrl-C on the
// terminal reaches the owner alone, and [Child.Kill] reaches grandchildren.
//
// On Linux the kernel also kills the child when its owner dies. That signal is
// tied to the thread that started the child (golang/go#27505), so all children
// are started by one thread that lives as long as the program.
package reexec

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// ErrUnsupported says that this system cannot start a process with an
// inherited socket.
var ErrUnsupported = errors.New("starting worker processes needs inherited sockets, which this system lacks; use Linux, macOS or another Unix")

// variable carries the role and the nonce, as "role nonce".
const variable = "JUGGLE_ROLE"

// socketFD is the descriptor on which a child finds its socket.
const socketFD = 3

// greetingMagic opens the greeting; the last digit is its version.
const greetingMagic = "juggle/1 "

// greeting is what waits on the socket of a true child.
func greeting(role, nonce string) []byte {
	return []byte(greetingMagic + role + " " + nonce + "\n")
}

// waitDelay bounds how long a descendant that keeps stdout or stderr open can
// hold up [Child.Done].
const waitDelay = 500 * time.Millisecond

// A Child is a process that Start started. Its methods may be called from any
// goroutine.
type Child struct {
	// Socket is this side of the stream between the two processes. It supports
	// deadlines. The owner closes it, at the latest through Stop.
	Socket *os.File

	command *exec.Cmd
	output  output
	done    chan struct{}
}

// Options say how a child is started. The zero value adds nothing.
type Options struct {
	// Environment holds entries such as "GOMAXPROCS=1", which are added to this
	// process's own.
	Environment []string
	// Files are what the child inherits besides its socket; it finds the first
	// as descriptor [FirstFile]. They stay the caller's.
	Files []*os.File
}

// FirstFile is the descriptor on which a child finds the first of
// [Options.Files].
const FirstFile = socketFD + 1

// Start starts this binary in role. The caller owns the child and ends it with
// Stop or Kill.
func Start(role string, o Options) (*Child, error) {
	if role == "" || strings.ContainsAny(role, " \n\x00") {
		return nil, fmt.Errorf("reexec: %q is no role name", role)
	}
	random := make([]byte, 16)
	rand.Read(random) // never fails, see crypto/rand
	nonce := hex.EncodeToString(random)

	ours, theirs, err := socketPair()
	if err != nil {
		return nil, fmt.Errorf("starting a %s process: %w", role, err)
	}
	defer theirs.Close()
	if _, err := ours.Write(greeting(role, nonce)); err != nil {
		ours.Close()
		return nil, fmt.Errorf("starting a %s process: %w", role, err)
	}
	c := &Child{Socket: ours, done: make(chan struct{})}
	c.command = &exec.Cmd{
		Path:        executable(),
		Args:        []string{os.Args[0] + " (" + role + ")"},
		Env:         append(append(os.Environ(), o.Environment...), variable+"="+role+" "+nonce),
		Stdout:      &c.output,
		Stderr:      &c.output,
		ExtraFiles:  append([]*os.File{theirs}, o.Files...),
		SysProcAttr: attributes(),
		WaitDelay:   waitDelay,
	}
	if err := onSpawner(c.command.Start); err != nil {
		ours.Close()
		return nil, fmt.Errorf("starting a %s process: %w", role, err)
	}
	go func() {
		c.command.Wait() // the state says how it ended
		killGroup(c.command.Process.Pid)
		close(c.done)
	}()
	return c, nil
}

// PID is the child's process id.
func (c *Child) PID() int { return c.command.Process.Pid }

// Done is closed once the child has ended and was reaped.
func (c *Child) Done() <-chan struct{} { return c.done }

// State says how the child ended. It waits for the end.
func (c *Child) State() *os.ProcessState {
	<-c.done
	return c.command.ProcessState
}

// Output returns the first KiB and the last few of what the child printed so
// far.
func (c *Child) Output() string { return c.output.String() }

// Signal sends sig to the child alone.
func (c *Child) Signal(sig os.Signal) error { return c.command.Process.Signal(sig) }

// Kill ends the child and every process of its group at once, closes the
// socket, and waits until the child is reaped.
func (c *Child) Kill() {
	c.Socket.Close()
	select {
	case <-c.done:
		return
	default:
		killGroup(c.command.Process.Pid)
		c.command.Process.Kill()
		<-c.done
	}
}

// Stop closes the socket, which asks the child to end, waits for up to grace,
// and then kills it. It returns once the child is reaped.
func (c *Child) Stop(grace time.Duration) {
	c.Socket.Close()
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-c.done:
	case <-timer.C:
		c.Kill()
	}
}

// Inherited returns the socket to the owner if this process was started by
// [Start] in role, and nil in every other process. Call it once for each role,
// before anything else opens a descriptor. The caller owns the file.
func Inherited(role string) *os.File {
	named, nonce, found := strings.Cut(os.Getenv(variable), " ")
	if !found || named != role {
		return nil
	}
	if !takeGreeting(socketFD, greeting(role, nonce)) {
		return nil
	}
	os.Unsetenv(variable) // so that no child of this process takes it for its own
	return inheritedFile(socketFD)
}

// KillGroup kills this process and every other of its group, if it leads one.
func KillGroup() { killGroup(os.Getpid()) }

// spawner hands calls to the one thread that starts processes.
var spawner = sync.OnceValue(func() chan<- func() {
	calls := make(chan func())
	go runSpawner(calls)
	return calls
})

// onSpawner runs start on the spawner's thread and returns its error.
func onSpawner(start func() error) error {
	result := make(chan error, 1)
	spawner() <- func() { result <- start() }
	return <-result
}

// How much of a child's output is kept for error messages: its begin, where a
// crash says what happened, and its end, where it says what came last.
const (
	headBytes = 1 << 10
	tailBytes = 3 << 10
)

// output is a writer that keeps the head and the tail of what was written.
type output struct {
	mu         sync.Mutex
	head, tail []byte
	omitted    bool
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	room := min(len(b), headBytes-len(o.head))
	o.head = append(o.head, b[:room]...)
	o.tail = append(o.tail, b[room:]...)
	if over := len(o.tail) - tailBytes; over > 0 {
		o.tail = append(o.tail[:0], o.tail[over:]...)
		o.omitted = true
	}
	return len(b), nil
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.omitted {
		return string(o.head) + "\n[…]\n" + string(o.tail)
	}
	return string(o.head) + string(o.tail)
}
