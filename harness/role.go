package harness

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"juggle/internal/reexec"
	"juggle/models"
	"juggle/workloads"
)

// Roles that this binary plays in processes that the harness starts. Workers
// have theirs in procpool.
const (
	sampleRole  = "sample"
	fixtureRole = "fixture"
)

// Serve plays the role this process was started for: worker, sample or fixture.
// In such a process it never returns; in every other it returns at once. Call
// it at the top of main, or of TestMain, with the same table in every process.
func Serve(table []workloads.Workload) {
	models.ServeWorker(func(name string, params []byte) (models.Job, error) {
		return resolve(table, params)
	})
	if socket := reexec.Inherited(sampleRole); socket != nil {
		serveRole(socket, func(l *link) error { return serveSample(l, table) })
	}
	if socket := reexec.Inherited(fixtureRole); socket != nil {
		serveRole(socket, func(l *link) error { return serveFixture(l, table) })
	}
}

// serveRole ends this process when serve does. What went wrong goes to stderr,
// which the owner keeps.
func serveRole(socket *os.File, serve func(*link) error) {
	if err := serve(newLink(socket)); err != nil && !errors.Is(err, io.EOF) {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// cellRequest says which work a process is about. It is what the parameters of
// a job hold, too, so that workers make the job from it.
type cellRequest struct {
	Workload string `json:"workload"`
	Params   string `json:"params"`
	// Fixture is the address of the row's fixture.
	Fixture string `json:"fixture,omitempty"`
	// Model is the model or, with Twin, the model that the twin is for.
	Model string `json:"model,omitempty"`
	Twin  bool   `json:"twin,omitempty"`
	// Slowed is by what share of its own time the region is slowed down.
	Slowed float64 `json:"slowed,omitempty"`
	// Trace asks for a timeline instead of costs.
	Trace bool `json:"trace,omitempty"`
}

// instance makes the work that a request is about.
func (r cellRequest) instance(table []workloads.Workload) (*workloads.Instance, error) {
	w, err := findWorkload(table, r.Workload)
	if err != nil {
		return nil, err
	}
	v, err := w.Parse(r.Params)
	if err != nil {
		return nil, err
	}
	in, err := w.New(v, r.Fixture)
	if err != nil {
		return nil, fmt.Errorf("%s (%s): %w", w.Name, v, err)
	}
	return in, nil
}

// job makes the instance's job, with its tasks stamped or traced.
func (r cellRequest) job(in *workloads.Instance) models.Job {
	encoded, err := json.Marshal(r)
	if err != nil {
		panic("harness: " + err.Error()) // strings and bools always encode
	}
	job := in.Job(r.Workload, encoded)
	if r.Trace {
		job.Body = traced(job.Body, r.Model == "hybrid")
		job.Switches = true
	} else {
		job.Body = stamped(job.Body)
	}
	return job
}

// resolve makes the job again in a worker.
func resolve(table []workloads.Workload, params []byte) (models.Job, error) {
	var r cellRequest
	if err := json.Unmarshal(params, &r); err != nil {
		return models.Job{}, fmt.Errorf("malformed request: %w", err)
	}
	in, err := r.instance(table)
	if err != nil {
		return models.Job{}, err
	}
	return r.job(in), nil
}

// link is one side of the stream between the harness and a process it started:
// a JSON value per line, each way in turn.
type link struct {
	socket *os.File
	lines  *bufio.Reader
}

func newLink(socket *os.File) *link { return &link{socket, bufio.NewReader(socket)} }

// send writes one value.
func (l *link) send(value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	_, err = l.socket.Write(append(text, '\n'))
	return err
}

// receive reads one value. The end of the stream is io.EOF.
func (l *link) receive(value any) error {
	text, err := l.lines.ReadBytes('\n')
	if err != nil {
		if len(text) > 0 {
			return io.ErrUnexpectedEOF
		}
		return err
	}
	return json.Unmarshal(text, value)
}
