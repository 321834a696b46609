package cgroup

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Sweep removes the groups in p that owners left behind when they were killed.
// A group counts as left if the process that its name tells of is dead; one with
// processes in it stays. It returns how many it removed.
func (p Parent) Sweep() (removed int, err error) {
	entries, err := os.ReadDir(p.path)
	if err != nil {
		return 0, fmt.Errorf("looking for cgroups of dead owners: %w", err)
	}
	for _, e := range entries {
		if owner, ok := ownerOf(e.Name()); !ok || !e.IsDir() || alive(owner) {
			continue
		}
		// One attempt: what is busy may belong to an owner in a process
		// namespace of its own, of whom we cannot know that it lives.
		if p.files.rmdir(filepath.Join(p.path, e.Name())) == nil {
			removed++
		}
	}
	return removed, nil
}

// ownerOf reads the process id from the name of a group.
func ownerOf(name string) (pid int, ok bool) {
	rest, found := strings.CutPrefix(name, namePrefix)
	owner, number, dash := strings.Cut(rest, "-")
	pid, err := strconv.Atoi(owner)
	n, err2 := strconv.ParseInt(number, 10, 64)
	if !found || !dash || err != nil || err2 != nil || pid <= 0 || n <= 0 {
		return 0, false
	}
	return pid, name == namePrefix+strconv.Itoa(pid)+"-"+strconv.FormatInt(n, 10)
}
