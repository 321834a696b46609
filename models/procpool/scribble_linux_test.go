package procpool

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"juggle/models/procpool/internal/shm"
)

// A scribbler overwrites what owner and worker share.
type scribbler struct {
	Fill byte
	Then string // return, exit or hang
	Dir  string // if not empty, where it waits first; see fault.await
}

func (s scribbler) String() string {
	text, _ := json.Marshal(s) // of a number and strings
	return string(text)
}

// scribble fills the words that owner and worker share with one byte.
func scribble(_ context.Context, in []byte) ([]byte, error) {
	var s scribbler
	if err := json.Unmarshal(in, &s); err != nil {
		return nil, err
	}
	page, err := sharedPage()
	if err != nil {
		return nil, err
	}
	if s.Dir != "" {
		fault{Dir: s.Dir}.await("scribble")
	}
	for i := range page {
		page[i] = s.Fill
	}
	switch s.Then {
	case "exit":
		os.Exit(5)
	case "hang":
		fault{Dir: s.Dir}.report()
		select {}
	}
	return in, nil
}

// sharedPage maps the start of the memory that this worker shares.
func sharedPage() ([]byte, error) {
	fd, err := unix.Dup(outFD)
	if err != nil {
		return nil, err
	}
	memory, err := shm.Inherit(os.NewFile(uintptr(fd), "results"))
	if err != nil {
		return nil, err
	}
	return memory.Map(0, pageBytes)
}

var scribbles = []byte{0, 1, 2, 0x7f, 0x80, 0xff}

// A worker that overwrites the words that it shares with its owner may lose what
// it has, or have it run twice, or give wrong results: that it can do anyway. But
// each task still ends once, and the owner lives on.
func TestScribbledPage(t *testing.T) {
	impatient(t)
	whatever := func(error) bool { return true }
	for _, fill := range scribbles {
		for _, then := range []string{"return", "exit"} {
			t.Run(fmt.Sprint(fill, " ", then), func(t *testing.T) {
				t.Parallel()
				r := newRig(t, Options{Workers: 2, ChunkSize: 6, StartTimeout: time.Minute})
				defer r.end(t)
				defer watchdog(t, r.pool)()
				for range 3 {
					bad := r.submit(t.Context(), "hostile page", scribbler{Fill: fill, Then: then}.String())
					r.asFutures(t, t.Context(), "", whatever)
					r.asMap(t, t.Context(), "", whatever)
					bad.Result()
				}
				if r.pool.reason() == nil {
					r.meet(t)
				}
			})
		}
	}
}

// What was delivered before a worker overwrites the words is not delivered again,
// whatever they say.
func TestScribbledPageAfterDelivery(t *testing.T) {
	impatient(t)
	for _, fill := range scribbles {
		for _, then := range []string{"return", "exit", "hang"} {
			t.Run(fmt.Sprint(fill, " ", then), func(t *testing.T) {
				t.Parallel()
				r := newRig(t, Options{Workers: 1, ChunkSize: 5, CancelGrace: time.Millisecond, StartTimeout: time.Minute})
				defer r.end(t)
				defer watchdog(t, r.pool)()
				r.scribbleAfterDelivery(t, scribbler{fill, then, r.dir})
			})
		}
	}
}

func (r *rig) scribbleAfterDelivery(t *testing.T, s scribbler) {
	gate, scribbling := r.hold(t, "met"), r.hold(t, "scribble")
	defer gate()
	defer scribbling()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r.submit(t.Context(), "meet", r.dir) // so that a chunk forms behind it
	r.reported(t)
	var first []*counted
	for range 3 {
		first = append(first, r.submit(t.Context(), "hostile page", "no scribbler"))
	}
	r.submit(ctx, "hostile page", s.String())
	r.submit(t.Context(), "hostile page", "no scribbler")
	gate()
	for _, f := range first {
		wantError[*TaskError](t, f.Future)
	}
	scribbling()
	if s.Then == "hang" {
		r.reported(t)
		cancel()
	}
	for _, f := range r.futures {
		f.Result()
	}
}
