package eventloop

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestTimers compares the heap with a sorted list, over any sequence of starts,
// stops and looks at the clock.
func TestTimers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var heap timers
		var want []*timer // running ones, in the order they must fire
		now := int64(0)
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				tm := &timer{when: now + rapid.Int64Range(-2, 8).Draw(t, "delay")}
				heap.add(tm)
				i := len(want)
				for i > 0 && want[i-1].when > tm.when {
					i--
				}
				want = slices.Insert(want, i, tm)
			},
			"remove": func(t *rapid.T) {
				if len(want) == 0 {
					return
				}
				i := rapid.IntRange(0, len(want)-1).Draw(t, "which")
				heap.remove(want[i])
				heap.remove(want[i]) // does nothing
				want = slices.Delete(want, i, i+1)
			},
			"fire": func(t *rapid.T) {
				now += rapid.Int64Range(0, 4).Draw(t, "pass")
				for tm := heap.pop(now); tm != nil; tm = heap.pop(now) {
					if len(want) == 0 || tm != want[0] {
						t.Fatalf("at %d fired a timer for %d out of turn", now, tm.when)
					}
					want = want[1:]
				}
				if len(want) > 0 && want[0].when <= now {
					t.Fatalf("at %d a timer for %d did not fire", now, want[0].when)
				}
			},
			"": func(t *rapid.T) {
				if heap.n != len(want) {
					t.Fatalf("%d timers in the heap, want %d", heap.n, len(want))
				}
				if when, ok := heap.next(); ok != (len(want) > 0) || ok && when != want[0].when {
					t.Fatalf("next is %d, %t", when, ok)
				}
			},
		})
	})
}
