package models_test

import (
	"os"
	"runtime"
	"testing"
	"time"

	"juggle/internal/usage"
	"juggle/models"
)

type workerUsage = usage.Process

// warmRuntime starts what a Go program starts once and then keeps, so that it
// does not look left over.
func warmRuntime(t *testing.T) {
	t.Helper()
	mustRun(t, models.All()[3], newJob(t, "index", params{n: 1}))
}

// left counts what a model could leave behind.
type left struct{ goroutines, descriptors, children int }

func leftovers() left {
	return left{runtime.NumGoroutine(), count("/proc/self/fd"), childCount()}
}

// awaitNothingLeft waits until all that came after before is gone again. What a
// model leaves is never gone, and the test's own timeout tells.
func awaitNothingLeft(t *testing.T, before left) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; runtime.Gosched() {
		now := leftovers()
		if now.goroutines <= before.goroutines && now.descriptors <= before.descriptors && now.children <= before.children {
			return
		}
		if time.Now().After(deadline) {
			stacks := make([]byte, 1<<20)
			t.Errorf("before %+v, after %+v\n%s", before, now, stacks[:runtime.Stack(stacks, true)])
			return
		}
	}
}

// count returns the number of entries of a folder, 0 where there is none.
func count(folder string) int {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return 0
	}
	return len(entries)
}
