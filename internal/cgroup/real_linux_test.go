package cgroup

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

func TestMain(m *testing.M) {
	if os.Getenv("CGROUP_MEMBER") != "" {
		serveMember()
	}
	os.Exit(m.Run())
}

// serveMember waits for its group, starts a process there, and waits to be
// killed.
func serveMember() {
	bufio.NewReader(os.Stdin).ReadString('\n')
	if os.Getenv("CGROUP_MEMBER") == "1" {
		below := exec.Command("/proc/self/exe")
		below.Env = append(os.Environ(), "CGROUP_MEMBER=2")
		below.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		below.Stdout = os.Stdout
		if err := below.Start(); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
	}
	fmt.Println("member")
	for {
		unix.Pause()
	}
}

// deadPID is the number of a process that was reaped.
func deadPID(t *testing.T) int {
	t.Helper()
	cmd := exec.Command("/proc/self/exe", "-test.run=^$")
	cmd.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=0")
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
	return cmd.Process.Pid
}

// delegated makes a group of the kernel's own, if it lets us.
func delegated(t *testing.T) (Parent, *Group) {
	t.Helper()
	parent, err := Find()
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	g, err := parent.New(256 << 20)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := g.Remove(); err != nil {
			t.Error(err)
		}
	})
	return parent, g
}

// Kill reaches what left the process group and the session, and the group can
// be removed after.
func TestKillReachesEveryMember(t *testing.T) {
	_, g := delegated(t)
	member := exec.Command("/proc/self/exe")
	member.Env = append(os.Environ(), "CGROUP_MEMBER=1")
	in, err := member.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := member.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := member.Start(); err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if err := g.Add(member.Process.Pid); err != nil {
		t.Fatal(err, member.Process.Kill())
	}
	fmt.Fprintln(in)
	lines := bufio.NewScanner(out)
	for range 2 {
		if !lines.Scan() || lines.Text() != "member" {
			t.Errorf("a member says %q", lines.Text())
		}
	}
	if err := g.Kill(); err != nil {
		t.Error(err)
	}
	if lines.Scan() { // ends when both are gone
		t.Errorf("a member says %q", lines.Text())
	}
	if err := member.Wait(); err == nil || member.ProcessState.Exited() {
		t.Errorf("the member ended with %v", member.ProcessState)
	}
	if n, err := g.Kills(); n != 0 || err != nil {
		t.Errorf("%d deaths for want of memory, %v", n, err)
	}
	if err := g.Remove(); err != nil {
		t.Error(err)
	}
	if err := g.Kill(); err != nil {
		t.Errorf("a group that is gone: %v", err)
	}
}

func TestSweepLeavesOwnGroups(t *testing.T) {
	parent, g := delegated(t)
	if n, err := parent.Sweep(); err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if _, err := os.Stat(g.Path()); err != nil {
		t.Error(err)
	}
}

func TestAddRefuses(t *testing.T) {
	_, g := delegated(t)
	for _, pid := range []int{0, -1, deadPID(t)} {
		if err := g.Add(pid); err == nil {
			t.Errorf("process %d was added", pid)
		}
	}
}

func TestOOMKillsOfThisSystem(t *testing.T) {
	n, where, err := OOMKills()
	if errors.Is(err, errors.ErrUnsupported) {
		t.Skip(err)
	}
	if n < 0 || where == "" || err != nil {
		t.Errorf("got %d %q, %v", n, where, err)
	}
}
