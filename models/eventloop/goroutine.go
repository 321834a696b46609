package eventloop

import (
	"bytes"
	"runtime"
)

// goroutineID returns the number of the calling goroutine, which a traceback
// begins with: "goroutine 12 [running]:". Nothing else in Go tells it.
func goroutineID() int {
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
		panic("eventloop: the Go runtime no longer begins a traceback with the number of the goroutine")
	}
	return id
}
