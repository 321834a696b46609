package results

// A Timeline is what the tasks of one small run did when. It holds events that
// were recorded in the tasks, on one clock for all processes of the run.
type Timeline struct {
	Cell
	// WallNS is the length of the measured region.
	WallNS int64 `json:"wall_ns"`
	// Lanes has one entry per task, in index order.
	Lanes []Lane `json:"lanes"`
}

// A Lane is the life of one task.
type Lane struct {
	// Process numbers the processes that ran tasks, from 0.
	Process int    `json:"process"`
	Spans   []Span `json:"spans"`
}

// States of a task. A running task is on a processor or ready for one; before
// its first span and after its last it does not exist.
const (
	Running = "running"
	Waiting = "waiting"
)

// A Span is a stretch of a task's life in one state. Times are nanoseconds
// since the region began; the spans of a lane are in order and do not overlap.
type Span struct {
	State  string `json:"state"`
	FromNS int64  `json:"from_ns"`
	ToNS   int64  `json:"to_ns"`
}
