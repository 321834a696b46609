package reexec

import (
	"bufio"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// EndGroup takes a child's own children along and leaves the child its exit code,
// as long as it can move to its owner's group. In a process that leads no group it
// does nothing.
func TestEndGroup(t *testing.T) {
	if os.Getenv("REEXEC_END_GROUP") != "" {
		endGroup()
	}
	tests := map[string]struct {
		attributes *syscall.SysProcAttr
		signal     syscall.Signal
		survives   bool
	}{
		"leader":                    {&syscall.SysProcAttr{Setpgid: true}, 0, false},
		"leader of another session": {&syscall.SysProcAttr{Setsid: true}, unix.SIGKILL, false},
		"follower":                  {nil, 0, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			cmd := exec.Command(os.Args[0], "-test.run=^TestEndGroup$")
			cmd.Env, cmd.SysProcAttr = append(os.Environ(), "REEXEC_END_GROUP=1"), tt.attributes
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			line, _ := bufio.NewReader(out).ReadString('\n')
			child, err := strconv.Atoi(strings.TrimSpace(line))
			if err != nil {
				t.Fatalf("it said %q", line)
			}
			fd, err := unix.PidfdOpen(child, 0)
			if err != nil && err != unix.ESRCH {
				t.Fatal(err)
			}
			cmd.Wait()
			status := cmd.ProcessState.Sys().(syscall.WaitStatus)
			if tt.signal != 0 && status.Signal() != tt.signal || tt.signal == 0 && status.ExitStatus() != 7 {
				t.Errorf("it ended with %v", cmd.ProcessState)
			}
			if tt.survives {
				if err := unix.Kill(child, unix.SIGKILL); err != nil {
					t.Errorf("its child: %v", err)
				}
			}
			if fd >= 0 {
				awaitFD(t, child, fd)
				unix.Close(fd)
			}
		})
	}
}

// endGroup starts a child that outlives this process unless it is killed.
func endGroup() {
	sleep := exec.Command("sleep", "1000")
	if err := sleep.Start(); err != nil {
		os.Exit(1)
	}
	os.Stdout.WriteString(strconv.Itoa(sleep.Process.Pid) + "\n")
	EndGroup()
	if unix.Getpgrp() == os.Getpid() {
		time.Sleep(time.Minute) // the signal is on its way
	}
	os.Exit(7)
}
