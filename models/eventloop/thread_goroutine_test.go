//go:build !linux || goroutineid

package eventloop

import (
	"runtime"
	"testing"
)

// TestThreadIDByGoroutine has goroutines of many depths ask who they are.
func TestThreadIDByGoroutine(t *testing.T) {
	ids := make(chan int)
	const n = 20
	var deep func(levels int)
	deep = func(levels int) {
		if levels > 0 {
			deep(levels - 1)
			return
		}
		id := threadID()
		for range 3 {
			runtime.Gosched()
			if again := threadID(); again != id {
				t.Errorf("one goroutine is %d and %d", id, again)
			}
		}
		ids <- id
	}
	seen := map[int]bool{threadID(): true}
	for i := range n {
		go deep(i * i)
	}
	for range n {
		id := <-ids
		if seen[id] || id <= 0 {
			t.Errorf("two goroutines are %d", id)
		}
		seen[id] = true
	}
}

// TestAdoptedGoroutine counts as one of its loop's thread for as long as it says.
func TestAdoptedGoroutine(t *testing.T) {
	l := new(Loop)
	l.thread.Store(-7)
	own := threadID()
	adopt(l)
	if id := threadID(); id != -7 {
		t.Errorf("adopted, it is %d", id)
	}
	disown()
	if id := threadID(); id != own {
		t.Errorf("then it is %d, before it was %d", id, own)
	}
}
