package harness

import (
	"context"
	"errors"
	"fmt"
	"time"

	"juggle/internal/reexec"
	"juggle/internal/usage"
	"juggle/workloads"
)

// A fixture process answers each line it is sent: the first, a cellRequest, with
// a fixtureReady, and every later one with its own account so far.
type fixtureReady struct {
	Address string `json:"address"`
	Error   string `json:"error,omitempty"`
}

// serveFixture is the fixture's side.
func serveFixture(l *link, table []workloads.Workload) error {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	var r cellRequest
	if err := l.receive(&r); err != nil {
		return err
	}
	var ready fixtureReady
	w, err := workloads.Find(table, r.Workload)
	if err == nil {
		var v workloads.Values
		if v, err = w.Parse(r.Params); err == nil {
			ready.Address, err = w.Fixture(ctx, v)
		}
	}
	if err != nil {
		ready.Error = err.Error()
	}
	if err := l.send(ready); err != nil {
		return err
	}
	for {
		var ask struct{}
		if err := l.receive(&ask); err != nil {
			return err // the end of the stream is how a fixture ends
		}
		account, err := usage.Self()
		if err != nil {
			return err
		}
		if err := l.send(account); err != nil {
			return err
		}
	}
}

// fixture is the owner's side of a running fixture process.
type fixture struct {
	child   *reexec.Child
	link    *link
	address string
}

// fixturePatience bounds how long a fixture may take to listen or to answer.
const fixturePatience = 20 * time.Second

// startFixture starts the fixture of a row. The caller ends it with stop.
func startFixture(r cellRequest) (*fixture, error) {
	child, err := reexec.Start(fixtureRole, reexec.Options{})
	if err != nil {
		return nil, err
	}
	f := &fixture{child: child, link: newLink(child.Socket)}
	child.Socket.SetDeadline(time.Now().Add(fixturePatience))
	var ready fixtureReady
	if err = f.link.send(r); err == nil {
		err = f.link.receive(&ready)
	}
	if err == nil && ready.Error != "" {
		err = errors.New(ready.Error)
	}
	if err != nil {
		child.Kill()
		return nil, fmt.Errorf("the fixture of %s did not start: %w%s", r.Workload, err, lastWords(child))
	}
	f.address = ready.Address
	return f, nil
}

// usage asks the fixture for its account.
func (f *fixture) usage() (usage.Process, error) {
	var account usage.Process
	f.child.Socket.SetDeadline(time.Now().Add(fixturePatience))
	err := f.link.send(struct{}{})
	if err == nil {
		err = f.link.receive(&account)
	}
	if err != nil {
		return account, fmt.Errorf("the fixture at %s does not answer: %w%s", f.address, err, lastWords(f.child))
	}
	return account, nil
}

// stop ends the fixture and returns when its process is gone.
func (f *fixture) stop() { f.child.Stop(time.Second) }

// lastWords is what a child printed last, to be put behind an error.
func lastWords(c *reexec.Child) string {
	if out := c.Output(); out != "" {
		return "; its last output was:\n" + out
	}
	return ""
}
