package procpool

import "time"

// Hooks are functions that a pool calls as things happen, for timelines and logs.
// Each may be nil. They are called from the pool's goroutines, several at a time
// and none with a lock held, so they must be quick, and must not wait for a task
// nor close the pool.
type Hooks struct {
	// WorkerReady is called when a worker has started and done its warm-up.
	WorkerReady func(WorkerEvent)
	// WorkerEnded is called when a worker that was ready has been reaped.
	WorkerEnded func(WorkerEvent)
	// ChunkDone is called when a worker has run a chunk.
	ChunkDone func(ChunkEvent)
}

// A WorkerEvent says what became of a worker.
type WorkerEvent struct {
	Slot, PID int
	// Err is why the worker ended, and nil if the pool wanted that.
	Err error
}

// A ChunkEvent says what a worker has run.
type ChunkEvent struct {
	Slot, PID int
	Func      string
	// Tasks is how many tasks of the chunk were run here; what was taken back is
	// not among them.
	Tasks int
	// Sent is when the chunk was given to the worker, and Done when its reply was
	// read. Took is how long the worker ran, by its own clock.
	Sent, Done time.Time
	Took       time.Duration
}

// hookChunk tells of a chunk.
func (p *Pool) hookChunk(c *chunk, d done) {
	if call := p.options.Hooks.ChunkDone; call != nil {
		w := c.worker
		call(ChunkEvent{w.slot.index, w.child.PID(), program.funcs[c.number].name, d.items, c.since, time.Now(), d.took})
	}
}

// hookWorker calls a hook for workers, if there is one.
func hookWorker(call func(WorkerEvent), w *worker, err error) {
	if call != nil {
		call(WorkerEvent{w.slot.index, w.child.PID(), err})
	}
}
