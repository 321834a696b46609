// Package cgroup gives a child process a memory limit that the kernel enforces,
// where the system lets this process make control groups. It also tells a death
// for want of memory from a plain SIGKILL.
//
// # Vocabulary
//
// A [Parent] is a directory of the cgroup file system in which this process may
// make groups that limit memory. A [Group] is one such group, made for one
// child. Both versions are served: v2 (the kernel's
// Documentation/admin-guide/cgroup-v2.rst) and the memory hierarchy of v1
// (Documentation/admin-guide/cgroup-v1/memory.rst).
//
// # Where groups may be made
//
// Under v1 a group is made below this process's own, so every limit of that
// still holds. Under v2 a group that has processes cannot limit groups below it
// (the no-internal-process rule), so the search goes up from this process's own
// group to the nearest ancestor that may be written and hands memory down, or
// can be told to. It stops below the mount, and at a group that has a limit of
// its own, because a child beside that group would escape it. Rejected: to move
// this process, and all others of its group, down into a leaf. That is for
// whoever made the group to do.
//
// Where the file system is mounted read-only, as in many containers, or no group
// is this user's, [Find] says why in an error that wraps errors.ErrUnsupported;
// so it does on systems without cgroups.
//
// # What is left behind
//
// The kernel kills the processes of a dead owner (see package reexec), but an
// empty group stays until somebody removes it: [Parent.Sweep].
package cgroup

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// fileSystem is what this package asks the kernel. Tests replace it.
type fileSystem struct {
	root  string // in front of every path
	mkdir func(path string) error
	rmdir func(path string) error
}

// kernel is the real one. Group directories are removed like empty ones: the
// files in them are no entries of their own.
var kernel = fileSystem{
	root:  "/",
	mkdir: func(path string) error { return os.Mkdir(path, 0o755) },
	rmdir: os.Remove,
}

// lacking says why no group can be made.
func lacking(reason string) error {
	return fmt.Errorf("no cgroup is delegated to this process: %s: %w", reason, errors.ErrUnsupported)
}

// A Parent is a directory in which this process may make groups. Get one from
// [Find]. It may be used from any goroutine.
type Parent struct {
	path    string
	version int
	files   fileSystem
}

// Path is its directory.
func (p Parent) Path() string { return p.path }

// Version is 1 or 2, as of the cgroup file system.
func (p Parent) Version() int { return p.version }

// String names version and directory, as in "cgroup v2 at /sys/fs/cgroup/app.slice".
func (p Parent) String() string { return fmt.Sprintf("cgroup v%d at %s", p.version, p.path) }

// Find looks for a directory in which this process may make groups with a
// memory limit, and tries it by making one and removing it again. Any process
// may call it, from any goroutine. Nothing is cached, since a process can be
// moved: call it once for a number of groups.
//
// The error wraps errors.ErrUnsupported and gives the reason for each version.
func Find() (Parent, error) { return kernel.find() }

func (fs fileSystem) find() (Parent, error) {
	places, err := fs.places("memory")
	if err != nil {
		return Parent{}, lacking(err.Error())
	}
	var reasons []string
	for _, p := range places {
		parent, err := fs.findIn(p)
		if err == nil {
			return parent, nil
		}
		reasons = append(reasons, fmt.Sprintf("v%d: %v", p.version, err))
	}
	if reasons == nil {
		return Parent{}, lacking("no cgroup file system with a memory controller is mounted")
	}
	return Parent{}, lacking(strings.Join(reasons, "; "))
}

// findIn looks in one hierarchy.
func (fs fileSystem) findIn(p place) (Parent, error) {
	if p.version == 1 {
		parent := Parent{p.own, 1, fs}
		return parent, parent.try()
	}
	var reasons []string
	for dir := p.own; ; dir = filepath.Dir(dir) {
		parent := Parent{dir, 2, fs}
		err := parent.handDown()
		if err == nil {
			err = parent.try()
		}
		if err == nil {
			return parent, nil
		}
		reasons = append(reasons, err.Error())
		if dir == p.mount {
			break
		}
		if file := limitOf(dir); file != "" {
			reasons = append(reasons, file+" limits this process, and a group above would escape that")
			break
		}
	}
	return Parent{}, errors.New(strings.Join(reasons, "; "))
}

// handDown sees to it that groups in p have the memory controller, and that this
// process may put children there.
func (p Parent) handDown() error {
	if words, err := wordsOf(filepath.Join(p.path, "cgroup.controllers")); err != nil {
		return err
	} else if !slices.Contains(words, "memory") {
		return fmt.Errorf("%s has no memory controller", p.path)
	}
	// Who starts a process in a group needs to write this file of the group
	// above both.
	procs, err := os.OpenFile(filepath.Join(p.path, "cgroup.procs"), os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	procs.Close()
	control := filepath.Join(p.path, "cgroup.subtree_control")
	if words, err := wordsOf(control); err != nil {
		return err
	} else if slices.Contains(words, "memory") {
		return nil
	}
	if err := write(control, "+memory"); err != nil {
		return fmt.Errorf("%s does not hand memory down: %w", p.path, err)
	}
	return nil
}

// try makes a group and removes it.
func (p Parent) try() error {
	g, err := p.New(1 << 40)
	if err != nil {
		return err
	}
	return g.Remove()
}

// limitOf returns the file that limits the group of dir itself, or "".
func limitOf(dir string) string {
	for _, name := range []string{"memory.max", "memory.high", "memory.swap.max", "cpu.max", "pids.max"} {
		file := filepath.Join(dir, name)
		words, err := wordsOf(file)
		if err == nil && len(words) > 0 && words[0] != "max" {
			return file
		}
	}
	return ""
}
