package harness

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"juggle/internal/reexec"
	"juggle/results"
)

// Processes is the Executor that measures: a fresh process for every sample,
// and one fixture process for each row that needs one. The zero value is not
// usable; make one with NewProcesses, and Close it. It is for one goroutine at
// a time, since two samples at once would measure each other.
type Processes struct {
	needsFixture func(workload string) bool
	fixtures     map[results.Cell]*fixture
	spent        Spent
}

// Spent is what samples took that is not the harness's own time. What a run takes
// beyond it is the harness: fixtures, checks, the journal, the ends of processes.
type Spent struct {
	// Samples counts those that came to a measured region and gave an answer.
	Samples int
	// Start is from the start of each sample's process until it was ready to
	// measure, warm-up included; Region is the measured regions.
	Start, Region time.Duration
}

// Spent tells what the samples taken so far took.
func (p *Processes) Spent() Spent { return p.spent }

// NewProcesses returns an executor for a plan over the given table, which must
// be the table that this binary's main gave to Serve.
func NewProcesses(o Options) *Processes {
	return &Processes{
		needsFixture: func(name string) bool {
			return slices.ContainsFunc(o.Table, func(w workload) bool { return w.Name == name && w.Fixture != nil })
		},
		fixtures: make(map[results.Cell]*fixture),
	}
}

// Close ends the fixtures and returns when their processes are gone.
func (p *Processes) Close() error {
	for row, f := range p.fixtures {
		f.stop()
		delete(p.fixtures, row)
	}
	return nil
}

// Sample runs a cell once in a fresh process. A sample that fails is a result
// like any other; an error means that no sample could be taken. When ctx ends,
// the process and its workers are killed and ctx's cause is returned; when the
// deadline passes first, the sample is a failure.
func (p *Processes) Sample(ctx context.Context, step Step, deadline time.Duration) (results.Sample, error) {
	s := results.Sample{Cell: step.Cell, Started: time.Now()}
	report, err := p.execute(ctx, step, false, deadline)
	if err != nil {
		return s, err
	}
	s.Failure, s.Answer = report.Failure, report.Answer
	s.Costs, s.NotMeasured = report.Costs, report.NotMeasured
	return s, nil
}

// Timeline runs a cell once with every wait of every task recorded.
func (p *Processes) Timeline(ctx context.Context, c results.Cell, deadline time.Duration) (results.Timeline, error) {
	report, err := p.execute(ctx, Step{Cell: c}, true, deadline)
	if err != nil {
		return results.Timeline{}, err
	}
	if report.Failure != nil {
		return results.Timeline{}, fmt.Errorf("the timeline of %s under %s: %s: %s",
			c.Workload, c.Model, report.Failure.Kind, report.Failure.Message)
	}
	report.Timeline.Cell = c
	return *report.Timeline, nil
}

// execute runs one sample process from its start to its end.
func (p *Processes) execute(ctx context.Context, step Step, trace bool, deadline time.Duration) (sampleReport, error) {
	r := cellRequest{
		Workload: step.Cell.Workload, Params: step.Cell.Params, Model: cmp.Or(step.Planned.Runs, step.Cell.Model),
		Twin: step.Planned.Role == results.RoleTwin, Slowed: step.Planned.Slowed, Trace: trace,
	}
	f, err := p.fixture(r)
	if err != nil { // this row's trouble; other rows go on
		return sampleReport{Failure: failureOf(err)}, nil
	}
	if f != nil {
		r.Fixture = f.address
	}
	child, err := reexec.Start(sampleRole, reexec.Options{Environment: []string{padding(step.Padding)}})
	if err != nil {
		return sampleReport{}, err
	}
	forget := context.AfterFunc(ctx, child.Kill)
	report, err := p.converse(child, r, f, time.Now().Add(deadline))
	if err == nil {
		child.Stop(time.Second)
	} else {
		child.Kill()
	}
	if !forget() {
		return sampleReport{}, context.Cause(ctx)
	}
	if err != nil {
		return sampleReport{Failure: failedTalk(child, err, deadline)}, nil
	}
	return report, nil
}

// converse is the owner's side of the talk that serveSample answers.
func (p *Processes) converse(child *reexec.Child, r cellRequest, f *fixture, deadline time.Time) (sampleReport, error) {
	began := time.Now()
	l := newLink(child.Socket)
	child.Socket.SetDeadline(deadline)
	var report sampleReport
	if err := l.send(r); err != nil {
		return report, err
	}
	var ready sampleReady
	if err := l.receive(&ready); err != nil {
		return report, err
	}
	if ready.Failure != nil {
		return sampleReport{Failure: ready.Failure}, nil
	}
	start := time.Since(began)
	measureFixture, err := f.watch()
	if err != nil {
		return report, err
	}
	if err := l.send(struct{}{}); err != nil {
		return report, err
	}
	if err := l.receive(&report); err != nil {
		return report, err
	}
	p.spent.Samples++
	p.spent.Start += start
	p.spent.Region += time.Duration(report.Costs[results.Wall])
	return report, measureFixture(&report)
}

// padding is an entry of the environment of that many bytes or a few more, which
// no program reads. The size of the environment moves the stack of a process, and
// with it how its memory falls into pages and caches: the same code can be some
// per cent quicker or slower in every one of its samples, without this.
// Mytkowicz et al., "Producing wrong data without doing anything obviously
// wrong!" (ASPLOS 2009).
func padding(bytes int) string { return "JUGGLE_PADDING=" + strings.Repeat("x", bytes) }

// watch takes the fixture's account now and returns what adds the difference to
// a report later. Without a fixture there is nothing to add.
func (f *fixture) watch() (add func(*sampleReport) error, err error) {
	if f == nil {
		return func(*sampleReport) error { return nil }, nil
	}
	before, err := f.usage()
	if err != nil {
		return nil, err
	}
	return func(r *sampleReport) error {
		after, err := f.usage()
		if err == nil && r.Costs != nil {
			used := after.Sub(before)
			r.Costs[results.FixtureCPU] = float64((used.UserCPU + used.SystemCPU).Nanoseconds())
		}
		return err
	}, nil
}

// fixture returns the fixture of a request's row, and starts it the first time.
// A fixture that has died is started again.
func (p *Processes) fixture(r cellRequest) (*fixture, error) {
	if !p.needsFixture(r.Workload) {
		return nil, nil
	}
	row := results.Cell{Workload: r.Workload, Params: r.Params}
	if f := p.fixtures[row]; f != nil {
		select {
		case <-f.child.Done():
			delete(p.fixtures, row)
		default:
			return f, nil
		}
	}
	f, err := startFixture(cellRequest{Workload: r.Workload, Params: r.Params})
	if err != nil {
		return nil, err
	}
	p.fixtures[row] = f
	return f, nil
}

// failedTalk says why a sample process, which has ended, gave no report.
func failedTalk(child *reexec.Child, err error, deadline time.Duration) *results.Failure {
	if timeout := interface{ Timeout() bool }(nil); errors.As(err, &timeout) && timeout.Timeout() {
		return &results.Failure{
			Kind:    results.FailDeadline,
			Message: fmt.Sprintf("no answer within %v%s", deadline, lastWords(child)),
		}
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = fmt.Errorf("the process ended with %v", child.State())
	}
	return &results.Failure{Kind: results.FailCrash, Message: err.Error() + lastWords(child)}
}
