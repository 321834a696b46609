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
			Doc: "how many units each task sleeps, separated by colons; 20x1 stands for 20 tasks that sleep 1 unit",
		},
		Duration("unit", 10*time.Millisecond, time.Microsecond, time.Minute, "length of one unit of sleep"),
	},
	Rows: map[Tier][]string{
		Quick:    {"delays=1:2:3,unit=20ms", "delays=20x1,unit=10ms"},
		Standard: {"delays=1:2:3,unit=100ms", "delays=1000x1,unit=5ms"},
		Full:     {"delays=1:2:3,unit=1s", "delays=10000x1,unit=3ms"},
	},
	Timeline: "delays=1:2:3,unit=20ms",
	New:      newSleepers,
}

const (
	maxSleeps = 100_000 // tasks
	maxDelay  = 1000    // units of one task
)

func newSleepers(v Values, _ string) (*Instance, error) {
	units, err := parseDelays(v.Text("delays"))
	if err != nil {
		return nil, err // Parse refused it before
	}
	waits := make([]time.Duration, len(units))
	for i, n := range units {
		waits[i] = time.Duration(n) * v.Duration("unit")
	}
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

func validDelays(value string) error {
	_, err := parseDelays(value)
	return err
}

// parseDelays reads a list such as 1:2:3 or 20x1 and returns the units that each
// task sleeps.
func parseDelays(text string) (units []int, err error) {
	for entry := range strings.SplitSeq(text, ":") {
		count, unit := 1, entry
		if times, each, found := strings.Cut(entry, "x"); found {
			unit = each
			if count, err = wholeNumber(times, 1, maxSleeps); err != nil {
				return nil, err
			}
		}
		n, err := wholeNumber(unit, 0, maxDelay)
		if err != nil {
			return nil, err
		}
		if count > maxSleeps-len(units) {
			return nil, fmt.Errorf("is a list such as 1:2:3 or 20x1, of up to %d sleeps", maxSleeps)
		}
		units = append(units, slices.Repeat([]int{n}, count)...)
	}
	return units, nil
}

// wholeNumber reads a number that is spelt in the one usual way.
func wholeNumber(text string, low, high int) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < low || n > high || strconv.Itoa(n) != text {
		return 0, fmt.Errorf("is a list such as 1:2:3 or 20x1, of up to %d sleeps of 0 to %d units", maxSleeps, maxDelay)
	}
	return n, nil
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
