package cgroup

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestOwnGroupsUpToTheMount(t *testing.T) {
	root := t.TempDir()
	fakeFiles(t, root, map[string]string{
		"proc/self/mountinfo":      "41 31 0:38 / /cg2 rw - cgroup2 cgroup2 rw\n30 1 0:1 / /cg1 rw - cgroup cgroup rw,cpu\n",
		"proc/self/cgroup":         "1:cpu:/c\n0::/a/b\n",
		"cg2/a/cgroup.controllers": "memory pids\n",
	})
	for controller, want := range map[string][]string{
		"memory": {"cg2/a/b", "cg2/a", "cg2"},
		"cpu":    {"cg1/c", "cg1"}, // v2 does not have it
	} {
		dirs, _, err := Own(root, controller)
		for i := range dirs {
			dirs[i], _ = filepath.Rel(root, dirs[i])
		}
		if diff := cmp.Diff(want, dirs); diff != "" || err != nil {
			t.Errorf("%s: %v %s", controller, err, diff)
		}
	}
	for _, lacks := range []string{root, t.TempDir()} {
		if dirs, _, err := Own(lacks, "hugetlb"); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%v, %v", dirs, err)
		}
	}
}
