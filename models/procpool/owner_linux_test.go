package procpool

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// A task that its worker never read goes to the replacement: nothing was begun,
// so nothing runs twice and nothing is lost.
func TestTaskThatWasNotReadIsHandedOn(t *testing.T) {
	for name, input := range map[string]string{"small": "on", "large": string(make([]byte, 8<<20))} {
		t.Run(name, func(t *testing.T) {
			p := open(t, Options{Workers: 1})
			pid := stopWorker(t, p)
			f := submit(p, "echo", input)
			unix.Kill(pid, unix.SIGKILL)
			want(t, f, input)
		})
	}
}

// But only once: an input that no worker survives must not kill them all.
func TestTaskIsHandedOnOnce(t *testing.T) {
	p := open(t, Options{Workers: 1})
	pid := stopWorker(t, p)
	f := submit(p, "exit", "3")
	unix.Kill(pid, unix.SIGKILL)
	if e := wantError[*CrashError](t, f); e.ExitCode != 3 {
		t.Errorf("got %v", e)
	}
	want(t, submit(p, "echo", "on"), "on")

	pid = stopWorker(t, p)
	f = submit(p, "echo", "off")
	p.mu.Lock()
	f.chunk.items[f.at].alone = true
	p.mu.Unlock()
	unix.Kill(pid, unix.SIGKILL)
	if e := wantError[*CrashError](t, f); e.Signal != unix.SIGKILL {
		t.Errorf("got %v", e)
	}
}

// A worker that does not read holds up neither the caller, whose input fits no
// buffer, nor the next task once the first is cancelled.
func TestStoppedWorkerBlocksNobody(t *testing.T) {
	p := open(t, Options{Workers: 1})
	stopWorker(t, p)
	ctx, cancel := context.WithCancel(t.Context())
	large := p.Submit(ctx, "echo", make([]byte, 16<<20))
	next := submit(p, "echo", "on")
	cancel()
	wantIs(t, large, context.Canceled)
	want(t, next, "on")
}

// stopWorker stops the one worker of p, so that it reads nothing, and returns
// its process id.
func stopWorker(t *testing.T, p *Pool) int {
	t.Helper()
	stats, err := p.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	pid := stats[0].Usage.PID
	unix.Kill(pid, unix.SIGSTOP)
	var info unix.Siginfo
	if err := unix.Waitid(unix.P_PID, pid, &info, unix.WSTOPPED, nil); err != nil {
		t.Fatal(err)
	}
	return pid
}

// When the owner is killed its workers go, busy or not.
func TestWorkersEndWithTheirOwner(t *testing.T) {
	if os.Getenv("PROCPOOL_OWNER") != "" {
		ownAndHang(t)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestWorkersEndWithTheirOwner$")
	cmd.Env = append(os.Environ(), "PROCPOOL_OWNER="+t.TempDir())
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var pids [3]int
	for lines := bufio.NewScanner(out); pids[2] == 0 && lines.Scan(); {
		fmt.Sscanf(lines.Text(), "workers %d %d %d", &pids[0], &pids[1], &pids[2])
	}
	var fds []unix.PollFd
	for _, pid := range pids {
		if fd, err := unix.PidfdOpen(pid, 0); err == nil && pid != 0 {
			fds = append(fds, unix.PollFd{Fd: int32(fd), Events: unix.POLLIN})
			defer unix.Close(fd)
		}
	}
	cmd.Process.Kill()
	io.Copy(io.Discard, out)
	cmd.Wait()
	if len(fds) != 3 {
		t.Fatalf("the owner told of %v, of which %d lived", pids, len(fds))
	}
	for i := range fds {
		await(t, "a worker outlived its owner", func() bool {
			n, err := unix.Poll(fds[i:i+1], 1000)
			return n == 1 && err == nil
		})
	}
}

// ownAndHang opens a pool with a worker that spins, one that hangs and one that
// is idle, tells who they are, and waits to be killed.
func ownAndHang(t *testing.T) {
	p, err := Open(context.Background(), Options{Workers: 3})
	if err != nil {
		t.Fatal(err)
	}
	stats, err := p.Stats(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"spin", "hang"} {
		file := filepath.Join(os.Getenv("PROCPOOL_OWNER"), name)
		submit(p, name, file)
		begun(t, file)
	}
	fmt.Println("workers", stats[0].Usage.PID, stats[1].Usage.PID, stats[2].Usage.PID)
	select {}
}
