package reexec

import (
	"fmt"
	"os"
	"slices"

	"golang.org/x/sys/unix"
)

// AllowedCPUs returns the numbers of the processors that this process may use,
// in ascending order: those of its main thread (sched_getaffinity(2)), which
// cpusets and taskset bound. A machine with more than 1024 processors gives an
// error.
func AllowedCPUs() ([]int, error) {
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(os.Getpid(), &set); err != nil {
		return nil, os.NewSyscallError("sched_getaffinity", err)
	}
	var cpus []int
	for cpu := range cpuSetSize {
		if set.IsSet(cpu) {
			cpus = append(cpus, cpu)
		}
	}
	return cpus, nil
}

// cpuSetSize is how many processors a unix.CPUSet can tell apart.
const cpuSetSize = 1024

// startOn calls start while this thread, and so the process that start makes,
// may run on cpus alone. Rejected: to bind the child after its start, when its
// runtime has threads already and has counted the processors.
func startOn(cpus []int, start func() error) error {
	allowed, err := AllowedCPUs()
	if err != nil {
		return err
	}
	var before, set unix.CPUSet
	for _, cpu := range cpus {
		// The kernel would drop a wrong one and bind to the rest.
		if !slices.Contains(allowed, cpu) {
			return fmt.Errorf("processor %d is not among those that this process may use, %v", cpu, allowed)
		}
		set.Set(cpu)
	}
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		return os.NewSyscallError("sched_getaffinity", err)
	}
	if err := unix.SchedSetaffinity(0, &set); err != nil {
		return fmt.Errorf("binding to processors %v: %w", cpus, err)
	}
	defer unix.SchedSetaffinity(0, &before) // what was allowed a moment ago
	return start()
}
