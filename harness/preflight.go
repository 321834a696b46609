package harness

import (
	"fmt"

	"juggle/workloads"
)

// spareDescriptors is what a process needs beside the files and sockets of its
// tasks: standard streams, pollers, workers and a few more.
const spareDescriptors = 64

// A ResourceError says what this machine does not give that a row needs, and
// the way out.
type ResourceError struct {
	Workload, Params string
	Need, Have       int
}

func (e *ResourceError) Error() string {
	return fmt.Sprintf("%s (%s) needs %d open files at once and a process may have %d here: "+
		"raise the limit with \"ulimit -n %d\" or choose smaller parameters with -param",
		e.Workload, e.Params, e.Need, e.Have, e.Need)
}

// preflight reports what a row needs and this machine does not give.
func preflight(name string, v workloads.Values, in *workloads.Instance) error {
	need := in.Descriptors + spareDescriptors
	if have := descriptorLimit(); have > 0 && need > have {
		return &ResourceError{name, v.String(), need, have}
	}
	return nil
}
