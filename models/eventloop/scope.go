package eventloop

// A scope is a place in the tree along which cancellation travels down: every
// task has one, below that of the task it was begun by, and so has every [Scope].
// The root belongs to the loop. Scopes are linked into one another, so that
// beginning a task allocates nothing for it.
type scope struct {
	cause      error     // why it was cancelled for good, nil if it was not
	owner      canceller // nil at the root
	parent     *scope
	child      *scope // the first of its children; &gone once it has left
	next, prev *scope // its siblings
}

// A canceller is what has a place in the tree.
type canceller interface {
	// cancelled is called when its scope was cancelled.
	cancelled(cause error)
	// request is called when a task above it was asked to end.
	request(cause error)
	// shields reports whether it keeps away what comes from above.
	shields() bool
	holder() *Task // the task it belongs to
}

// gone is the child of scopes that have left the tree. They have no others, since
// what enters them goes to their parent.
var gone scope

func (s *scope) left() bool { return s.child == &gone }

// enter puts s below parent, and cancels it if parent is cancelled already.
func (s *scope) enter(parent *scope) {
	cause := parent.cause
	for parent.left() {
		parent = parent.parent
		if cause == nil {
			cause = parent.cause
		}
	}
	s.link(parent)
	if cause != nil && !s.shielded() {
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

// leave takes s out of the tree. Its children are from now on its parent's, and
// cancelled if that is and only s has kept that away.
func (s *scope) leave() {
	if s.prev == nil {
		s.parent.child = s.next
	} else {
		s.prev.next = s.next
	}
	if s.next != nil {
		s.next.prev = s.prev
	}
	children := s.child
	s.child, s.next, s.prev = &gone, nil, nil
	for c := children; c != nil; {
		next := c.next
		c.link(s.parent)
		if cause := s.parent.cause; cause != nil && !c.shielded() {
			c.cancel(cause)
		}
		c = next
	}
}

// cancel cancels s and all below it, but what is shielded. The first cause stays.
func (s *scope) cancel(cause error) {
	if s.cause != nil {
		return // and what is below was cancelled with it
	}
	s.cause = cause
	if s.owner != nil {
		s.owner.cancelled(cause)
	}
	if s.left() {
		return
	}
	for c := s.child; c != nil; c = c.next {
		if !c.shielded() {
			c.cancel(cause)
		}
	}
}

// request asks all tasks below s to end, but those that are shielded.
func (s *scope) request(cause error) {
	for c := s.child; c != nil; c = c.next {
		if !c.shielded() {
			c.owner.request(cause)
		}
	}
}

func (s *scope) shielded() bool { return s.owner != nil && s.owner.shields() }
