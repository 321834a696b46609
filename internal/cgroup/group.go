package cgroup

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"
)

// A Group holds one child and what that starts, under a memory limit. Its
// methods may be called from any goroutine. Whoever made it removes it, after
// the processes in it have ended.
type Group struct {
	path    string
	version int
	files   fileSystem
}

// groups numbers the groups of this process.
var groups atomic.Int64

// namePrefix begins the name of every group: "juggle-PID-NUMBER", where PID is
// the owner's.
const namePrefix = "juggle-"

// New makes a group of which the processes together may use limit bytes of
// memory, and no swap where the kernel accounts for that. When they want more
// and nothing can be reclaimed, the kernel kills: under v2 all of them
// (memory.oom.group), under v1 the largest. The kernel rounds limit down to
// whole pages. A limit that a Go program does not even start in, some MiB, is
// not refused here.
//
// Errors are those of the files. The caller removes the group.
func (p Parent) New(limit int64) (*Group, error) {
	if limit <= 0 {
		return nil, fmt.Errorf("a memory limit of %d bytes: it must be positive", limit)
	}
	g := &Group{version: p.version, files: p.files}
	for {
		name := namePrefix + strconv.Itoa(os.Getpid()) + "-" + strconv.FormatInt(groups.Add(1), 10)
		g.path = filepath.Join(p.path, name)
		err := p.files.mkdir(g.path)
		if err == nil {
			break
		}
		if !errors.Is(err, fs.ErrExist) { // a dead process with our number left it
			return nil, fmt.Errorf("making a cgroup: %w", err)
		}
	}
	if err := g.limit(limit); err != nil {
		return nil, errors.Join(fmt.Errorf("limiting a cgroup: %w", err), g.Remove())
	}
	return g, nil
}

// limit sets the limit of a new group.
func (g *Group) limit(bytes int64) error {
	number := strconv.FormatInt(bytes, 10)
	settings := []struct {
		file, value string
		optional    bool
	}{
		{"memory.max", number, false},
		{"memory.swap.max", "0", true},
		{"memory.oom.group", "1", true}, // since Linux 4.19
	}
	if g.version == 1 {
		settings = settings[:2]
		settings[0].file = "memory.limit_in_bytes"
		// Memory and swap together; it must not be below the one before.
		settings[1].file, settings[1].value = "memory.memsw.limit_in_bytes", number
	}
	for _, s := range settings {
		err := write(filepath.Join(g.path, s.file), s.value)
		if err != nil && !(s.optional && errors.Is(err, fs.ErrNotExist)) {
			return err
		}
	}
	return nil
}

// Path is the directory of the group. Under v2 a process is started in it by a
// descriptor of this directory (CLONE_INTO_CGROUP in clone(2)).
func (g *Group) Path() string { return g.path }

// Version is 1 or 2, as of the cgroup file system.
func (g *Group) Version() int { return g.version }

// String names version and directory.
func (g *Group) String() string { return fmt.Sprintf("cgroup v%d at %s", g.version, g.path) }

// Add moves the process pid with all its threads into the group. Memory that it
// has already stays accounted where it was.
func (g *Group) Add(pid int) error {
	if pid <= 0 {
		return fmt.Errorf("adding process %d to a cgroup: a process id is positive", pid)
	}
	if err := write(filepath.Join(g.path, "cgroup.procs"), strconv.Itoa(pid)); err != nil {
		return fmt.Errorf("adding process %d to a cgroup: %w", pid, err)
	}
	return nil
}

// Kills is how many processes of the group the kernel killed so far because
// memory was out, at the limit or in the whole machine. It counts under v1 since
// Linux 4.13; before, the error wraps errors.ErrUnsupported.
func (g *Group) Kills() (int64, error) {
	n, err := kills(g.path, g.version)
	if err != nil {
		return 0, fmt.Errorf("out-of-memory kills of %v: %w", g, err)
	}
	return n, nil
}

// Peak is the most memory in bytes that the group has had. It can be a few pages
// over the limit, which a dying process may pass. Under v2 it is known
// since Linux 5.19; before, the error wraps errors.ErrUnsupported.
func (g *Group) Peak() (int64, error) {
	file := "memory.peak"
	if g.version == 1 {
		file = "memory.max_usage_in_bytes"
	}
	words, err := wordsOf(filepath.Join(g.path, file))
	if err == nil && len(words) != 1 {
		err = fmt.Errorf("%s holds %q", file, words)
	}
	var n int64
	if err == nil {
		n, err = strconv.ParseInt(words[0], 10, 64)
	}
	if errors.Is(err, fs.ErrNotExist) && g.exists() {
		err = errors.ErrUnsupported
	}
	if err != nil {
		return 0, fmt.Errorf("peak memory of %v: %w", g, err)
	}
	return n, nil
}

func (g *Group) exists() bool {
	_, err := os.Stat(g.path)
	return err == nil
}

// killRounds bounds how often Kill reads the list of processes again.
const killRounds = 100

// Kill sends SIGKILL to every process of the group, wherever it went: a process
// can leave its process group and its session, but not its cgroup. It does not
// wait until they are gone. A group without processes, or removed, is no error.
func (g *Group) Kill() error {
	err := write(filepath.Join(g.path, "cgroup.kill"), "1") // since Linux 5.14, v2 alone
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	// One after the other, until a reading finds no new one: they may fork. The
	// dead stay listed until they are reaped.
	killed := map[int]bool{}
	for range killRounds {
		words, err := wordsOf(filepath.Join(g.path, "cgroup.procs"))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("killing %v: %w", g, err)
		}
		before := len(killed)
		for _, word := range words {
			// A process of another namespace is listed as 0, which kill(2) takes
			// for the caller's own group.
			if pid, err := strconv.Atoi(word); err == nil && pid > 0 && !killed[pid] {
				killed[pid] = true
				kill(pid)
			}
		}
		if len(killed) == before {
			return nil
		}
	}
	return fmt.Errorf("killing %v: its processes fork faster than they can be killed", g)
}

// drain is how long Remove waits for the kernel.
const drain = 2 * time.Second

// Remove removes the group. A process that was just reaped can keep it busy for
// a moment, so Remove tries again for up to two seconds. It is no error if the
// group is gone already.
func (g *Group) Remove() error {
	pause := time.Millisecond
	for end := time.Now().Add(drain); ; pause = min(2*pause, 50*time.Millisecond) {
		err := g.files.rmdir(g.path)
		switch {
		case err == nil || errors.Is(err, fs.ErrNotExist):
			return nil
		case !errors.Is(err, syscall.EBUSY) || time.Now().After(end):
			words, _ := wordsOf(filepath.Join(g.path, "cgroup.procs"))
			return fmt.Errorf("removing %v, which has %d processes: %w", g, len(words), err)
		}
		time.Sleep(pause)
	}
}
