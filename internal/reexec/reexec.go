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
// head and the tail are kept for error messages, so nothing that a child prints
// can block it or break the protocol. Each child leads a process group of its
// own: a Ctrl-C on the terminal reaches the owner alone, and [Child.Kill] reaches
// grandchildren.
//
// # When the owner dies
//
// However the owner dies, its children and their process groups go with it. On
// Linux the kernel sees to that, and nothing in the child needs to run: see the
// comment in lifeline_linux.go. From a child's start until its lifeline is
// armed, which is before main, the parent-death signal covers it. That signal is
// tied to the thread that started the child (golang/go#27505), so all children
// are started by one thread that lives as long as the program.
//
// Elsewhere a child has to read the end of its socket, and calls [KillGroup] to
// take its own children along. [ParentDeath] says which of the two it is. A
// process that leaves its group, as a daemon does, is not reached.
//
// Also on Linux, a child tells the kernel to take it before its owner when memory
// is out.
package reexec

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"

	"juggle/internal/cgroup"
)

// ErrUnsupported says that this system cannot start a process with an
// inherited socket. It wraps errors.ErrUnsupported.
var ErrUnsupported = fmt.Errorf("starting worker processes needs inherited sockets, which this system lacks; use Linux, macOS or another Unix: %w", errors.ErrUnsupported)

// Options say how a child is started. The zero value adds nothing.
type Options struct {
	// Environment holds entries such as "GOMAXPROCS=1", which are added to this
	// process's own.
	Environment []string
	// Files are what the child inherits besides its socket; it finds the first
	// as descriptor [FirstFile]. They stay the caller's.
	Files []*os.File
	// CPUs are the numbers of the processors that the child, and what it starts,
	// may run on, from its first instruction; none stands for all that this
	// process may use. Each must be one of [AllowedCPUs]. Linux alone has this;
	// elsewhere Start fails with an error that wraps errors.ErrUnsupported.
	CPUs []int
	// Group is the cgroup that the child begins in, or nil for the one of this
	// process. It stays the caller's. Under cgroup v1 the child is moved there
	// right after its start, so the little that it has by then is accounted here.
	Group *cgroup.Group
}

// FirstFile is the descriptor on which a child finds the first of
// [Options.Files].
const FirstFile = socketFD + 1

// Start starts this binary in role. The caller owns the child and ends it with
// Stop or Kill. It may be called from any goroutine, and returns before the child
// has reached main. Errors name the role.
func Start(role string, o Options) (*Child, error) {
	c, err := spawn(role, o)
	if err != nil {
		return nil, fmt.Errorf("starting a %s process: %w", role, err)
	}
	go func() {
		reap(c.command)
		close(c.done)
	}()
	return c, nil
}

// spawn starts a child that nobody waits for yet.
func spawn(role string, o Options) (*Child, error) {
	if role == "" || strings.ContainsAny(role, " \n\x00") {
		return nil, fmt.Errorf("%q is no role name", role)
	}
	random := make([]byte, 16)
	rand.Read(random) // never fails, see crypto/rand
	b := badge{role: role, nonce: hex.EncodeToString(random)}
	end, err := lifelineEnd()
	if err != nil {
		return nil, err
	}
	ours, theirs, err := socketPair()
	if err != nil {
		return nil, err
	}
	defer theirs.Close()
	files := append([]*os.File{theirs}, o.Files...)
	if end != nil { // the last, so that it moves nobody's number
		b.lifeline = socketFD + len(files)
		files = append(files, end)
	}
	c := newChild(b, ours, files, o)
	if _, err = ours.Write(b.greeting()); err == nil {
		err = onSpawner(func() error { return launch(c.command, o) })
	}
	if err != nil {
		ours.Close()
		return nil, err
	}
	return c, nil
}

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
