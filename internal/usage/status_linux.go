package usage

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
)

// readStatus fills in what only /proc tells; see proc_pid_status(5).
func (p *Process) readStatus() error {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return fmt.Errorf("reading this process's own account: %w", err)
	}
	kilobytes, err := statusField(text, "VmHWM")
	if err != nil {
		return err
	}
	p.PeakRSSBytes = kilobytes * 1024
	p.Threads, err = statusField(text, "Threads")
	return err
}

// statusField finds the number in a line such as "VmHWM:	    1724 kB".
func statusField(text []byte, name string) (int64, error) {
	for line := range bytes.Lines(text) {
		rest, found := bytes.CutPrefix(line, []byte(name+":"))
		if !found {
			continue
		}
		words := bytes.Fields(rest)
		if len(words) == 0 {
			break
		}
		n, err := strconv.ParseInt(string(words[0]), 10, 64)
		if err != nil {
			return 0, fmt.Errorf("/proc/self/status: %s: %w", name, err)
		}
		return n, nil
	}
	return 0, fmt.Errorf("/proc/self/status has no number for %s", name)
}
