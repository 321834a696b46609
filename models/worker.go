package models

import (
	"context"
	"encoding/binary"
	"fmt"

	"juggle/models/procpool"
)

// Functions that workers know.
const (
	openFunc    = "juggle/open"    // make the job
	taskFunc    = "juggle/task"    // run one of its tasks
	computeFunc = "juggle/compute" // run its Compute
)

// ServeWorker turns this process into a worker if a model of this package
// started it as one, and then never returns. In every other process it returns
// at once. Call it at the top of main, or of TestMain, before anything else.
//
// Resolve makes a job from Job.Name and Job.Params. It runs in the worker.
func ServeWorker(resolve func(name string, params []byte) (Job, error)) {
	w := &worker{resolve: resolve}
	procpool.WorkerMain(
		procpool.NewFunc(openFunc, w.open),
		procpool.NewFunc(taskFunc, w.task),
		procpool.NewFunc(computeFunc, w.compute),
	)
}

// worker is the state of a worker process. Its methods run one at a time.
type worker struct {
	resolve func(name string, params []byte) (Job, error)
	header  []byte
	job     Job
	run     uint64
}

// open makes the job that all later calls are about.
func (w *worker) open(_ context.Context, header []byte) ([]byte, error) {
	name, params, err := decodeOpen(header)
	if err != nil {
		return nil, err
	}
	w.header = append([]byte(nil), header...)
	w.job, err = w.resolve(name, params)
	if err != nil {
		return nil, fmt.Errorf("making the job %q: %w", name, err)
	}
	return nil, w.job.validate()
}

// task runs one task. The first task of a later run makes the job afresh, so
// that runs share no more here than they do in one process.
func (w *worker) task(ctx context.Context, input []byte) ([]byte, error) {
	run, size := binary.Uvarint(input)
	i, size2 := binary.Uvarint(input[max(0, size):])
	if size <= 0 || size2 <= 0 || i >= uint64(w.job.N) {
		return nil, fmt.Errorf("malformed request for a task: %x", input)
	}
	if run != w.run {
		if w.run != 0 {
			if w.job.Close != nil {
				w.job.Close()
			}
			if _, err := w.open(ctx, w.header); err != nil {
				return nil, err
			}
		}
		w.run = run
	}
	return w.job.Body(&blockingEnv{ctx, w.job}, int(i))
}

func (w *worker) compute(_ context.Context, input []byte) ([]byte, error) {
	return w.job.compute(input)
}

// encodeOpen packs what a worker needs to make the job: its name, the length of
// the name first, and its parameters.
func encodeOpen(job Job) []byte {
	header := binary.AppendUvarint(nil, uint64(len(job.Name)))
	header = append(header, job.Name...)
	return append(header, job.Params...)
}

func decodeOpen(header []byte) (name string, params []byte, err error) {
	length, size := binary.Uvarint(header)
	if size <= 0 || length > uint64(len(header)-size) {
		return "", nil, fmt.Errorf("malformed request to make a job: %x", header)
	}
	rest := header[size:]
	return string(rest[:length]), rest[length:], nil
}
