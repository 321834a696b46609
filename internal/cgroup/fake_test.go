package cgroup

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// fakeFiles makes a file system with these files below root, in which a new
// group has the files that the kernel gives it.
func fakeFiles(t testing.TB, root string, files map[string]string) fileSystem {
	t.Helper()
	for name, text := range files {
		put(t, filepath.Join(root, name), text)
	}
	return fileSystem{root: root, mkdir: fakeMkdir, rmdir: fakeRmdir}
}

func put(t testing.TB, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// fakeMkdir does as the kernel: the files of a group depend on what the group
// above hands down.
func fakeMkdir(path string) error {
	if err := os.Mkdir(path, 0o755); err != nil {
		return err
	}
	names := []string{"cgroup.procs"}
	above := filepath.Dir(path)
	if words, err := wordsOf(filepath.Join(above, "cgroup.subtree_control")); err != nil {
		names = append(names, "memory.limit_in_bytes", "memory.memsw.limit_in_bytes", "memory.oom_control", "memory.max_usage_in_bytes")
	} else if strings.Contains(strings.Join(words, " "), "memory") {
		names = append(names, "memory.max", "memory.swap.max", "memory.oom.group", "memory.events", "memory.peak")
	}
	for _, name := range names {
		if err := os.WriteFile(filepath.Join(path, name), nil, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// fakeRmdir removes a group that has no process and no group in it.
func fakeRmdir(path string) error {
	entries, err := os.ReadDir(path)
	if err != nil {
		return err
	}
	words, _ := wordsOf(filepath.Join(path, "cgroup.procs"))
	for _, e := range entries {
		if e.IsDir() || len(words) > 0 {
			return &os.PathError{Op: "rmdir", Path: path, Err: syscall.EBUSY}
		}
	}
	return os.RemoveAll(path)
}

// layoutV2 is a system with v2 alone, where this process is in /user/app/run.
func layoutV2() map[string]string {
	files := map[string]string{
		"proc/self/mountinfo": lineRoot + lineV2,
		"proc/self/cgroup":    "0::/user/app/run\n",
	}
	for _, dir := range []string{"", "user/", "user/app/", "user/app/run/"} {
		at := "sys/fs/cgroup/" + dir
		files[at+"cgroup.controllers"] = "cpu memory pids\n"
		files[at+"cgroup.subtree_control"] = "memory pids\n"
		files[at+"cgroup.procs"] = ""
		if dir != "" {
			files[at+"memory.max"] = "max\n"
			files[at+"cpu.max"] = "max 100000\n"
		}
	}
	return files
}

// layoutV1 is a hybrid system whose memory controller is under v1, where this
// process is in /jobs/7.
func layoutV1() map[string]string {
	return map[string]string{
		"proc/self/mountinfo":                          lineRoot + lineCPU + lineMemory + lineHybrid,
		"proc/self/cgroup":                             "4:memory:/jobs/7\n1:cpu,cpuacct:/\n0::/\n",
		"sys/fs/cgroup/unified/cgroup.controllers":     "\n",
		"sys/fs/cgroup/unified/cgroup.subtree_control": "\n",
		"sys/fs/cgroup/unified/cgroup.procs":           "",
		"sys/fs/cgroup/memory/jobs/7/cgroup.procs":     "",
	}
}
