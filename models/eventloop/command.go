package eventloop

import (
	"context"
	"fmt"
	"math"
	"os"
	"time"
)

// A Command says which program to start as a child process, and how. It is the
// arguments of asyncio.create_subprocess_exec. The zero value of each field but
// Program is a sensible default. A Command is not changed by what it starts, and
// can start any number of children.
//
// No shell has a part in it, so no argument is ever split or expanded. Who wants
// one names it: Program "/bin/sh" with Args "-c" and the line.
type Command struct {
	// Program is a path, or a name without a slash, which is looked up in PATH as
	// exec.LookPath does. A path that does not begin with a slash starts at Dir.
	Program string
	// Args are what the program gets after its own name.
	Args []string
	// Dir is where it runs; empty stands for the directory of this process.
	Dir string
	// Env is its environment in the form of os.Environ; nil stands for that of
	// this process. Of two entries with one key the last counts.
	Env []string
	// Stdin, Stdout and Stderr are what its standard streams are connected to;
	// the zero value is the null device. It gets no other descriptor of the loop,
	// nor of any Go package.
	Stdin, Stdout, Stderr Stdio
	// Group has the child lead a process group of its own, and what it starts
	// belong to that. Signals then go to the whole group, and when the child
	// ends, what is left of its group is killed. A terminal's Ctrl-C does not
	// reach the group, and reading from the terminal stops it.
	Group bool
	// MaxOutput is how many bytes of Stdout, and as many of Stderr, are
	// collected for Communicate and Run; 0 stands for 64 MiB, and a negative
	// number for any number.
	MaxOutput int
	// WaitDelay is how long Communicate and Run wait for the end of the output
	// when the child has ended, but a process that it started still holds the
	// pipes; 0 stands for 5 s, and a negative duration for any time.
	WaitDelay time.Duration
	// Grace is how long Run gives the child between SIGTERM and SIGKILL when it
	// has to end it; 0 stands for SIGKILL at once.
	Grace time.Duration
}

const (
	defaultMaxOutput = 64 << 20
	defaultWaitDelay = 5 * time.Second
)

func (c Command) maxOutput() int { return bound(c.MaxOutput, defaultMaxOutput, math.MaxInt) }

func (c Command) waitDelay() time.Duration {
	return bound(c.WaitDelay, defaultWaitDelay, math.MaxInt64)
}

// bound returns what a field of a Command stands for, that may be 0 for a default
// and negative for no bound.
func bound[T int | time.Duration](field, standard, none T) T {
	switch {
	case field < 0:
		return none
	case field == 0:
		return standard
	}
	return field
}

// Run starts the program, gives it input, collects what it prints, and waits for
// its end. Streams that are left zero are pipes for that; with [StdioNull] or any
// other Stdio nothing is collected. The errors are those of [Command.Start] and
// [Process.Communicate].
//
// Run leaves no child behind. When ctx ends, or too much is printed, it ends the
// child: with SIGTERM, then after Grace with SIGKILL, while it goes on collecting.
// What was collected by then is returned with the error.
func (c Command) Run(ctx context.Context, input []byte) (stdout, stderr []byte, err error) {
	if len(input) > 0 && c.Stdin.kind == stdioDefault {
		c.Stdin = StdioPipe
	}
	for _, s := range []*Stdio{&c.Stdout, &c.Stderr} {
		if s.kind == stdioDefault {
			*s = StdioPipe
		}
	}
	p, err := c.Start(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer p.closePipes()
	_, _, err = p.Communicate(ctx, input)
	if !p.done {
		p.wind(ctx, c.Grace)
	}
	stdout, stderr = p.output()
	return stdout, stderr, err
}

// A Stdio says what a standard stream of a child is connected to. The zero value
// is [StdioNull] for [Command.Start], and a pipe for [Command.Run], which collects.
type Stdio struct {
	kind  stdioKind
	file  *os.File
	bytes []byte
}

type stdioKind uint8

const (
	stdioDefault stdioKind = iota
	stdioNull
	stdioInherit
	stdioFile
	stdioPipe
	stdioBytes
	stdioMerge
)

var (
	// StdioNull is the null device: nothing comes from there, and what is written
	// is dropped.
	StdioNull = Stdio{kind: stdioNull}
	// StdioInherit is the same stream of this process.
	StdioInherit = Stdio{kind: stdioInherit}
	// StdioPipe is a pipe, whose other end the [Process] has.
	StdioPipe = Stdio{kind: stdioPipe}
	// StdioMerge is for Stderr, which goes where Stdout goes. It is
	// asyncio.subprocess.STDOUT.
	StdioMerge = Stdio{kind: stdioMerge}
)

// StdioFile is an open file. The caller still has it, and may close it once the
// child has been started.
func StdioFile(f *os.File) Stdio { return Stdio{kind: stdioFile, file: f} }

// StdioBytes is for Stdin, from which the child reads b and then the end. b is
// copied into a file without a name, so the child may read it at any speed and
// without a task to feed it.
func StdioBytes(b []byte) Stdio { return Stdio{kind: stdioBytes, bytes: b} }

// streamNames are the names of a child's standard streams, by their number.
var streamNames = [...]string{"stdin", "stdout", "stderr"}

// check returns what is wrong with s as stream number i, or nil.
func (s Stdio) check(i int) error {
	switch {
	case s.kind == stdioFile && s.file == nil:
		return fmt.Errorf("%s is a file that is nil; leave Stdio zero for the null device", streamNames[i])
	case s.kind == stdioBytes && i != 0:
		return fmt.Errorf("%s cannot be StdioBytes, which only Stdin can; use StdioPipe and Communicate", streamNames[i])
	case s.kind == stdioMerge && i != 2:
		return fmt.Errorf("%s cannot be StdioMerge, which only Stderr can", streamNames[i])
	}
	return nil
}
