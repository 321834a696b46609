package workloads

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"juggle/models"
)

// Sleepers is waiting and nothing else. Its default is the example of the
// tutorials: sleeps of 1, 2 and 3 take 6 one after another and 3 together. Two
// workers that take the next sleep when they are free need 4, although 3 would
// do if the longest went first.
//
// A sequential sample of the standard tier takes 5 s and a little: longer sleeps
// would tell nothing more.
var Sleepers = Workload{
	Name:     "sleepers",
	Group:    IOBound,
	Isolates: "waiting alone",
	Params: []Param{
		{
			Name: "delays", Default: "1:2:3", Valid: validDelays,
			Doc: fmt.Sprintf("how many units each task sleeps, up to %d whole numbers from 0 to %d separated by colons", maxDelays, maxDelay),
		},
		Duration("unit", 10*time.Millisecond, time.Microsecond, time.Minute, "length of one unit of sleep"),
		Int("tasks", 0, 0, 100_000, "number of tasks that sleep one unit each, instead of delays; 0 for delays"),
	},
	Rows: map[Tier][]string{
		Quick:    {"delays=1:2:3,unit=20ms", "tasks=20,unit=10ms"},
		Standard: {"delays=1:2:3,unit=100ms", "tasks=1000,unit=5ms"},
		Full:     {"delays=1:2:3,unit=1s", "tasks=10000,unit=3ms"},
	},
	Timeline: "delays=1:2:3,unit=20ms",
	New:      newSleepers,
}

const (
	maxDelays = 64   // entries of the list
	maxDelay  = 1000 // units of one entry
)

func newSleepers(v Values, _ string) (*Instance, error) {
	waits := sleeperWaits(v)
	return &Instance{
		Tasks: len(waits),
		Body: func(env models.Env, i int) ([]byte, error) {
			if err := env.Sleep(waits[i]); err != nil {
				return nil, fmt.Errorf("sleep of %v: %w", waits[i], err)
			}
			return sleeperAnswer(i, waits[i]), nil
		},
		Check: func(answers [][]byte) error { return checkSleepers(answers, waits) },
		Law:   Law{Waits: waits},
	}, nil
}

// sleeperWaits is how long each task sleeps.
func sleeperWaits(v Values) []time.Duration {
	unit := v.Duration("unit")
	if n := v.Int("tasks"); n > 0 {
		return slices.Repeat([]time.Duration{unit}, n)
	}
	var waits []time.Duration
	for text := range strings.SplitSeq(v.Text("delays"), ":") {
		n, _ := strconv.Atoi(text) // validDelays read it before
		waits = append(waits, time.Duration(n)*unit)
	}
	return waits
}

func validDelays(value string) error {
	parts := strings.Split(value, ":")
	for _, text := range parts {
		if n, err := strconv.Atoi(text); err != nil || n < 0 || n > maxDelay || strconv.Itoa(n) != text {
			return fmt.Errorf("is a list of whole numbers from 0 to %d, such as 1:2:3", maxDelay)
		}
	}
	if len(parts) > maxDelays {
		return fmt.Errorf("is a list of up to %d numbers; tasks=%d gives more sleeps of the same length", maxDelays, len(parts))
	}
	return nil
}

// sleeperAnswer is the index of a task and its delay in nanoseconds. With the
// index in it, an answer that came to the wrong place is seen even where all
// delays are equal.
func sleeperAnswer(i int, wait time.Duration) []byte {
	answer := binary.BigEndian.AppendUint32(nil, uint32(i))
	return binary.BigEndian.AppendUint64(answer, uint64(wait))
}

func checkSleepers(answers [][]byte, waits []time.Duration) error {
	if err := checkCount(answers, len(waits)); err != nil {
		return err
	}
	for i, answer := range answers {
		if len(answer) != 12 {
			return wrongAnswer(i, "its answer has %d bytes instead of 12", len(answer))
		}
		from, wait := binary.BigEndian.Uint32(answer), time.Duration(binary.BigEndian.Uint64(answer[4:]))
		switch {
		case from != uint32(i):
			return wrongAnswer(i, "in its place is an answer of task %d", from)
		case wait != waits[i]:
			return wrongAnswer(i, "it slept %v instead of %v", wait, waits[i])
		}
	}
	return nil
}
