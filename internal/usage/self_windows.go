package usage

import "os"

// Self reads the account of this process: on Windows the Go heap alone.
func Self() (Process, error) {
	p := Process{PID: os.Getpid()}
	p.readHeap()
	return p, nil
}
