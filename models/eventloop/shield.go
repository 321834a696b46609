package eventloop

// Shield returns what has the outcome of a, and can be cancelled without a being
// so: who awaits it is cancelled alone, and a goes on. It is asyncio.shield. If a is
// done already, it is a itself. If a is cancelled, what Shield returned is too. An
// error of a that comes after the cancellation is for others to see.
//
// A task that was begun with the context of the task that is cancelled is cancelled
// with it, whoever awaits it. Begin what a shield is to protect with
// context.WithoutCancel(ctx), or in a [Group] that outlives the caller, which also
// sees to it that somebody waits for it in the end. To wait without cancelling there
// is also Wait; a Shield is for what is handed on. For a part of a task that must
// not be cancelled there is [WithShield].
func Shield[T any](a Awaiter[T]) Awaiter[T] {
	p := a.outcome()
	if p.done {
		return a
	}
	s := &shield[T]{Future: Future[T]{promise: promise{loop: p.loop, kind: aFuture}}, from: a}
	s.id = p.loop.number()
	s.inner.by, s.own.by = s, s
	p.more().watches.add(&s.inner, p)
	s.more().watches.add(&s.own, &s.promise)
	return &s.Future
}

// A shield is the future that Shield returns, and what it needs to get its outcome.
type shield[T any] struct {
	Future[T]
	from  Awaiter[T]
	inner watch // of from
	own   watch // of the future
}

// settled takes the outcome over in the next tick, or leaves from alone when the
// future was cancelled.
func (s *shield[T]) settled(p *promise) {
	if p == &s.promise {
		s.inner.leave()
	} else {
		s.loop.ready.push(s)
	}
}

func (s *shield[T]) step() {
	switch {
	case s.done:
	case s.from.Cancelled():
		s.Cancel(s.from.Err())
	case s.from.outcome().err != nil:
		s.Reject(s.from.Err())
	default:
		v, _ := s.from.Result()
		s.Resolve(v)
	}
}
