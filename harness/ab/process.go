package ab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"
)

// maxOutput is how much is kept of what a process prints. A benchmark's lines
// are far shorter; one that prints without end must not fill the memory.
const maxOutput = 16 << 20

// A tool is a command that is run for its output.
type tool struct {
	dir         string
	environment []string // added to this process's own
	name        string
	args        []string
}

// A toolError says that a command ended badly. Lines is what it printed.
type toolError struct {
	tool  string
	err   error
	lines string
}

func (e *toolError) Error() string {
	if e.lines == "" {
		return fmt.Sprintf("%s: %v", e.tool, e.err)
	}
	return fmt.Sprintf("%s: %v:\n%s", e.tool, e.err, e.lines)
}

func (e *toolError) Unwrap() error { return e.err }

// run runs the command to its end and returns what it wrote to stdout. When ctx
// ends, the command and what it started are killed and ctx's cause is returned.
// The error is otherwise a *toolError.
//
// The command leads a process group of its own, so that a Ctrl-C on the terminal
// reaches this process alone, and so that the group is what is killed. On Linux
// the kernel kills the command when this process dies. That is tied to the
// thread that started it (golang/go#27505), so the thread waits for its end.
func (t tool) run(ctx context.Context) (string, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var stdout, stderr bounded
	cmd := exec.CommandContext(ctx, t.name, t.args...)
	cmd.Dir = t.dir
	cmd.Env = append(cmd.Environ(), t.environment...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.SysProcAttr = ownGroup()
	cmd.Cancel = func() error { return killGroup(cmd.Process) }
	cmd.WaitDelay = time.Second // for what it started and left with its output
	err := cmd.Run()
	if cmd.Process != nil {
		killGroup(cmd.Process) // what it left running; mostly there is nothing
	}
	if errors.Is(err, exec.ErrWaitDelay) && ctx.Err() == nil {
		err = nil // it ended well and left something behind, which is gone now
	}
	if ctx.Err() != nil {
		return "", context.Cause(ctx)
	}
	if err != nil {
		text := strings.TrimSpace(stdout.kept.String() + "\n" + stderr.kept.String())
		return stdout.kept.String(), &toolError{t.name, err, text}
	}
	return stdout.kept.String(), nil
}

// A bounded buffer keeps the first maxOutput bytes and takes all.
type bounded struct{ kept bytes.Buffer }

func (b *bounded) Write(p []byte) (int, error) {
	b.kept.Write(p[:min(len(p), maxOutput-b.kept.Len())])
	return len(p), nil
}

// excerpt keeps the begin and the end of a long text: a panic says what happened
// first, and a compiler or a tool says it last.
func excerpt(text string) string {
	const head, tail = 15, 15
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if len(lines) > head+tail {
		lines = slices.Concat(lines[:head], []string{"..."}, lines[len(lines)-tail:])
	}
	return strings.Join(lines, "\n")
}

// temporary are the variables that have a process keep its temporary files in a
// folder of ours, where they are removed even if it was killed.
func temporary(dir string) []string {
	return []string{"TMPDIR=" + dir, "TMP=" + dir, "TEMP=" + dir, "GOTMPDIR=" + dir}
}

// isDir tells whether a path is an existing folder.
func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
