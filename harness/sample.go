package harness

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"time"

	"juggle/internal/nearest"
	"juggle/internal/usage"
	"juggle/models"
	"juggle/results"
	"juggle/workloads"
)

// A sample process talks with its owner in this order: it is sent a cellRequest;
// when everything up to the measured region is done it sends a sampleReady; it
// is sent an empty value, so that the owner can look at the fixture first; it
// measures and sends a sampleReport; it ends.
type sampleReady struct {
	// Failure is set if the region cannot begin; no report follows.
	Failure *results.Failure `json:"failure,omitempty"`
}

type sampleReport struct {
	Failure     *results.Failure   `json:"failure,omitempty"`
	Answer      string             `json:"answer,omitempty"`
	Costs       map[string]float64 `json:"costs,omitempty"`
	NotMeasured map[string]string  `json:"not_measured,omitempty"`
	Timeline    *results.Timeline  `json:"timeline,omitempty"`
}

// serveSample is the sample process's side.
func serveSample(l *link, table []workloads.Workload) error {
	var r cellRequest
	if err := l.receive(&r); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	reg, err := prepare(ctx, r, table)
	if err != nil {
		return l.send(sampleReady{failureOf(err)})
	}
	defer reg.close()
	if err := l.send(sampleReady{}); err != nil {
		return err
	}
	var begin struct{}
	if err := l.receive(&begin); err != nil {
		return err
	}
	// An owner that dies or gives up closes the stream: end at once then,
	// whatever the tasks are doing. The kernel ends the workers with us.
	go func() {
		if errors.Is(l.receive(&begin), io.EOF) {
			exitOrphaned()
		}
	}()
	report, err := reg.measure(ctx)
	if err != nil {
		report = sampleReport{Failure: failureOf(err)}
	}
	return l.send(report)
}

// A wrongAnswer is an answer that the workload's check refused.
type wrongAnswer struct{ error }

// failureOf gives an error its kind.
func failureOf(err error) *results.Failure {
	kind := results.FailError
	if wrong := (wrongAnswer{}); errors.As(err, &wrong) {
		kind = results.FailWrongAnswer
	}
	message := err.Error()
	if panicked := (*models.PanicError)(nil); errors.As(err, &panicked) {
		message += "\n" + panicked.Stack
	}
	return &results.Failure{Kind: kind, Message: message}
}

// region is a cell that is ready to be measured.
type region struct {
	request cellRequest
	in      *workloads.Instance
	runner  models.Runner // nil for a twin
	twin    workloads.Twin
	setup   time.Duration
}

// prepare makes everything that comes before the measured region: the model is
// started, and the first tasks are run once to warm every part up.
func prepare(ctx context.Context, r cellRequest, table []workloads.Workload) (*region, error) {
	in, err := r.instance(table)
	if err != nil {
		return nil, err
	}
	reg := &region{request: r, in: in}
	if r.Twin {
		reg.twin = in.Twins[r.Model]
		if reg.twin == nil {
			return nil, fmt.Errorf("%s has no native twin for %s", r.Workload, r.Model)
		}
		return reg, nil
	}
	m, err := FindModel(r.Model)
	if err != nil {
		return nil, err
	}
	began := time.Now()
	if reg.runner, err = m.Start(ctx, r.job(in)); err != nil {
		return nil, err
	}
	reg.setup = time.Since(began)
	if _, err := reg.runner.Run(ctx, min(in.Tasks, models.Parallelism())); err != nil {
		reg.close()
		return nil, fmt.Errorf("warming up: %w", err)
	}
	return reg, nil
}

// FindModel returns the model or variant with the given name. The error names
// the valid ones, the nearest spelling first.
func FindModel(name string) (models.Model, error) {
	var names []string
	for _, m := range slices.Concat(models.All(), models.Variants()) {
		if m.Name() == name {
			return m, nil
		}
		names = append(names, m.Name())
	}
	return nil, fmt.Errorf("no model is called %q; there are %s", name, nearest.List(name, names))
}

func (reg *region) close() error {
	if reg.runner == nil {
		return nil
	}
	return reg.runner.Close()
}

// account adds up what this process and the model's workers have used so far.
func (reg *region) account(ctx context.Context) (usage.Process, error) {
	total, err := usage.Self()
	if err != nil || reg.runner == nil {
		return total, err
	}
	workers, err := reg.runner.Workers(ctx)
	for _, w := range workers {
		total = total.Add(w)
	}
	return total, err
}

// measure runs the region, checks its answers outside of it, and adds up what
// it cost. The model is closed before the report is made, so that one that
// cannot end is a failure.
func (reg *region) measure(ctx context.Context) (sampleReport, error) {
	runtime.GC() // the warm-up's garbage is not the region's
	before, err := reg.account(ctx)
	if err != nil {
		return sampleReport{}, err
	}
	begin := now()
	answers, err := reg.run(ctx)
	linger(begin, reg.request.Slowed)
	wall := now() - begin
	if err != nil {
		return sampleReport{}, err
	}
	after, err := reg.account(ctx)
	if err != nil {
		return sampleReport{}, err
	}
	var envelopes []envelope
	if reg.twin == nil {
		if envelopes, err = openAll(answers); err != nil {
			return sampleReport{}, err
		}
		for i, e := range envelopes {
			answers[i] = e.answer
		}
	}
	if err := reg.in.Check(answers); err != nil {
		return sampleReport{}, wrongAnswer{err}
	}
	if err := reg.close(); err != nil {
		return sampleReport{}, fmt.Errorf("closing the model: %w", err)
	}
	if reg.request.Trace {
		t := timeline(begin, wall, envelopes)
		return sampleReport{Answer: digest(answers), Timeline: &t}, nil
	}
	c := costs{map[string]float64{}, map[string]string{}}
	c.region(time.Duration(wall), reg.in.Tasks, after.Sub(before))
	c.tasks(envelopes)
	if reg.twin == nil {
		c.set(results.Setup, float64(reg.setup.Nanoseconds()))
	} else {
		c.unmeasured("a native twin has no model to start", results.Setup)
	}
	return sampleReport{Answer: digest(answers), Costs: c.values, NotMeasured: c.reasons}, nil
}

// run is the measured region itself.
func (reg *region) run(ctx context.Context) ([][]byte, error) {
	if reg.twin != nil {
		return reg.twin(ctx)
	}
	outcome, err := reg.runner.Run(ctx, reg.in.Tasks)
	return outcome.Answers, err
}

// digest identifies the answers of all tasks in their order.
func digest(answers [][]byte) string {
	h := sha256.New()
	for _, a := range answers {
		fmt.Fprintf(h, "%d:", len(a))
		h.Write(a)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
