package cli

import (
	"juggle/harness"
	"juggle/results"
)

// journal is the observer that makes every sample last before the next begins.
type journal struct {
	harness.Unobserved
	folder *results.Folder
}

func (j *journal) After(_ harness.Step, s results.Sample) error { return j.folder.Append(s) }
