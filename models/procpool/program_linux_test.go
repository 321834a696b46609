package procpool

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// Workers run what their owner runs, also when that was replaced on disk.
func TestBinaryMayBeReplaced(t *testing.T) {
	if os.Getenv("PROCPOOL_OWNER") == "replaced" {
		file := os.Args[0]
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte("#!/bin/false\n"), 0o700); err != nil {
			t.Fatal(err)
		}
		p, err := Open(t.Context(), Options{Workers: 2})
		if err != nil {
			t.Fatal(err)
		}
		want(t, submit(p, "echo", "on"), "on")
		p.Close()
		return
	}
	self, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(file, self, 0o700); err != nil {
		t.Fatal(err)
	}
	owner := exec.Command(file, "-test.run=^TestBinaryMayBeReplaced$", "-test.v")
	owner.Env = append(os.Environ(), "PROCPOOL_OWNER=replaced")
	if output, err := owner.CombinedOutput(); err != nil || !strings.Contains(string(output), "PASS") {
		t.Errorf("%v: %s", err, output)
	}
}

// A program works as it is run while it is written.
func TestGoRun(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip(err)
	}
	output, err := exec.Command("go", "run", "./internal/smallest").Output()
	if n, bad := strconv.Atoi(strings.TrimSpace(string(output))); err != nil || bad != nil || n < 1<<20 {
		t.Errorf("%v: %q", err, output)
	}
}
