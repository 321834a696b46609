package harness

import (
	"encoding/binary"
	"fmt"
	"os"

	"juggle/models"
)

// A task's answer carries the task's own stamps behind it, through whatever
// process or queue the model sends it. That is how a model that knows no time,
// and a worker that knows no harness, still tell when each task ran:
//
//	answer | stamp… | process id (4 bytes) | number of stamps (4 bytes)
//
// Stamps are 8 bytes each: the begin of the task, then in turn the begin and the
// end of every wait, then the end of the task. Without tracing there are two.
// All numbers are little-endian.

// tailSize is what follows the stamps.
const tailSize = 8

// envelope is an answer with what came with it.
type envelope struct {
	answer []byte
	stamps []stamp
	pid    int
}

// begin and end are when the task began and ended.
func (e envelope) begin() stamp { return e.stamps[0] }
func (e envelope) end() stamp   { return e.stamps[len(e.stamps)-1] }

// seal packs an answer. It reuses the answer's spare capacity.
func seal(answer []byte, stamps []stamp) []byte {
	for _, s := range stamps {
		answer = binary.LittleEndian.AppendUint64(answer, uint64(s))
	}
	answer = binary.LittleEndian.AppendUint32(answer, uint32(processID))
	return binary.LittleEndian.AppendUint32(answer, uint32(len(stamps)))
}

var processID = os.Getpid()

// open unpacks what seal made.
func open(sealed []byte) (envelope, error) {
	if len(sealed) < tailSize {
		return envelope{}, fmt.Errorf("an answer of %d bytes came back without its stamps", len(sealed))
	}
	tail := sealed[len(sealed)-tailSize:]
	n := int(binary.LittleEndian.Uint32(tail[4:]))
	size := len(sealed) - tailSize - 8*n
	if n < 2 || size < 0 {
		return envelope{}, fmt.Errorf("an answer of %d bytes claims %d stamps", len(sealed), n)
	}
	e := envelope{answer: sealed[:size:size], pid: int(binary.LittleEndian.Uint32(tail))}
	e.stamps = make([]stamp, n)
	for i := range e.stamps {
		e.stamps[i] = stamp(binary.LittleEndian.Uint64(sealed[size+8*i:]))
	}
	return e, nil
}

// openAll unpacks the answers of a run.
func openAll(sealed [][]byte) ([]envelope, error) {
	all := make([]envelope, len(sealed))
	for i, s := range sealed {
		var err error
		if all[i], err = open(s); err != nil {
			return nil, fmt.Errorf("task %d: %w", i, err)
		}
	}
	return all, nil
}

// stamped returns a body that seals its begin and end into its answer.
func stamped(body models.Body) models.Body {
	return func(env models.Env, i int) ([]byte, error) {
		begin := now()
		answer, err := body(env, i)
		if err != nil {
			return nil, err
		}
		return seal(answer, []stamp{begin, now()}), nil
	}
}
