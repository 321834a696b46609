package procpool

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"time"
)

// endings are items that have ended and are not yet told so: that happens
// without Pool.mu.
type endings struct {
	items []item
	got   []outcome
}

// add notes how an item ended. Callers hold Pool.mu.
func (e *endings) add(it item, got outcome) {
	it.sink.placed(nil, 0)
	e.items = append(e.items, it)
	e.got = append(e.got, got)
}

// conclude tells the sinks how their items ended. Callers do not hold p.mu.
func (p *Pool) conclude(e endings) {
	for start := 0; start < len(e.items); {
		end := start + 1
		for end < len(e.items) && e.items[end].sink == e.items[start].sink {
			end++
		}
		e.items[start].sink.finish(e.items[start:end], e.got[start:end])
		start = end
	}
	if len(e.items) > 0 { // an Add of 0 while the last task ends is taken for a misuse
		p.tasks.Add(-len(e.items))
	}
}

// done is the payload of kindDone.
type done struct {
	id    uint64
	items int           // whose results are in the region
	bytes int           // of the region
	took  time.Duration // to run them
}

// readDone reads it.
func readDone(f frame) (done, error) {
	if f.kind != kindDone {
		return done{}, fmt.Errorf("%w: kind %d in place of a chunk's end", ErrProtocol, f.kind)
	}
	var numbers [3]uint64
	rest := f.payload
	for i := range numbers {
		v, n := binary.Uvarint(rest)
		if n <= 0 {
			return done{}, fmt.Errorf("%w: a chunk's end of %d bytes", ErrProtocol, len(f.payload))
		}
		numbers[i], rest = v, rest[n:]
	}
	if len(rest) > 0 || numbers[0] > chunkLimit || numbers[1] > regionBytes || numbers[2] > 1<<62 {
		return done{}, fmt.Errorf("%w: a chunk's end that says %d", ErrProtocol, numbers)
	}
	return done{f.id, int(numbers[0]), int(numbers[1]), time.Duration(numbers[2])}, nil
}

// measure returns how many bytes of a region the records of n results take. It is
// the length of the region if those are no records; who reads them says why.
func measure(region []byte, n int) int {
	r := outputReader{rest: region}
	for range n {
		head, err := r.uvarint()
		size := head >> 4
		if head&(1<<3) != 0 {
			size = 0
			for i := 0; i < 3 && err == nil; i++ {
				_, err = r.uvarint()
			}
		}
		if err != nil || size > uint64(len(r.rest)) {
			return len(region)
		}
		r.rest = r.rest[size:]
	}
	return len(region) - len(r.rest)
}

// collect reads the results up to those that d counts, and appends their
// outcomes. d.bytes is -1 if the worker did not say where they end. Nobody else
// may read results of this chunk at the same time.
func (c *chunk) collect(got []outcome, d done) ([]outcome, error) {
	region := region(c.worker.memory.mapped, c.place)
	if d.items < c.read || d.bytes >= 0 && d.bytes < c.bytes {
		return got, fmt.Errorf("%w: a chunk that got shorter", ErrProtocol)
	}
	if d.bytes < 0 {
		d.bytes = c.bytes + measure(region[c.bytes:], d.items-c.read)
	}
	// One copy for all: payloads are parts of it.
	copied := bytes.Clone(region[c.bytes:d.bytes])
	r := outputReader{memory: c.worker.memory, rest: copied}
	for ; c.read < d.items; c.read++ {
		rec, err := r.next()
		if err != nil {
			return got, err
		}
		if rec.status == statusOK && rec.loan == nil { // nearly always, and many of them
			got = append(got, outcome{output: rec.payload})
		} else if o, err := c.outcome(c.read, rec); err != nil {
			return got, err
		} else {
			got = append(got, o)
		}
		c.bytes = d.bytes - len(r.rest)
	}
	return got, nil
}

// outcome is what a record says of item i, or an error if it is no such record.
func (c *chunk) outcome(i int, rec record) (outcome, error) {
	o, err := rec.outcome(c.items[i].sink.name())
	if cause := c.causes[i]; cause != nil && o.err != nil {
		o.err = cause // what it returned, it returned because of that
	}
	if o.loan != nil && c.worker.memory.crowded() {
		o.output = bytes.Clone(o.loan.bytes)
		o.loan.giveBack()
		o.loan = nil
	}
	return o, err
}

// outcome translates a record of a call of the function.
func (rec record) outcome(name string) (outcome, error) {
	if rec.status == statusOK {
		if rec.loan != nil {
			return outcome{loan: rec.loan}, nil
		}
		return outcome{output: rec.payload}, nil
	}
	text := string(rec.payload)
	if rec.loan != nil {
		rec.loan.giveBack()
	}
	switch rec.status {
	case statusError:
		return outcome{err: &TaskError{Func: name, Text: text}}, nil
	case statusPanic:
		value, stack, err := unpackPanic([]byte(text))
		return outcome{err: &PanicError{Func: name, Value: value, Stack: stack}}, err
	case statusGoexit:
		return outcome{err: fmt.Errorf("procpool: %s: %w", name, ErrGoexit)}, nil
	case statusTooLarge:
		return outcome{err: fmt.Errorf("%w: %s returned %s bytes, the limit is %d", ErrTooLarge, name, text, MaxPayload)}, nil
	}
	return outcome{err: fmt.Errorf("procpool: %s: its output found no room: %s", name, text)}, nil
}
