package procpool

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io/fs"
	mathrand "math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// An owner that is killed at any moment leaves nothing behind: no worker, be it
// busy, idle, starting or stopped, no child of a worker, no file, socket or
// shared memory.
func TestNothingOutlivesItsOwner(t *testing.T) {
	if dir := os.Getenv("PROCPOOL_OWNER"); dir != "" {
		own(t, dir)
	}
	t.Cleanup(leaks(t))
	kills := 100
	if testing.Short() {
		kills = 10
	}
	named := sharedFiles(t)
	_, setUp := killOwner(t, 0) // how long it takes until all is there
	slow, longest := 0, time.Duration(0)
	for range kills {
		took, _ := killOwner(t, time.Duration(mathrand.Int64N(int64(2*setUp)))+1)
		longest = max(longest, took)
		if took > time.Second {
			slow++
		}
	}
	t.Logf("the longest time until all was gone: %v; to set up took %v", longest, setUp)
	// Now and then the machine may be too busy to let the dead go in time.
	if slow > kills/20 {
		t.Errorf("%d times of %d something was left after a second", slow, kills)
	}
	if now := sharedFiles(t); len(now) > len(named) {
		t.Errorf("left in /dev/shm: %q, before: %q", now, named)
	}
}

// killOwner starts a process that owns pools, kills it after a while, or if that
// is 0 once it says that all is there, and waits until nothing is left of it. It
// returns how long that took, and how long the process lived.
func killOwner(t *testing.T, after time.Duration) (took, lived time.Duration) {
	t.Helper()
	work, temp := t.TempDir(), t.TempDir()
	mark := "PROCPOOL_MARK=" + rand.Text()
	cmd := exec.Command("/proc/self/exe", "-test.run=^TestNothingOutlivesItsOwner$")
	cmd.Env = append(os.Environ(), "PROCPOOL_OWNER="+work, "TMPDIR="+temp, mark)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if after == 0 {
		if line, _ := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
			t.Errorf("the owner says %q", line)
		}
	} else {
		<-time.After(after)
	}
	held := heldBy(cmd.Process.Pid)
	cmd.Process.Kill()
	killed := time.Now()
	lived = killed.Sub(start)
	cmd.Wait()
	await(t, "something outlived its owner", func() bool { return len(marked(mark)) == 0 })
	took = time.Since(killed)
	await(t, "shared memory or a socket outlived its owner", func() bool { return !stillHeld(held) })
	if left, _ := os.ReadDir(temp); len(left) > 0 {
		t.Errorf("files were left: %v", left)
	}
	return took, lived
}

// own opens pools with workers in every state, says so, and waits to be killed.
func own(t *testing.T, dir string) {
	p, err := Open(context.Background(), Options{Workers: 4})
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for { // workers that start and end
			if p, err := Open(context.Background(), Options{Workers: 1}); err == nil {
				p.Close()
			}
		}
	}()
	stats, err := p.Stats(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	unix.Kill(stats[3].Usage.PID, unix.SIGSTOP)
	for range 2 { // by the one or the other worker, or both
		if _, err := submit(p, "hostile children", "").Result(); err != nil {
			t.Fatal(err)
		}
	}
	submit(p, "echo", strings.Repeat("large", bigBytes)).Result()
	for _, name := range []string{"spin", "hostile signals"} {
		submit(p, name, filepath.Join(dir, name))
		begun(t, filepath.Join(dir, name))
	}
	fmt.Println("ready")
	select {}
}

// marked returns the processes that have mark in the environment that they were
// started with. Those that have ended and were not reaped have none.
func marked(mark string) (pids []string) {
	all, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, path := range all {
		if environ, err := os.ReadFile(path); err == nil && bytes.Contains(environ, []byte(mark)) {
			pids = append(pids, path)
		}
	}
	return pids
}

// An inode is a socket or shared memory that a process holds.
type inode struct {
	number uint64
	socket bool
}

// heldBy returns what a process holds.
func heldBy(pid int) map[inode]bool {
	held := make(map[inode]bool)
	descriptors, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	for _, path := range descriptors {
		if i, ok := inodeOf(path); ok {
			held[i] = true
		}
	}
	return held
}

// inodeOf returns what is behind an entry of /proc/PID/fd.
func inodeOf(path string) (i inode, ok bool) {
	link, err := os.Readlink(path)
	i.socket = strings.HasPrefix(link, "socket:")
	if err != nil || !i.socket && !strings.HasPrefix(link, "/memfd:procpool") {
		return i, false
	}
	var stat unix.Stat_t
	if unix.Stat(path, &stat) != nil {
		return i, false
	}
	i.number = stat.Ino
	return i, true
}

// stillHeld tells whether any of the sockets is still there, or anybody still
// holds any of the memory.
func stillHeld(held map[inode]bool) bool {
	sockets, _ := os.ReadFile("/proc/net/unix")
	for line := range strings.Lines(string(sockets)) {
		if fields := strings.Fields(line); len(fields) > 6 {
			number, _ := strconv.ParseUint(fields[6], 10, 64)
			if held[inode{number, true}] {
				return true
			}
		}
	}
	all, _ := filepath.Glob("/proc/[0-9]*/fd/*")
	return slices.ContainsFunc(all, func(path string) bool {
		i, ok := inodeOf(path)
		return ok && !i.socket && held[i]
	})
}

// sharedFiles are the files of this package that have a name in shared memory.
func sharedFiles(t *testing.T) []string {
	t.Helper()
	named, err := fs.Glob(os.DirFS("/dev/shm"), "*procpool*")
	if err != nil {
		t.Fatal(err)
	}
	return named
}
