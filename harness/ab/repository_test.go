package ab

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// A tree maps paths to texts.
type tree map[string]string

// write puts a tree's files below dir. A text of "" removes the file.
func (files tree) write(t *testing.T, dir string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		err := os.MkdirAll(filepath.Dir(path), 0o755)
		if err == nil && text == "" {
			err = os.Remove(path)
		} else if err == nil {
			err = os.WriteFile(path, []byte(text), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

const goMod = "module example.com/m\n\ngo 1.26\n"

// repository makes a git repository with a commit for each tree, each on top of
// the one before, and a tag "v0", "v1" and so on for each.
func repository(t *testing.T, commits ...tree) string {
	t.Helper()
	dir := t.TempDir()
	runGit(t, dir, "init", "-q")
	for i, files := range commits {
		files.write(t, dir)
		runGit(t, dir, "add", "-A")
		runGit(t, dir, "commit", "-q", "-m", fmt.Sprint("commit ", i))
		runGit(t, dir, "tag", fmt.Sprint("v", i))
	}
	return dir
}

func runGit(t *testing.T, dir string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("there is no git here")
	}
	cmd := exec.Command("git", append([]string{"-c", "user.name=test", "-c", "user.email=test@example.com", "-c", "protocol.file.allow=always"}, args...)...)
	cmd.Dir = dir
	cmd.Env = append(cmd.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// snapshot describes every file and folder below dir: name, mode, time of change
// and content.
func snapshot(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := make(map[string]string)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		text := []byte(nil)
		if info.Mode().IsRegular() {
			if text, err = os.ReadFile(path); err != nil {
				return err
			}
		}
		all[path] = fmt.Sprintf("%v %v %x", info.Mode(), info.ModTime(), sha256.Sum256(text))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// checkLeftovers has the temporary folder be a fresh one, and fails the test if
// at its end anything is left there, or a process that works there, or a
// goroutine more than at its begin.
func checkLeftovers(t *testing.T) {
	t.Helper()
	// The go command keeps its cache, as it may.
	for _, name := range []string{"GOCACHE", "GOMODCACHE", "GOPATH"} {
		out, err := exec.Command("go", "env", name).Output()
		if err != nil {
			t.Skip("there is no go command here")
		}
		t.Setenv(name, strings.TrimSpace(string(out)))
	}
	temp := t.TempDir()
	for _, name := range []string{"TMPDIR", "TMP", "TEMP"} {
		t.Setenv(name, temp)
	}
	before := runtime.NumGoroutine()
	t.Cleanup(func() {
		if entries, err := os.ReadDir(temp); err != nil || len(entries) > 0 {
			t.Errorf("left in the temporary folder: %v %v", entries, err)
		}
		folders, _ := filepath.Glob("/proc/[0-9]*/cwd")
		for _, link := range folders {
			if cwd, err := os.Readlink(link); err == nil && strings.HasPrefix(cwd, temp) {
				t.Errorf("%s still works in %s", filepath.Dir(link), cwd)
			}
		}
		for range 1000 { // one that has sent its last word may not be gone yet
			if runtime.NumGoroutine() <= before {
				return
			}
			runtime.Gosched()
		}
		stacks := make([]byte, 1<<16)
		t.Errorf("%d goroutines, %d before\n%s", runtime.NumGoroutine(), before, stacks[:runtime.Stack(stacks, true)])
	})
}
