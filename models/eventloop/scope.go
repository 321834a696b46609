package eventloop

// A scope is a place in the tree along which cancellation travels down: every
// task has one, below that of the task it was begun by. The root belongs to the
// loop. Scopes are linked into one another, so that beginning a task allocates
// nothing for it.
type scope struct {
	task       *Task // nil at the root
	parent     *scope
	child      *scope // the first of its children
	next, prev *scope // its siblings
	left       bool   // its task has ended
	cause      error  // why it was cancelled, nil if it was not
}

// enter puts s below parent, and cancels it if parent is cancelled already.
func (s *scope) enter(parent *scope) {
	cause := parent.cause
	for parent.left {
		parent = parent.parent
		if cause == nil {
			cause = parent.cause
		}
	}
	s.link(parent)
	if cause != nil {
		s.cancel(cause)
	}
}

func (s *scope) link(parent *scope) {
	s.parent, s.prev, s.next = parent, nil, parent.child
	if s.next != nil {
		s.next.prev = s
	}
	parent.child = s
}

// leave takes s out of the tree. Its children are from now on its parent's.
func (s *scope) leave() {
	s.left = true
	if s.prev == nil {
		s.parent.child = s.next
	} else {
		s.prev.next = s.next
	}
	if s.next != nil {
		s.next.prev = s.prev
	}
	for c := s.child; c != nil; {
		next := c.next
		c.link(s.parent)
		c = next
	}
	s.child, s.next, s.prev = nil, nil, nil
}

// cancel cancels s and all below it. The first cause stays.
func (s *scope) cancel(cause error) {
	if s.cause != nil {
		return // and what is below was cancelled with it
	}
	s.cause = cause
	if s.task != nil {
		s.task.interrupt(cause)
	}
	for c := s.child; c != nil; c = c.next {
		c.cancel(cause)
	}
}
