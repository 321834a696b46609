package cgroup

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// read is the text of a file of a group.
func read(t *testing.T, dir, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Error(err)
	}
	return string(text)
}

func TestFindsWhereGroupsMayBeMade(t *testing.T) {
	const run = "sys/fs/cgroup/user/app/run/"
	for _, c := range []struct {
		name   string
		layout map[string]string
		change map[string]string // "absent" removes a file
		want   string            // directory, or a part of the reason
	}{
		{"v2, own group", layoutV2(), nil, "sys/fs/cgroup/user/app/run"},
		{"v2, group above", layoutV2(), map[string]string{run + "cgroup.subtree_control": "dir"}, "sys/fs/cgroup/user/app"},
		{"v2, handed down when asked", layoutV2(), map[string]string{run + "cgroup.subtree_control": "pids\n"}, "sys/fs/cgroup/user/app/run"},
		{
			"v2, own limit would be escaped", layoutV2(),
			map[string]string{run + "cgroup.subtree_control": "dir", run + "memory.max": "1000000\n"},
			"memory.max limits this process",
		},
		{
			"v2, processor limit would be escaped", layoutV2(),
			map[string]string{run + "cgroup.subtree_control": "dir", run + "cpu.max": "50000 100000\n"},
			"cpu.max limits this process",
		},
		{"v2, nobody may be moved", layoutV2(), map[string]string{run + "cgroup.procs": "dir"}, "sys/fs/cgroup/user/app"},
		{"v1", layoutV1(), nil, "sys/fs/cgroup/memory/jobs/7"},
		{"v1, own group not seen", layoutV1(), map[string]string{"proc/self/cgroup": "4:memory:/../7\n0::/\n"}, "unified has no memory controller"},
		{"nothing mounted", layoutV1(), map[string]string{"proc/self/mountinfo": lineRoot}, "no cgroup file system"},
		{"no /proc", nil, nil, "mountinfo"},
	} {
		t.Run(c.name, func(t *testing.T) {
			root := t.TempDir()
			files := fakeFiles(t, root, c.layout)
			for name, text := range c.change {
				file := filepath.Join(root, name)
				if text != "dir" {
					put(t, file, text)
				} else if err := errors.Join(os.Remove(file), os.Mkdir(file, 0o755)); err != nil {
					t.Fatal(err)
				}
			}
			parent, err := files.find()
			if err == nil && parent.Path() != filepath.Join(root, c.want) || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Fatalf("got %v, %v, want %q", parent, err, c.want)
			}
			if err != nil && (!errors.Is(err, errors.ErrUnsupported) || strings.Contains(err.Error(), "\n")) {
				t.Errorf("%v: want one line that wraps errors.ErrUnsupported", err)
			}
			left, err := filepath.Glob(filepath.Join(parent.Path(), namePrefix+"*"))
			if len(left) > 0 || err != nil {
				t.Errorf("the trial left %v, %v", left, err)
			}
		})
	}
}

// If no level of v2 will do, every level says why.
func TestReasonsOfEveryLevel(t *testing.T) {
	layout := layoutV2()
	for name := range layout {
		if strings.HasSuffix(name, "cgroup.controllers") {
			layout[name] = "cpu\n"
		}
	}
	_, err := fakeFiles(t, t.TempDir(), layout).find()
	if err == nil || strings.Count(err.Error(), "has no memory controller") != 4 {
		t.Errorf("got %v", err)
	}
}

