package workloads

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// On a clock that jumps from one event to the next, the tasks take exactly what
// the law says.
func TestSleepersObeyLaw(t *testing.T) {
	cases := []struct {
		model string
		lanes int // tasks in flight; each free lane takes the next task
		want  time.Duration
	}{
		{"sequential", 1, 6 * time.Second},
		{"processpool", 2, 4 * time.Second},
		{"goroutines", 3, 3 * time.Second},
	}
	for _, c := range cases {
		synctest.Test(t, func(t *testing.T) {
			in := makeInstance(t, Sleepers, "delays=1:2:3,unit=1s")
			start := time.Now()
			answers := runInLanes(t, in, c.lanes)
			took := time.Since(start)
			law, _ := in.Law.Predict(c.model, in.Tasks, 0, Machine{Cores: c.lanes, Workers: c.lanes})
			if took != c.want || law.Wait != c.want {
				t.Errorf("%d at a time took %v and the law of %s says %v, want %v", c.lanes, took, c.model, law.Wait, c.want)
			}
			if err := in.Check(answers); err != nil {
				t.Error(err)
			}
		})
	}
}

// runInLanes runs the tasks of an instance in order, several at a time.
func runInLanes(t *testing.T, in *Instance, lanes int) [][]byte {
	answers := make([][]byte, in.Tasks)
	tasks := make(chan int, in.Tasks)
	for i := range in.Tasks {
		tasks <- i
	}
	close(tasks)
	var group sync.WaitGroup
	for range lanes {
		group.Go(func() {
			for i := range tasks {
				answer, err := in.Body(plainEnv{t.Context(), in.Compute}, i)
				if err != nil {
					t.Error(err)
				}
				answers[i] = answer
			}
		})
	}
	group.Wait()
	return answers
}

func TestSleepersOfOneUnit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		in := makeInstance(t, Sleepers, "delays=20x1,unit=10ms")
		start := time.Now()
		if err := in.Check(runInTurn(t, in)); err != nil {
			t.Error(err)
		}
		if took := time.Since(start); in.Tasks != 20 || took != 200*time.Millisecond {
			t.Errorf("%d tasks took %v, want 20 in 200ms", in.Tasks, took)
		}
	})
}

func TestSleepersStop(t *testing.T) {
	in := makeInstance(t, Sleepers, "delays=1000,unit=1m")
	ctx, cancel := context.WithCancelCause(t.Context())
	enough := errors.New("enough")
	cancel(enough)
	if _, err := in.Body(plainEnv{ctx: ctx}, 0); !errors.Is(err, enough) || !strings.Contains(err.Error(), "16h40m0s") {
		t.Errorf("a stopped sleep returned %v", err)
	}
}

func TestDelays(t *testing.T) {
	for text, valid := range map[string]bool{
		"1": true, "0": true, "3:1:2": true, "1000": true, strings.Repeat("1:", 63) + "1": true,
		"20x1": true, "1:2x3:4": true, "100000x0": true, "0x1": false, "x1": false, "2x": false, "2x3x4": false, "1x-1": false,
		"1001": false, "-1": false, "1:": false, ":": false, "a": false, "01": false, "1;2": false,
		"100001x1": false, "99999x1:1:1": false, "60000x1:60000x1": false,
	} {
		if _, err := Sleepers.Parse("delays=" + text); (err == nil) != valid {
			t.Errorf("delays=%s: %v, want valid %v", text, err, valid)
		}
	}
	if _, err := Sleepers.Parse("unit=0s"); err == nil {
		t.Error("a unit of no length was accepted")
	}
}
