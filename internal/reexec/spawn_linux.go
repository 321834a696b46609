package reexec

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"

	"juggle/internal/cgroup"
)

// executable names the running binary even after the file on disk was replaced
// or removed; see proc_pid_exe(5).
func executable() string { return "/proc/self/exe" }

// attributes puts a child into a group of its own and has the kernel kill it
// when its owner dies, until the child holds its lifeline.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// reap waits for the end of a child that was started and kills what is left of
// its group. It does so before it reaps the child: until then the number is not
// given to another process, and a grandchild that keeps stdout open does not
// hold up Wait.
func reap(command *exec.Cmd) {
	pid := command.Process.Pid
	for unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil) == unix.EINTR {
	}
	killGroup(pid)
	command.Wait() // the state says how it ended
}

// launch starts the command where o says. It runs on the spawner's thread.
func launch(command *exec.Cmd, o Options) error {
	start := command.Start
	if o.Group != nil {
		start = func() error { return startIn(o.Group, command) }
	}
	if len(o.CPUs) > 0 {
		return startOn(o.CPUs, start)
	}
	return start()
}

// startIn starts the command in g.
func startIn(g *cgroup.Group, command *exec.Cmd) error {
	if g.Version() == 2 {
		dir, err := os.Open(g.Path())
		if err != nil {
			return err
		}
		defer dir.Close()
		command.SysProcAttr.UseCgroupFD, command.SysProcAttr.CgroupFD = true, int(dir.Fd())
		if err := command.Start(); err != nil {
			return fmt.Errorf("in %v: %w", g, err)
		}
		return nil
	}
	if err := command.Start(); err != nil {
		return err
	}
	if err := g.Add(command.Process.Pid); err != nil {
		killGroup(command.Process.Pid)
		reap(command)
		return err
	}
	return nil
}
