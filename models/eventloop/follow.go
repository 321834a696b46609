package eventloop

import "context"

// whenEnded calls f on the loop's thread when ctx has ended, in whatever goroutine
// that is, unless stop is called before. f is called once at most.
//
// With virtual time the loop asks for itself, once per tick and in the order in
// which it was told: package context tells from a goroutine of its own, and until
// that runs the clock could have jumped.
func (l *Loop) whenEnded(ctx context.Context, f func()) (stop func() bool) {
	if !l.virtual {
		return context.AfterFunc(ctx, func() { l.post(f) })
	}
	if ctx.Done() == nil {
		return func() bool { return false }
	}
	w := &follower{ctx: ctx, call: f}
	l.follows = append(l.follows, w)
	unhook := context.AfterFunc(ctx, func() { l.post(func() {}) }) // it may be asleep
	return func() bool {
		w.call = nil
		return unhook()
	}
}

// A follower is to be called when ctx has ended.
type follower struct {
	ctx  context.Context
	call func() // nil once that is done, or no longer wanted
}

// follow calls the followers of contexts that have ended, and forgets those that
// are done.
func (l *Loop) follow() {
	left := l.follows[:0]
	for _, w := range l.follows {
		if w.call != nil && w.ctx.Err() != nil {
			f := w.call
			w.call = nil
			f()
		}
		if w.call != nil {
			left = append(left, w)
		}
	}
	clear(l.follows[len(left):])
	l.follows = left
}
