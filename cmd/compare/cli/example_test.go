package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The example is a module of its own, as somebody else's would be: it is built
// from there, and its binary has the whole command for its own workload.
func TestExampleOfAnotherModule(t *testing.T) {
	source, err := filepath.Abs(filepath.Join("..", "example"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	binary := filepath.Join(dir, "hashes")
	build := exec.Command("go", "build", "-o", binary, ".")
	build.Dir = source
	build.Env = append(os.Environ(), "GOFLAGS=-mod=readonly", "GOWORK=off")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	compare := func(args ...string) string {
		t.Helper()
		cmd := exec.Command(binary, args...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("hashes %v: %v\n%s", args, err, out)
		}
		return string(out)
	}
	if out := compare("list"); !strings.HasPrefix(out, "hashes: CPU-bound, shows hashing blocks of one size\n") || strings.Contains(out, "scrape") {
		t.Errorf("list prints\n%s", out)
	}
	compare("run", "-rounds", "1", "-out", "run", "-param", "blocks=4", "-param", "kilobytes=8")
	for _, name := range []string{"samples.jsonl", "bench.txt", "report.html", "REPORT.md", "figures"} {
		if _, err := os.Stat(filepath.Join(dir, "run", name)); err != nil {
			t.Error(err)
		}
	}
}

// The promise of CONTRIBUTING: a workload of one's own takes under 40 lines.
func TestExampleIsShort(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "example", "main.go"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "\nvar hashes = ")
	workload, _, found := strings.Cut(rest, "\nfunc main")
	if lines := strings.Count(workload, "\n"); !found || lines >= 40 {
		t.Errorf("the workload takes %d lines", lines)
	}
}
