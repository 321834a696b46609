package eventloop_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"juggle/models/procpool"

	"golang.org/x/sys/unix"
)

// roleVariable has the test binary play a role instead of running tests: its
// value is the role and the arguments of it, between spaces.
const roleVariable = "EVENTLOOP_BENCH_ROLE"

// roles are what processes of the benchmarks do. A role ends when its standard
// input does, so none outlives the benchmark.
var roles = map[string]func(args []string) error{
	"echo-server": echoServer,
	"echo-client": echoClient,
	"memory":      memoryRole,
}

func TestMain(m *testing.M) {
	procpool.WorkerMain(procpool.NewFunc("double", func(_ context.Context, in []byte) ([]byte, error) {
		return append(in, in...), nil
	}))
	beChild()
	role := strings.Fields(os.Getenv(roleVariable))
	if len(role) == 0 {
		os.Exit(m.Run())
	}
	if err := roles[role[0]](role[1:]); err != nil {
		fmt.Fprintln(os.Stderr, strings.Join(role, " ")+":", err)
		os.Exit(1)
	}
}

// A process is this binary in a role. It is told what to do in lines and answers
// in lines.
type process struct {
	command *exec.Cmd
	answers *bufio.Reader
	orders  *os.File
}

// startProcess starts a role that ends with the benchmark. All its threads stay
// on cpu, or go where they like if that is negative.
func startProcess(b *testing.B, cpu int, role ...string) *process {
	b.Helper()
	theirs, orders, err := os.Pipe()
	if err != nil {
		b.Fatal(err)
	}
	defer theirs.Close()
	command := exec.Command("/proc/self/exe")
	command.Env = append(os.Environ(), roleVariable+"="+strings.Join(role, " "))
	command.Stdin, command.Stderr = theirs, os.Stderr
	answers, err := command.StdoutPipe()
	if err == nil {
		err = startOn(cpu, command)
	}
	if err != nil {
		orders.Close()
		b.Fatal(err)
	}
	p := &process{command, bufio.NewReader(answers), orders}
	b.Cleanup(p.stop)
	return p
}

// startOn starts command with the affinity that it shall have from its first
// instruction on. Setting it later would miss threads, and the Go runtime would
// have counted the cores already.
func startOn(cpu int, command *exec.Cmd) error {
	if cpu < 0 {
		return command.Start()
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var before, one unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		return os.NewSyscallError("sched_getaffinity", err)
	}
	one.Set(cpu)
	if err := unix.SchedSetaffinity(0, &one); err != nil {
		return os.NewSyscallError("sched_setaffinity", err)
	}
	defer unix.SchedSetaffinity(0, &before)
	return command.Start()
}

// stop ends the process. Its error, if any, is on standard error.
func (p *process) stop() {
	p.orders.Close()
	p.command.Wait()
}

// order gives an order, if it is not empty, and scans the answer.
func (p *process) order(b *testing.B, order string, answer ...any) {
	b.Helper()
	if order != "" {
		if _, err := fmt.Fprintln(p.orders, order); err != nil {
			b.Fatal(err)
		}
	}
	line, err := p.answers.ReadString('\n')
	if err == nil {
		_, err = fmt.Sscanln(line, answer...)
	}
	if err != nil {
		b.Fatalf("%s: got the answer %q: %v", p.command.Env[len(p.command.Env)-1], line, err)
	}
}

// cpuTime returns the time that the process has spent on a core so far, user and
// system. It is what getrusage(2) adds up, in nanoseconds and without its help:
// the clock that clock_getcpuclockid(3) names.
func (p *process) cpuTime(b *testing.B) time.Duration {
	b.Helper()
	const allThreadsScheduled = 2
	var ts unix.Timespec
	if err := unix.ClockGettime(int32(^p.command.Process.Pid<<3|allThreadsScheduled), &ts); err != nil {
		b.Fatal(os.NewSyscallError("clock_gettime", err))
	}
	return time.Duration(ts.Nano())
}

// twoCores returns two cores of those that this process may use, and skips the
// benchmark if there is but one.
func twoCores(b *testing.B) (first, second int) {
	b.Helper()
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		b.Fatal(os.NewSyscallError("sched_getaffinity", err))
	}
	if set.Count() < 2 {
		b.Skip("needs two cores, one for the server and one for the client; this process may use one")
	}
	var found []int
	for cpu := 0; len(found) < 2; cpu++ {
		if set.IsSet(cpu) {
			found = append(found, cpu)
		}
	}
	return found[0], found[1]
}
