package eventloop

import "time"

// A poller asks the kernel which descriptors are ready. It reports changes only
// (the edge), for both directions, and each at least once after add. The loop
// therefore adds a descriptor once, and tries a system call before it waits.
// Reporting the state instead (the level) was rejected: it needs a system call
// whenever a task begins or ends to wait.
type poller interface {
	add(fd int) error
	remove(fd int) error
	// wait calls ready for every descriptor that changed. odd says that more can
	// be read than a read gives at once, namely the end, an error or urgent data
	// after what came before. It blocks until there is one, until timeout has passed in full, or until wake; for ever if the
	// timeout is negative, and never if it is 0. It may return early for no
	// reason.
	wait(timeout time.Duration, ready func(fd int, readable, writable, odd bool)) error
	// wake ends the wait that is going on, or else the next one. It may be
	// called from any goroutine.
	wake()
	close()
}