func TestGroupIsLimitedAndRemoved(t *testing.T) {
	for version, layout := range map[int]map[string]string{1: layoutV1(), 2: layoutV2()} {
		parent, err := fakeFiles(t, t.TempDir(), layout).find()
		if err != nil {
			t.Fatal(err)
		}
		g, err := parent.New(64 << 20)
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]string{"memory.max": "67108864", "memory.swap.max": "0", "memory.oom.group": "1"}
		if version == 1 {
			want = map[string]string{"memory.limit_in_bytes": "67108864", "memory.memsw.limit_in_bytes": "67108864"}
		}
		for name, text := range want {
			if got := read(t, g.Path(), name); got != text {
				t.Errorf("%s of v%d is %q, want %q", name, version, got, text)
			}
		}
		if g.Version() != version || filepath.Dir(g.Path()) != parent.Path() {
			t.Errorf("%v is not in %v", g, parent)
		}
		if pid, ok := ownerOf(filepath.Base(g.Path())); pid != os.Getpid() || !ok {
			t.Errorf("%v does not name its owner", g)
		}
		for range 2 { // the second time there is nothing to remove
			if err := g.Remove(); err != nil {
				t.Error(err)
			}
		}
		if _, err := os.Stat(g.Path()); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%v is still there: %v", g, err)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	root := t.TempDir()
	parent, err := fakeFiles(t, root, layoutV1()).find()
	if err != nil {
		t.Fatal(err)
	}
	for _, limit := range []int64{0, -1} {
		if g, err := parent.New(limit); err == nil {
			t.Errorf("a limit of %d gives %v", limit, g)
		}
	}
	// A group that cannot be limited is not left behind.
	parent.files.mkdir = func(path string) error { return os.Mkdir(path, 0o755) }
	if g, err := parent.New(1 << 20); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, %v", g, err)
	}
	if left, _ := filepath.Glob(filepath.Join(parent.Path(), "juggle-*")); len(left) > 0 {
		t.Errorf("%v was left behind", left)
	}
}

// Numbers that are taken, by a dead process with our id, are passed over.
func TestNewPassesOverWhatIsThere(t *testing.T) {
	parent, err := fakeFiles(t, t.TempDir(), layoutV1()).find()
	if err != nil {
		t.Fatal(err)
	}
	taken := filepath.Join(parent.Path(), fmt.Sprintf("%s%d-%d", namePrefix, os.Getpid(), groups.Load()+1))
	if err := os.Mkdir(taken, 0o755); err != nil {
		t.Fatal(err)
	}
	g, err := parent.New(1 << 20)
	if err != nil || g.Path() == taken {
		t.Errorf("got %v, %v", g, err)
	}
}

func TestKillsAndPeak(t *testing.T) {
	for version, layout := range map[int]map[string]string{1: layoutV1(), 2: layoutV2()} {
		parent, err := fakeFiles(t, t.TempDir(), layout).find()
		if err != nil {
			t.Fatal(err)
		}
		g, err := parent.New(1 << 20)
		if err != nil {
			t.Fatal(err)
		}
		events, peak := "memory.events", "memory.peak"
		if version == 1 {
			events, peak = "memory.oom_control", "memory.max_usage_in_bytes"
		}
		put(t, filepath.Join(g.Path(), events), "under_oom 0\noom_kill 2\n")
		put(t, filepath.Join(g.Path(), peak), "4096\n")
		if n, err := g.Kills(); n != 2 || err != nil {
			t.Errorf("v%d: %d kills, %v", version, n, err)
		}
		if n, err := g.Peak(); n != 4096 || err != nil {
			t.Errorf("v%d: peak %d, %v", version, n, err)
		}
		put(t, filepath.Join(g.Path(), events), "under_oom 0\n") // an old kernel
		os.Remove(filepath.Join(g.Path(), peak))
		if n, err := g.Kills(); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("v%d without a count: %d, %v", version, n, err)
		}
		if n, err := g.Peak(); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("v%d without a peak: %d, %v", version, n, err)
		}
		if err := g.Remove(); err != nil {
			t.Fatal(err)
		}
		if n, err := g.Kills(); err == nil || errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("v%d, removed: %d kills, %v", version, n, err)
		}
	}
}

