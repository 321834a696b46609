package procpool

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"juggle/internal/reexec"
)

// hoard touches as many MiB as its input says, and keeps them.
func hoard(_ context.Context, in []byte) ([]byte, error) {
	for range binary.LittleEndian.Uint64(in) {
		b := make([]byte, 1<<20)
		for i := 0; i < len(b); i += 4 << 10 {
			b[i] = 1
		}
		hoarded = append(hoarded, b)
	}
	return nil, nil
}

var hoarded [][]byte

// starve lets its process have no more than a little memory, and then wants much.
func starve(ctx context.Context, _ []byte) ([]byte, error) {
	limit := unix.Rlimit{Cur: 1 << 20, Max: 1 << 20}
	if err := unix.Setrlimit(unix.RLIMIT_DATA, &limit); err != nil {
		return nil, err
	}
	return hoard(ctx, binary.LittleEndian.AppendUint64(nil, 1<<12))
}

func mebibytes(n uint64) string { return string(binary.LittleEndian.AppendUint64(nil, n)) }

// A worker over its limit is killed by the kernel where that is possible; the
// error says so, the report says which it is, and no cgroup is left.
func TestMemoryLimit(t *testing.T) {
	p := open(t, Options{Workers: 1, MemoryLimit: 64 << 20})
	says := p.Mechanisms().MemoryLimit
	if p.limiter.lack != nil {
		if !strings.Contains(says, "GOMEMLIMIT=67108864 alone") {
			t.Errorf("the report says %q", says)
		}
		want(t, submit(p, "environment", "GOMEMLIMIT"), "67108864")
		t.Skip(p.limiter.lack)
	}
	if !strings.Contains(says, "67108864 bytes for each worker") {
		t.Errorf("the report says %q", says)
	}
	want(t, submit(p, "hoard", mebibytes(8)), "")
	crash := wantError[*CrashError](t, submit(p, "hoard", mebibytes(256)))
	if crash.OutOfMemory != OOMLimit || crash.Func != "hoard" || !strings.Contains(crash.Error(), "over Options.MemoryLimit") {
		t.Errorf("got %v", crash)
	}
	want(t, submit(p, "echo", "on"), "on")
	group := p.slots[0].worker.group.Path()
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(group); err == nil {
		t.Errorf("%s was left", group)
	}
}

// A plain kill is told from a death for want of memory, and that of the runtime
// from both.
func TestOutOfMemoryIsTold(t *testing.T) {
	p := open(t, Options{Workers: 1})
	crash := wantError[*CrashError](t, submit(p, "signal", fmt.Sprint(int(unix.SIGKILL))))
	if crash.OutOfMemory != OOMNo && crash.OutOfMemory != OOMUntold {
		t.Errorf("a plain kill: %v", crash)
	}
	crash = wantError[*CrashError](t, submit(p, "starve", ""))
	if strings.Contains(crash.Output, "ThreadSanitizer") {
		t.Skip("the race detector runs out of memory before the runtime does")
	}
	if crash.OutOfMemory != OOMRuntime || !strings.Contains(crash.Error(), "out of memory, as its Go runtime says") {
		t.Errorf("%v", crash)
	}
}

func TestCPUs(t *testing.T) {
	allowed, err := reexec.AllowedCPUs()
	if err != nil {
		t.Fatal(err)
	}
	last := allowed[len(allowed)-1]
	p := open(t, Options{Workers: 2, CPUs: [][]int{{allowed[0]}, {last}}})
	for i, s := range p.slots {
		var set unix.CPUSet
		if err := unix.SchedGetaffinity(s.worker.child.PID(), &set); err != nil {
			t.Fatal(err)
		}
		if cpu := []int{allowed[0], last}[i]; set.Count() != 1 || !set.IsSet(cpu) {
			t.Errorf("worker %d may run on %d processors, want %d alone", i, set.Count(), cpu)
		}
	}
	if m := p.Mechanisms(); !strings.Contains(m.CPUs, "sched_setaffinity") {
		t.Errorf("the report says %q", m.CPUs)
	}
	for _, bad := range [][][]int{{{}}, {{allowed[0]}, {-1}}, {{1 << 20}}} {
		if _, err := Open(t.Context(), Options{Workers: 1, CPUs: bad}); err == nil || !strings.Contains(err.Error(), fmt.Sprint(allowed)) {
			t.Errorf("%v: got %v, want an error that names %v", bad, err, allowed)
		}
	}
}

// The report has a line for everything, and none is empty.
func TestMechanisms(t *testing.T) {
	p := open(t, Options{Workers: 1})
	lines := strings.Split(strings.TrimSpace(p.Mechanisms().String()), "\n")
	if len(lines) != 7 {
		t.Errorf("%d lines: %q", len(lines), lines)
	}
	for _, line := range lines {
		if name, text, ok := strings.Cut(line, ":"); !ok || len(strings.TrimSpace(text)) < 10 {
			t.Errorf("%s says %q", name, text)
		}
	}
	if !slices.ContainsFunc(lines, func(l string) bool { return strings.Contains(l, "memfd, sealed") }) {
		t.Errorf("no memfd in %q", lines)
	}
}

// There is an error, and not a limit that is none, if the cgroup cannot be made.
func TestStartWithoutItsGroupFails(t *testing.T) {
	p := open(t, Options{Workers: 1, MemoryLimit: 64 << 20})
	if p.limiter.lack != nil {
		t.Skip(p.limiter.lack)
	}
	p.limiter.bytes = -1
	_, err := startWorker(p.slots[0])
	if err == nil || !strings.Contains(err.Error(), "must be positive") || errors.Is(err, ErrBroken) {
		t.Errorf("got %v", err)
	}
}
