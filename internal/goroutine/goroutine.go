// Package goroutine tells goroutines from one another, for what has to look at a
// program from inside: debug modes, timelines.
package goroutine

import (
	"bytes"
	"runtime"
)

// ID returns the number of the calling goroutine, which a traceback begins with:
// "goroutine 12 [running]:". Nothing else in Go tells it. It costs a microsecond
// or so, and allocates nothing.
func ID() int {
	var buf [64]byte
	text := bytes.TrimPrefix(buf[:runtime.Stack(buf[:], false)], []byte("goroutine "))
	id := 0
	for _, c := range text {
		if c < '0' || c > '9' {
			break
		}
		id = 10*id + int(c-'0')
	}
	if id == 0 {
		panic("goroutine: the Go runtime no longer begins a traceback with the number of the goroutine")
	}
	return id
}
