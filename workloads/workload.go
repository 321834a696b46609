// Package workloads holds the pieces of work that models are compared on, each
// with an answer that is known beforehand.
//
// # Vocabulary
//
// A [Workload] is a named piece of work with parameters. With values for the
// parameters it becomes an [Instance]: N tasks, a check of their answers, and a
// law that predicts what they cost. A tier is a set of rows of parameters:
// quick for a first look, standard for a decision, full for the tutorials' own
// seconds. A fixture is the server that tasks talk to, always in a process of
// its own.
//
// # What a workload must keep
//
//  1. The body of a task is written once, against models.Env, and runs
//     unchanged under every model.
//  2. It depends on its index and the parameters alone. Randomness is a
//     function of the index, never of a generator that tasks share: otherwise
//     two models would do different work.
//  3. Its answer is known beforehand: published, or in closed form, or
//     computed by an independent method in Check.
//  4. What only computes goes through Env.Offload, so that hybrid can move it.
//
// A new workload is one file with one variable and one row in the table of
// [All].
package workloads

import (
	"context"
	"fmt"

	"juggle/internal/nearest"
	"juggle/models"
)

// A Group says what bounds a workload. Results of different groups are never
// added up: their signs differ, and that is the lesson.
type Group string

const (
	IOBound  Group = "I/O-bound"
	CPUBound Group = "CPU-bound"
	Mixed    Group = "mixed"
)

// A Tier names a set of rows by how long they take.
type Tier string

const (
	Quick    Tier = "quick"    // all workloads within a minute
	Standard Tier = "standard" // all workloads within some ten minutes
	Full     Tier = "full"     // the tutorials' own sizes and seconds
)

// Tiers returns the tiers, smallest first.
func Tiers() []Tier { return []Tier{Quick, Standard, Full} }

// A Workload is a named piece of work. Plain data: a table holds it by value.
type Workload struct {
	// Name is the word for it in flags, files and figures: lower-case letters,
	// digits and dashes.
	Name string
	// Group says what bounds it.
	Group Group
	// Isolates is the one thing it shows, as a phrase that may follow "shows".
	Isolates string
	// Params declares the parameters, in the order of their canonical text.
	Params []Param
	// Rows holds the parameters of each tier, as "name=value,…" texts where
	// defaults may be left out. A tier without rows uses the next smaller's.
	Rows map[Tier][]string
	// Timeline is the row of a small run, 16 tasks at most, whose events are
	// drawn as a timeline. "-" stands for none, "" for the defaults.
	Timeline string
	// Fixture, if not nil, starts the server that the tasks talk to and returns
	// its address. It runs in a process of its own and serves until ctx ends.
	Fixture func(ctx context.Context, v Values) (address string, err error)
	// New makes the tasks for validated values. Fixture is the address that the
	// workload's fixture gave, "" without one. New runs once in every process
	// that runs tasks, so it must not be slow.
	New func(v Values, fixture string) (*Instance, error)
}

// An Instance is a workload with its parameters filled in.
type Instance struct {
	// Tasks is the number of tasks.
	Tasks int
	// Limit bounds the tasks in flight under every model; 0 for no bound.
	Limit int
	// Body, Compute and Close are those of models.Job.
	Body    models.Body
	Compute func(input []byte) ([]byte, error)
	Close   func()
	// Check returns an error that says what is wrong with the answers, which
	// are in index order, one per task. It is called outside the timed region.
	// Where one task is to blame, the error is an [*AnswerError].
	Check func(answers [][]byte) error
	// Law is what is known of the cost beforehand.
	Law Law
	// Descriptors is how many files and sockets the tasks of one process may
	// hold open at once; 0 for a handful.
	Descriptors int
	// Inexpressible says, by model name, why a model cannot run this workload.
	Inexpressible map[string]string
	// Twins holds the same work written natively, without models.Env, by the
	// name of the model it is a control for. What a twin gains over its model
	// is what the common contract costs.
	Twins map[string]Twin
}

// A Twin does all the tasks of an instance natively and returns their answers.
type Twin func(ctx context.Context) (answers [][]byte, err error)

// All returns juggle's own workloads, those that wait before those that
// compute.
func All() []Workload {
	return []Workload{Sleepers, Scrape, Primes, Mandelbrot}
}

// Find returns the workload of a table with the given name. The error names the
// valid ones, the nearest spelling first.
func Find(table []Workload, name string) (Workload, error) {
	names := make([]string, len(table))
	for i, w := range table {
		if w.Name == name {
			return w, nil
		}
		names[i] = w.Name
	}
	return Workload{}, fmt.Errorf("no workload is called %q; there are %s", name, nearest.List(name, names))
}

// RowsOf returns the validated rows of a tier, with defaults filled in. Override
// replaces parameters that the workload declares and ignores others; rows that
// become equal are returned once.
func (w Workload) RowsOf(tier Tier, override map[string]string) ([]Values, error) {
	var texts []string
	for _, t := range Tiers() {
		if len(w.Rows[t]) > 0 {
			texts = w.Rows[t]
		}
		if t == tier {
			break
		}
	}
	if len(texts) == 0 {
		texts = []string{""}
	}
	seen := make(map[string]bool)
	var rows []Values
	for _, text := range texts {
		v, err := w.parse(text, override)
		if err != nil {
			return nil, err
		}
		if !seen[v.String()] {
			seen[v.String()] = true
			rows = append(rows, v)
		}
	}
	return rows, nil
}

// Parse reads a row such as "pages=20,latency=5ms". Parameters left out have
// their defaults. The error names the parameter and what it may be.
func (w Workload) Parse(text string) (Values, error) { return w.parse(text, nil) }

// Job makes the job of this workload for a model: its parameters are encoded so
// that another process of this binary can make the same job again.
func (in *Instance) Job(name string, params []byte) models.Job {
	return models.Job{
		Name: name, Params: params, N: in.Tasks, Limit: in.Limit,
		Body: in.Body, Compute: in.Compute, Close: in.Close,
	}
}
