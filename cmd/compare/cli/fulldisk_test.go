//go:build linux

package cli

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"juggle/results"
)

// A limit on the size of files stands for a full disk (see TestAFullDisk of
// results). It falls on the journal while a run is measured: one line says so, and
// with space again the run goes on.
func TestDiskFullWhileMeasuring(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	cmd := exec.Command("compare-without-sigxfsz", smallRun(dir)...)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var lines []string
	for scanner := bufio.NewScanner(stderr); scanner.Scan(); {
		lines = append(lines, scanner.Text())
		if !strings.HasPrefix(scanner.Text(), "round 1:") {
			continue
		}
		info, err := os.Stat(filepath.Join(dir, "samples.jsonl"))
		if err != nil {
			t.Fatal(err)
		}
		limit := unix.Rlimit{Cur: uint64(info.Size()) + 100, Max: unix.RLIM_INFINITY}
		if err := unix.Prlimit(cmd.Process.Pid, unix.RLIMIT_FSIZE, &limit, nil); err != nil {
			t.Fatal(err)
		}
	}
	exit := (*exec.ExitError)(nil)
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != exitFailed {
		t.Fatalf("%v\n%s", err, strings.Join(lines, "\n"))
	}
	last := lines[len(lines)-1]
	if !strings.HasPrefix(last, "compare: write ") || !strings.Contains(last, "file too large; everything before it is kept") || !strings.HasSuffix(last, "go on with: compare resume "+dir) {
		t.Errorf("it ends with\n%s", strings.Join(lines, "\n"))
	}
	before, err := results.Load(dir)
	if err != nil || len(before.Problems) > 0 || len(before.Samples) == 0 {
		t.Fatalf("%v, %+v", err, before)
	}
	if code, _, stderr := compareUntil(t, "", "resume", dir); code != exitRight {
		t.Errorf("resumed: %d\n%s", code, stderr)
	}
}

// No room for the report is said before the first sample.
func TestDiskFullBeforeMeasuring(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	cmd := exec.Command("sh", "-c", `ulimit -f 64; exec "$0" "$@"`, "compare-without-sigxfsz")
	cmd.Args = append(cmd.Args, smallRun(dir)...)
	out, err := cmd.CombinedOutput()
	if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) || exit.ExitCode() != exitFailed ||
		!strings.Contains(string(out), dir+" has no room for the results: ") || strings.Contains(string(out), "round") {
		t.Errorf("%v\n%s", err, out)
	}
	loaded, err := results.Load(dir)
	if err != nil || len(loaded.Samples) > 0 {
		t.Errorf("%v, %+v", err, loaded)
	}
}
