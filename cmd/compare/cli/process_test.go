package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// interrupt runs a command, sends it an interrupt when the first round is done,
// and expects the exit code of an interrupted run.
func interrupt(ts *testscript.TestScript, _ bool, args []string) {
	cmd := exec.Command(lookIn(ts.Getenv("PATH"), args[0]), args[1:]...)
	cmd.Dir, cmd.Stdout = ts.Getenv("WORK"), ts.Stdout()
	cmd.Env = append(os.Environ(), "PATH="+ts.Getenv("PATH"))
	stderr, err := cmd.StderrPipe()
	ts.Check(err)
	ts.Check(cmd.Start())
	lines := bufio.NewScanner(stderr)
	for lines.Scan() {
		fmt.Fprintln(ts.Stderr(), lines.Text())
		if strings.HasPrefix(lines.Text(), "round 1:") {
			ts.Check(cmd.Process.Signal(os.Interrupt))
		}
	}
	io.Copy(io.Discard, stderr)
	exit := (*exec.ExitError)(nil)
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != exitInterrupted {
		ts.Fatalf("ended with %v, want exit code %d", err, exitInterrupted)
	}
}

// lookIn finds a program in a list of folders.
func lookIn(list, name string) string {
	for _, dir := range filepath.SplitList(list) {
		if path := filepath.Join(dir, name); isFile(path) {
			return path
		}
	}
	return name
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// nothingLeft waits until no process works in the script's folder any more. One
// that stays for good fails the script.
func nothingLeft(ts *testscript.TestScript, _ bool, _ []string) {
	for deadline := time.Now().Add(30 * time.Second); ; {
		left := processesIn(ts.Getenv("WORK"))
		if len(left) == 0 {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("still running: %v", left)
		}
	}
}

// processesIn lists the processes whose folder is dir or below it, where the
// system tells.
func processesIn(dir string) (names []string) {
	folders, _ := filepath.Glob("/proc/[0-9]*/cwd")
	for _, link := range folders {
		cwd, err := os.Readlink(link)
		if err != nil || !strings.HasPrefix(cwd+"/", dir+"/") {
			continue
		}
		name, _ := os.ReadFile(filepath.Join(filepath.Dir(link), "cmdline"))
		names = append(names, strings.ReplaceAll(string(name), "\x00", " "))
	}
	return names
}
