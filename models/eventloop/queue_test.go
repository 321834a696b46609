package eventloop

import (
	"testing"

	"pgregory.net/rapid"
)

// TestQueue compares the ring with a slice.
func TestQueue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var q queue
		var want []runnable
		t.Repeat(map[string]func(*rapid.T){
			"push": func(t *rapid.T) {
				for range rapid.IntRange(1, 100).Draw(t, "n") {
					task := new(Handle)
					q.push(task)
					want = append(want, task)
				}
			},
			"pop": func(t *rapid.T) {
				for range rapid.IntRange(0, len(want)).Draw(t, "n") {
					if got := q.pop(); got != want[0] {
						t.Fatal("popped a task out of turn")
					}
					want = want[1:]
				}
			},
			"": func(t *rapid.T) {
				if q.n != len(want) {
					t.Fatalf("%d in the queue, want %d", q.n, len(want))
				}
			},
		})
	})
}
