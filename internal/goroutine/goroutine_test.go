package goroutine

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// TestID compares the number with the traceback of the same goroutine, in several
// goroutines at once.
func TestID(t *testing.T) {
	ids := make(chan int)
	for range 10 {
		go func() {
			id := ID()
			buf := make([]byte, 1024)
			stack := string(buf[:runtime.Stack(buf, false)])
			if !strings.HasPrefix(stack, fmt.Sprintf("goroutine %d [", id)) {
				t.Errorf("%d, but the traceback is of %.30s", id, stack)
			}
			ids <- id
		}()
	}
	seen := map[int]bool{}
	for range 10 {
		seen[<-ids] = true
	}
	if len(seen) != 10 {
		t.Errorf("%d numbers for 10 goroutines", len(seen))
	}
}
