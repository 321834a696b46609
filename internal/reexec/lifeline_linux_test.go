package reexec

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// However a child passes its time, it and its own children are gone when the
// owner is killed. (Checklist: no orphans after SIGKILL of the owner;
// grandchildren are killed.)
func TestChildrenAndTheirChildrenEndWithTheOwner(t *testing.T) {
	if how := os.Getenv("REEXEC_FAMILY"); how != "" {
		ownFamily(t, how)
	}
	for _, how := range []string{"wait", "spin", "ignore", "stop"} {
		t.Run(how, func(t *testing.T) {
			owner := exec.Command(os.Args[0], "-test.run=^"+strings.Split(t.Name(), "/")[0]+"$")
			owner.Env = append(os.Environ(), "REEXEC_FAMILY="+how)
			out, err := owner.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := owner.Start(); err != nil {
				t.Fatal(err)
			}
			pids := readFamily(out)
			family := watch(t, pids)
			owner.Process.Kill()
			io.Copy(io.Discard, out)
			owner.Wait()
			if len(family) != 4 || len(pids) != 4 || owner.ProcessState.Exited() {
				t.Fatalf("of the family %v only %d lived; the owner: %v", pids, len(family), owner.ProcessState)
			}
			for pid, fd := range family {
				awaitFD(t, pid, fd)
			}
		})
	}
}

// readFamily reads the line that an owner prints when its family is complete.
func readFamily(out io.Reader) (pids []int) {
	for lines := bufio.NewScanner(out); lines.Scan(); {
		rest, found := strings.CutPrefix(lines.Text(), "family ")
		if !found {
			continue
		}
		for word := range strings.FieldsSeq(rest) {
			pid, _ := strconv.Atoi(word)
			pids = append(pids, pid)
		}
		break
	}
	return pids
}

// watch opens a pidfd for each process that lives, so that a number that is
// given anew misleads nobody.
func watch(t *testing.T, pids []int) map[int]int {
	t.Helper()
	family := map[int]int{}
	for _, pid := range pids {
		fd, err := unix.PidfdOpen(pid, 0)
		if err != nil {
			continue
		}
		t.Cleanup(func() { unix.Close(fd) })
		family[pid] = fd
	}
	return family
}

// ownFamily starts two children that have a child each, tells who they all are,
// and waits to be killed.
func ownFamily(t *testing.T, how string) {
	var family []string
	for range 2 {
		c, err := Start("family", Options{Environment: []string{"REEXEC_FAMILY=" + how}})
		if err != nil {
			t.Fatal(err)
		}
		line, err := bufio.NewReader(c.Socket).ReadString('\n')
		if err != nil {
			t.Fatal(err, c.Output())
		}
		if how == "stop" {
			for pid := range strings.FieldsSeq(line) {
				n, _ := strconv.Atoi(pid)
				unix.Kill(n, unix.SIGSTOP)
			}
			if err := unix.Waitid(unix.P_PID, c.PID(), nil, unix.WSTOPPED|unix.WNOWAIT, nil); err != nil {
				t.Fatal(err)
			}
		}
		family = append(family, strings.TrimSpace(line))
	}
	fmt.Println("family", strings.Join(family, " "))
	select {}
}

