package reexec

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"juggle/internal/cgroup"
)

// A child has its processors from the beginning, so its runtime counts them, and
// the next child has all of them again. (CPU set per worker on request.)
func TestChildRunsOnItsProcessors(t *testing.T) {
	allowed, err := AllowedCPUs()
	if err != nil || len(allowed) == 0 {
		t.Fatal(allowed, err)
	}
	last := allowed[len(allowed)-1:]
	_, ask := startWith(t, Options{CPUs: last})
	if got, want := ask("cpus"), fmt.Sprint(last, 1, nil); got != want {
		t.Errorf("a bound child has %s, want %s", got, want)
	}
	_, ask = start(t)
	if got, want := ask("cpus"), fmt.Sprint(allowed, len(allowed), nil); got != want {
		t.Errorf("the child after it has %s, want %s", got, want)
	}
}

func TestWrongProcessorsAreRefused(t *testing.T) {
	allowed, err := AllowedCPUs()
	if err != nil {
		t.Fatal(err)
	}
	for _, cpus := range [][]int{{-1}, {1023}, {1 << 20}, {allowed[0], -1}} {
		wrong := strconv.Itoa(cpus[len(cpus)-1])
		c, err := Start("echo", Options{CPUs: cpus})
		if err == nil {
			c.Kill()
			t.Errorf("a child runs on %v", cpus)
		} else if text := err.Error(); !strings.Contains(text, "processor "+wrong+" is not among") || strings.Contains(text, "\n") {
			t.Errorf("%v: %v", cpus, err)
		}
	}
}

// The kernel takes a child before its owner when memory is out.
func TestChildIsTakenBeforeItsOwner(t *testing.T) {
	text, err := os.ReadFile("/proc/self/oom_score_adj")
	if err != nil {
		t.Skip(err)
	}
	own, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	_, ask := start(t)
	if got, want := ask("oom score"), fmt.Sprintf("%d, <nil>", min(own+oomScore, 1000)); got != want {
		t.Errorf("the child's score is %s, want %s", got, want)
	}
}

// The lifeline comes after the files of the caller, whose numbers stay.
func TestFilesKeepTheirNumbers(t *testing.T) {
	for n := range 3 {
		var files []*os.File
		for i := range n {
			f, err := os.Create(filepath.Join(t.TempDir(), strconv.Itoa(i)))
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			files = append(files, f)
		}
		c, ask := startWith(t, Options{Files: files})
		ask("are you there")
		for i, f := range files {
			link, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", c.PID(), FirstFile+i))
			if err != nil || link != f.Name() {
				t.Errorf("descriptor %d of the child is %q, %v, want %q", FirstFile+i, link, err, f.Name())
			}
		}
	}
}

// A child in a group over its limit is killed, the group says so, and the owner
// is spared. (Out of memory told apart from a plain kill; memory limit per
// worker by cgroup.)
func TestChildOverItsLimitIsKilled(t *testing.T) {
	parent, err := cgroup.Find()
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	g, err := parent.New(128 << 20)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := g.Remove(); err != nil {
			t.Error(err)
		}
	})
	c, ask := startWith(t, Options{Group: g})
	if got := ask("cgroup"); !strings.Contains(got, filepath.Base(g.Path())) {
		t.Errorf("the child of %v is in %s", g, got)
	}
	if n, err := g.Kills(); n != 0 || err != nil {
		t.Errorf("before: %d kills, %v", n, err)
	}
	fmt.Fprintln(c.Socket, "allocate")
	status, ok := c.State().Sys().(syscall.WaitStatus)
	if !ok || status.Signal() != unix.SIGKILL {
		t.Errorf("the child ended with %v, want SIGKILL; output %q", c.State(), c.Output())
	}
	if n, err := g.Kills(); n != 1 || err != nil {
		t.Errorf("after: %d kills, %v, want 1", n, err)
	}
	peak, err := g.Peak()
	if errors.Is(err, errors.ErrUnsupported) {
		return
	}
	if peak < 64<<20 || peak > 256<<20 || err != nil { // a dying process may pass the limit a little
		t.Errorf("the peak is %d, %v", peak, err)
	}
}

// A plain SIGKILL is not counted.
func TestKilledChildIsNotOutOfMemory(t *testing.T) {
	before, where, err := cgroup.OOMKills()
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if where == "on this machine" {
		t.Skip("other programs of this machine count too")
	}
	c, _ := start(t)
	c.Signal(unix.SIGKILL)
	c.State()
	if after, again, err := cgroup.OOMKills(); after != before || again != where || err != nil {
		t.Errorf("%d kills %s, %v; before %d %s", after, again, err, before, where)
	}
}

// A group that is gone is an error of the start, and no child stays.
func TestStartInAMissingGroupFails(t *testing.T) {
	parent, err := cgroup.Find()
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	g, err := parent.New(128 << 20)
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Remove(); err != nil {
		t.Fatal(err)
	}
	c, err := Start("echo", Options{Group: g})
	if err == nil {
		c.Kill()
		t.Fatalf("a child runs in %v, which was removed", g)
	}
	if !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), "echo") {
		t.Error(err)
	}
	if _, err := unix.Wait4(-1, nil, unix.WNOHANG, nil); err != unix.ECHILD {
		t.Errorf("a child was left behind: %v", err)
	}
}

// KillGroup takes a child's own children along, and does nothing in a process
// that leads no group.
func TestKillGroup(t *testing.T) {
	if os.Getenv("REEXEC_NO_LEADER") != "" {
		KillGroup()
		fmt.Println("still here")
		os.Exit(0)
	}
	follower := exec.Command(os.Args[0], "-test.run=^TestKillGroup$")
	follower.Env = append(os.Environ(), "REEXEC_NO_LEADER=1")
	if out, err := follower.Output(); err != nil || string(out) != "still here\n" {
		t.Errorf("got %q, %v", out, err)
	}
	follower = exec.Command(os.Args[0], "-test.run=^TestKillGroup$")
	follower.Env = append(os.Environ(), "REEXEC_NO_LEADER=1")
	follower.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := follower.Output()
	if status, ok := follower.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != unix.SIGKILL {
		t.Errorf("a leader ended with %v and printed %q", err, out)
	}
}
