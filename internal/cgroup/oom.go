package cgroup

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// OOMKills counts the processes that the kernel has killed because memory was
// out: of this process's own group where that is accounted, or else of the whole
// machine (oom_kill in /proc/vmstat, since Linux 4.13). where says which, in
// words. Compare two counts with the same where: if the count has grown between
// the start of a child and its death by SIGKILL, memory was probably the reason;
// if not, it was not. For a child in a [Group] ask [Group.Kills] first: only the
// group's own processes count there.
//
// Any process may call it. It reads three small files. Where nothing is counted
// the error wraps errors.ErrUnsupported.
func OOMKills() (count int64, where string, err error) { return kernel.oomKills() }

func (fs fileSystem) oomKills() (count int64, where string, err error) {
	places, _ := fs.places("memory") // without them the machine's own count is left
	for _, p := range places {
		// The kernel counts a victim in its group whatever limit was hit.
		if n, err := kills(p.own, p.version); err == nil {
			return n, fmt.Sprintf("in cgroup v%d at %s", p.version, p.own), nil
		}
	}
	text, err := os.ReadFile(filepath.Join(fs.root, "proc/vmstat"))
	if err == nil {
		count, err = parseKeyed(text, "oom_kill")
	}
	if err != nil {
		return 0, "", fmt.Errorf("this system does not count out-of-memory kills (%v): %w", err, errors.ErrUnsupported)
	}
	return count, "on this machine", nil
}

// kills reads the count of a group.
func kills(dir string, version int) (int64, error) {
	file := filepath.Join(dir, "memory.events")
	if version == 1 {
		file = filepath.Join(dir, "memory.oom_control")
	}
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		if _, gone := os.Stat(dir); gone == nil {
			err = errors.ErrUnsupported
		}
	}
	if err != nil {
		return 0, err
	}
	n, err := parseKeyed(text, "oom_kill")
	if errors.Is(err, errNoKey) {
		err = errors.ErrUnsupported
	}
	return n, err
}
