package eventloop

import (
	"context"
	"net"
)

// A pump is the outlet of a connection that has no socket of the loop, such as one
// of a [Network]. Its Write suspends its caller, so there is a task that calls it.
// The task belongs to the run, not to the task that sends, for it still has to
// send when that has ended or was cancelled.
type pump struct {
	watermarks
	loop   *Loop
	conn   net.Conn
	sender sender
	begin  func() *Task
	task   *Task  // nil before there was anything to do
	queue  []byte // what comes after spare
	spare  []byte // what is being sent, or room for it
	flying int    // how much of it is left
	asked  bool   // the sender wants to hear that nothing is left
	ended  bool   // nothing more is to be sent
	idle   waitList
}

func newPump(ctx context.Context, conn net.Conn, s sender) *pump {
	p := &pump{watermarks: defaultWatermarks(), loop: loopOf(ctx, "NewWriter"), conn: conn, sender: s}
	p.begin = func() *Task { return new(Task).begin(context.WithoutCancel(ctx), p.loop, nil, p.run) }
	return p
}

func (p *pump) marks() *watermarks { return &p.watermarks }

func (p *pump) size() int { return len(p.queue) + p.flying }

func (p *pump) write(b []byte) (int, error) {
	p.queue = append(p.queue, b...)
	p.start()
	return len(b), nil
}

func (p *pump) writeAll(parts [][]byte) (int, error) {
	n := 0
	for _, b := range parts {
		p.queue = append(p.queue, b...)
		n += len(b)
	}
	p.start()
	return n, nil
}

func (p *pump) settle() {
	p.asked = true
	p.start()
}

// start has the task go on, which looks for something to do.
func (p *pump) start() {
	if p.task == nil {
		p.task = p.begin()
		p.loop.ready.push(p.task)
	} else {
		p.idle.wakeAll(nil)
	}
	if p.rise(p.size()) {
		p.sender.pause()
	}
}

func (p *pump) discard() {
	p.queue, p.flying, p.ended = nil, 0, true
	p.idle.wakeAll(nil)
}

func (p *pump) last() {} // Close of the connection says it, in the task

func (p *pump) finish() error { return closeWrite(p.conn) }

// run is the task.
func (p *pump) run(ctx context.Context) error {
	for !p.ended {
		var err error
		switch {
		case len(p.queue) > 0:
			err = p.send()
		case p.asked:
			p.asked = false
			p.sender.emptied()
		default:
			t := running(ctx)
			p.idle.push(t)
			err = t.park(ctx, p)
		}
		if err != nil {
			p.discard()
			p.sender.failed(err)
		}
	}
	return nil
}

// send sends what has come so far, in pieces: a single large write would tell too
// late that there is room again.
func (p *pump) send() error {
	chunk := p.queue
	p.queue, p.spare = p.spare[:0], chunk
	for len(chunk) > 0 && !p.ended {
		p.flying = len(chunk)
		n, err := p.conn.Write(chunk[:min(len(chunk), keptBytes)])
		if err != nil || p.ended {
			return err
		}
		chunk = chunk[n:]
		p.flying = len(chunk)
		if p.fall(p.size()) {
			p.sender.resume()
		}
	}
	if cap(p.spare) > keptBytes {
		p.spare = nil
	}
	if p.size() == 0 {
		p.sender.emptied()
	}
	return nil
}

func (p *pump) String() string { return "bytes to send" }