// The kernel keeps a group busy for a moment after its last process.
func TestRemoveWaitsForTheKernel(t *testing.T) {
	parent, err := fakeFiles(t, t.TempDir(), layoutV2()).find()
	if err != nil {
		t.Fatal(err)
	}
	attempts := 0
	parent.files.rmdir = func(path string) error {
		if attempts++; attempts < 4 {
			return &os.PathError{Op: "rmdir", Path: path, Err: syscall.EBUSY}
		}
		return fakeRmdir(path)
	}
	g, err := parent.New(1 << 20)
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Remove(); err != nil || attempts != 4 {
		t.Errorf("%d attempts, %v", attempts, err)
	}
	parent.files.rmdir = func(string) error { return syscall.EPERM }
	if g, err = parent.New(1 << 20); err != nil {
		t.Fatal(err)
	}
	if err := g.Remove(); !errors.Is(err, syscall.EPERM) {
		t.Errorf("what will not pass is not waited for: %v", err)
	}
}

func TestSweepSparesTheLiving(t *testing.T) {
	parent, err := fakeFiles(t, t.TempDir(), layoutV2()).find()
	if err != nil {
		t.Fatal(err)
	}
	dead := deadPID(t)
	groups := map[string]bool{ // whether it stays
		fmt.Sprintf("juggle-%d-1", dead):         false,
		fmt.Sprintf("juggle-%d-2", dead):         false,
		fmt.Sprintf("juggle-%d-3", dead):         true, // has a process
		fmt.Sprintf("juggle-%d-1", os.Getpid()):  true,
		fmt.Sprintf("juggle-%d-1", os.Getppid()): true,
		fmt.Sprintf("juggle-%d", dead):           true,
		fmt.Sprintf("juggle-0%d-1", dead):        true,
		fmt.Sprintf("other-%d-1", dead):          true,
		"juggle--1-1":                            true,
	}
	for name := range groups {
		if err := fakeMkdir(filepath.Join(parent.Path(), name)); err != nil {
			t.Fatal(err)
		}
	}
	put(t, filepath.Join(parent.Path(), fmt.Sprintf("juggle-%d-3", dead), "cgroup.procs"), "1\n")
	put(t, filepath.Join(parent.Path(), fmt.Sprintf("juggle-%d-4", dead)), "a file")
	if n, err := parent.Sweep(); n != 2 || err != nil {
		t.Errorf("removed %d, %v, want 2", n, err)
	}
	for name, stays := range groups {
		if _, err := os.Stat(filepath.Join(parent.Path(), name)); (err == nil) != stays {
			t.Errorf("%s: stays %v: %v", name, stays, err)
		}
	}
}

func TestOOMKillsSayWhere(t *testing.T) {
	for _, c := range []struct {
		name   string
		layout map[string]string
		add    map[string]string
		count  int64
		where  string
	}{
		{"v2", layoutV2(), map[string]string{"sys/fs/cgroup/user/app/run/memory.events": "oom_kill 4\n"}, 4, "in cgroup v2 at "},
		{"v1", layoutV1(), map[string]string{"sys/fs/cgroup/memory/jobs/7/memory.oom_control": "oom_kill 5\n"}, 5, "in cgroup v1 at "},
		{"the machine", layoutV1(), map[string]string{"proc/vmstat": "nr_free_pages 3\noom_kill 6\n"}, 6, "on this machine"},
		{"no cgroups", nil, map[string]string{"proc/vmstat": "oom_kill 7\n"}, 7, "on this machine"},
	} {
		t.Run(c.name, func(t *testing.T) {
			root := t.TempDir()
			files := fakeFiles(t, root, c.layout)
			fakeFiles(t, root, c.add)
			n, where, err := files.oomKills()
			if n != c.count || !strings.HasPrefix(where, c.where) || err != nil {
				t.Errorf("got %d %s, %v, want %d %s", n, where, err, c.count, c.where)
			}
		})
	}
	if n, where, err := fakeFiles(t, t.TempDir(), nil).oomKills(); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("where nothing is counted: %d %s, %v", n, where, err)
	}
}