// serveFamily is a child that starts one of its own, tells its owner the two
// numbers, and then never looks at the socket again.
func serveFamily(socket *os.File) {
	how := os.Getenv("REEXEC_FAMILY")
	if how == "ignore" {
		signal.Ignore()
	}
	grandchild := exec.Command(executable())
	grandchild.Env = append(os.Environ(), "REEXEC_GRANDCHILD=1")
	ready, err := grandchild.StdoutPipe()
	if err == nil {
		err = grandchild.Start()
	}
	if err == nil {
		_, err = bufio.NewReader(ready).ReadString('\n')
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Fprintln(socket, os.Getpid(), grandchild.Process.Pid)
	passTime(how)
}

// serveGrandchild waits for ever.
func serveGrandchild() {
	how := os.Getenv("REEXEC_FAMILY")
	if how == "ignore" {
		signal.Ignore()
	}
	fmt.Println("ready")
	passTime(how)
}

// passTime never returns.
func passTime(how string) {
	if how == "spin" {
		//lint:ignore SA5002 that it spins is the point
		for {
		}
	}
	for { // the runtime would take select{} for a deadlock and exit
		unix.Pause()
	}
}

// The lifeline is armed before main, and the parent-death signal is then gone:
// it would end a child ahead of the child's own children.
func TestLifelineReplacesTheParentDeathSignal(t *testing.T) {
	if !strings.Contains(ParentDeath(), "process group") {
		t.Skip(ParentDeath())
	}
	c, ask := start(t)
	if got, want := ask("lifeline"), fmt.Sprintf("owner {%d %d} signal %d parent-death 0", ownerGroup, c.PID(), unix.SIGKILL); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Where the pipe cannot be had the parent-death signal stays, and the owner says
// so.
func TestWithoutALifelineTheParentDeathSignalStays(t *testing.T) {
	lifeline.mu.Lock()
	read, lack := lifeline.read, lifeline.lack
	lifeline.read, lifeline.lack = nil, unix.ENOSYS
	lifeline.mu.Unlock()
	t.Cleanup(func() {
		lifeline.mu.Lock()
		lifeline.read, lifeline.lack = read, lack
		lifeline.mu.Unlock()
	})
	_, ask := start(t)
	if got, want := ask("lifeline"), fmt.Sprintf("no lifeline, parent-death %d", unix.SIGKILL); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := ParentDeath(); !strings.Contains(got, "but not the child's own children") || !strings.Contains(got, unix.ENOSYS.Error()) {
		t.Error(got)
	}
}

// A child that was given a lifeline and cannot hold it does not serve.
func TestChildWithABrokenLifelineEnds(t *testing.T) {
	ours, theirs, err := socketPair()
	if err != nil {
		t.Fatal(err)
	}
	defer theirs.Close()
	defer ours.Close()
	b := badge{role: "echo", nonce: "00", lifeline: 99}
	ours.Write(b.greeting())
	c := newChild(b, ours, []*os.File{theirs}, Options{})
	if err := onSpawner(func() error { return launch(c.command, Options{}) }); err != nil {
		t.Fatal(err)
	}
	reap(c.command)
	if code := c.command.ProcessState.ExitCode(); code != exitNoLifeline || !strings.Contains(c.Output(), "/proc/self/fd/99") {
		t.Errorf("exit code %d, want %d; output %q", code, exitNoLifeline, c.Output())
	}
}

// deathSignal is the parent-death signal of the main thread, after the package's
// own initialisation.
var deathSignal int32

func init() {
	unix.Prctl(unix.PR_GET_PDEATHSIG, uintptr(unsafe.Pointer(&deathSignal)), 0, 0, 0)
}

// ownerGroup is F_OWNER_PGRP of fcntl(2).
const ownerGroup = 2

// describeLifeline tells what this process has asked the kernel for.
func describeLifeline() string {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return err.Error()
	}
	for _, e := range entries {
		fd, _ := strconv.Atoi(e.Name())
		signal, err := unix.FcntlInt(uintptr(fd), unix.F_GETSIG, 0)
		if err != nil || signal == 0 {
			continue
		}
		flags, _ := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
		descriptor, _ := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
		// F_GETOWN cannot tell a group below 4096 from an error; see fcntl(2).
		var owner struct{ kind, id int32 }
		unix.Syscall(unix.SYS_FCNTL, uintptr(fd), unix.F_GETOWN_EX, uintptr(unsafe.Pointer(&owner)))
		if flags&unix.O_ASYNC != 0 && descriptor&unix.FD_CLOEXEC != 0 {
			return fmt.Sprintf("owner %v signal %d parent-death %d", owner, signal, deathSignal)
		}
	}
	return fmt.Sprintf("no lifeline, parent-death %d", deathSignal)
}
