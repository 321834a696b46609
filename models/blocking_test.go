package models

import (
	"context"
	"errors"
	"testing"
	"time"
)

// lateContext is past its deadline, and ends when its own timer comes round to it.
type lateContext struct {
	context.Context
	deadline time.Time
}

func (c lateContext) Deadline() (time.Time, bool) { return c.deadline, true }

func TestDialPastTheDeadlineTellsTheCause(t *testing.T) {
	why := errors.New("late")
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	env := &blockingEnv{ctx: lateContext{ctx, time.Now().Add(-time.Second)}}
	time.AfterFunc(10*time.Millisecond, func() { cancel(why) })
	if _, err := env.Dial("tcp", "127.0.0.1:1"); !errors.Is(err, why) {
		t.Errorf("got %v, want %v", err, why)
	}
}
