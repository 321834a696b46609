package eventloop

import (
	"runtime"
	"testing"
)

func TestOrphansForgetWhatNobodyHolds(t *testing.T) {
	var o orphans
	held := make(map[*standard]int)
	longest := 0
	for i := range 5000 {
		s := new(standard)
		s.cancel = func(error) { held[s]++ }
		if i%1000 == 0 {
			held[s] = 0
		}
		o.add(s)
		if i%50 == 0 {
			runtime.GC()
		}
		longest = max(longest, len(o.held))
	}
	if longest > 300 {
		t.Errorf("%d were kept", longest)
	}
	o.cancel(ErrMainEnded)
	for _, n := range held {
		if n != 1 {
			t.Errorf("one that is held was cancelled %d times", n)
		}
	}
}
