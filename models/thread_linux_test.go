package models_test

import (
	"encoding/binary"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"juggle/models"
)

// monotonic reads the clock that all processes of a machine share.
func monotonic() int64 {
	var ts unix.Timespec
	unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts)
	return ts.Nano()
}

func threadID() int { return unix.Gettid() }

// childCount counts the children of all threads of this process.
func childCount() int {
	n := 0
	threads, _ := os.ReadDir("/proc/self/task")
	for _, thread := range threads {
		text, _ := os.ReadFile(fmt.Sprintf("/proc/self/task/%s/children", thread.Name()))
		n += len(strings.Fields(string(text)))
	}
	return n
}

func TestEventloopUsesOneThread(t *testing.T) {
	for _, m := range slices.Concat(models.All(), models.Variants()) {
		ids := make(map[uint64]bool)
		for _, answer := range mustRun(t, m, newJob(t, "stamps", params{n: 50})).Answers {
			ids[binary.BigEndian.Uint64(answer[16:])] = true
		}
		switch m.Name() {
		case "eventloop", "hybrid":
			if len(ids) != 1 {
				t.Errorf("%s ran tasks on %d threads", m.Name(), len(ids))
			}
		case "processpool":
			if len(ids) < models.Parallelism() {
				t.Errorf("%s ran tasks on %d threads", m.Name(), len(ids))
			}
		}
	}
}
