package cgroup

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
)

// Own returns the directories of this process's own group and of those above it
// as far as they are seen, nearest first, in the hierarchy that has a controller
// ("cpu", "memory", "pids"), with its version. A limit of any of them holds for
// this process. Root stands in front of every path; "/" is this machine.
//
// The error says that the controller is nowhere, and wraps
// errors.ErrUnsupported. Nothing is cached, since a process can be moved.
func Own(root, controller string) (dirs []string, version int, err error) {
	places, err := fileSystem{root: root}.places(controller)
	if err != nil {
		return nil, 0, errors.Join(fmt.Errorf("no cgroup is known: %w", err), errors.ErrUnsupported)
	}
	for _, p := range places {
		dirs := p.chain()
		if p.version == 2 && !slices.ContainsFunc(dirs, func(dir string) bool {
			words, _ := wordsOf(filepath.Join(dir, "cgroup.controllers"))
			return slices.Contains(words, controller)
		}) {
			continue // a hybrid system, on which v1 has it
		}
		return dirs, p.version, nil
	}
	return nil, 0, fmt.Errorf("no cgroup file system with the controller %s is mounted: %w", controller, errors.ErrUnsupported)
}

// chain returns the directories from the own group up to the mount.
func (p place) chain() (dirs []string) {
	for dir := p.own; ; dir = filepath.Dir(dir) {
		dirs = append(dirs, dir)
		if dir == p.mount || dir == filepath.Dir(dir) {
			return dirs
		}
	}
}
