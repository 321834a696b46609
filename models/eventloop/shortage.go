package eventloop

import (
	"slices"
	"sync/atomic"
)

// A shortage is what a loop remembers of having no descriptors left.
type shortage struct {
	starving []*half // whose operations wait for a descriptor to be closed
	times    atomic.Int64
}

func (s *shortage) begin(h *half) {
	s.times.Add(1)
	s.starving = append(s.starving, h)
}

func (s *shortage) end(h *half) {
	s.starving = slices.DeleteFunc(s.starving, func(other *half) bool { return other == h })
}

// ease is called when a descriptor was closed. All that wait try again, not only
// the first: where no connection has arrived, it would go unused.
func (s *shortage) ease() {
	for _, h := range s.starving {
		h.blocked.wakeAll(nil)
	}
}

// AcceptShortages returns how often Accept, of any listener of l, found no
// descriptor or no memory left and waited; see [Listen]. A figure that grows
// says that the limit on open files (ulimit -n) is too low for the load. It may
// be called from any goroutine.
func (l *Loop) AcceptShortages() int64 { return l.shortage.times.Load() }
