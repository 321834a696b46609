//go:build unix

package procpool

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestWarmUp(t *testing.T) {
	p := open(t, Options{Workers: 1, WarmUp: Call{"warm", []byte("w")}})
	want(t, submit(p, "warmth", ""), "w")
	wantError[*CrashError](t, submit(p, "exit", "1"))
	want(t, submit(p, "warmth", ""), "w") // the replacement was warmed up, once
}

func TestStartFails(t *testing.T) {
	tests := map[string]struct {
		warmUp  Call
		timeout time.Duration
		check   func(*StartError) bool
	}{
		"error": {Call{"fail", []byte("no coal")}, 0, func(e *StartError) bool {
			task, ok := errors.AsType[*TaskError](e)
			return ok && task.Text == "no coal"
		}},
		"panic": {Call{"panic", []byte("fire")}, 0, func(e *StartError) bool {
			p, ok := errors.AsType[*PanicError](e)
			return ok && p.Value == "fire"
		}},
		"goexit": {Call{Func: "goexit"}, 0, func(e *StartError) bool { return errors.Is(e, ErrGoexit) }},
		"exit": {Call{"exit", []byte("3")}, 0, func(e *StartError) bool {
			crash, ok := errors.AsType[*CrashError](e)
			return ok && crash.ExitCode == 3 && e.Output == "last words\n" && strings.Contains(e.Error(), "last words")
		}},
		"garbage": {Call{"garbage", []byte("this is not a frame at all")}, 0, func(e *StartError) bool {
			return errors.Is(e, ErrProtocol)
		}},
		"hangs": {Call{"hang", []byte(os.DevNull)}, time.Millisecond, func(e *StartError) bool {
			return errors.Is(e, os.ErrDeadlineExceeded)
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Cleanup(leaks(t))
			p, err := Open(t.Context(), Options{Workers: 2, WarmUp: tt.warmUp, StartTimeout: tt.timeout})
			e, ok := errors.AsType[*StartError](err)
			if p != nil || !ok || e.PID == 0 || !tt.check(e) {
				t.Errorf("got %v, %T %v", p, err, err)
			}
		})
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Cleanup(leaks(t))
	ended, end := context.WithCancelCause(t.Context())
	end(os.ErrProcessDone)
	known := program
	for name, tt := range map[string]struct {
		ctx     context.Context
		o       Options
		program registry
		want    string
	}{
		"unknown warm-up":  {t.Context(), Options{WarmUp: Call{Func: "ehco"}}, known, "no function \"ehco\""},
		"negative workers": {t.Context(), Options{Workers: -1}, known, "may not be negative"},
		"ended context":    {ended, Options{}, known, os.ErrProcessDone.Error()},
		"no WorkerMain":    {t.Context(), Options{}, registry{}, "WorkerMain was not called"},
	} {
		program = tt.program
		p, err := Open(tt.ctx, tt.o)
		program = known
		if p != nil || err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, %v", name, p, err)
		}
	}
}

// A context that ends while workers start ends them.
func TestOpenIsCancelled(t *testing.T) {
	t.Cleanup(leaks(t))
	file := filepath.Join(t.TempDir(), "begun")
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() {
		begun(t, file)
		cancel(os.ErrProcessDone)
	}()
	p, err := Open(ctx, Options{Workers: 2, WarmUp: Call{"hang", []byte(file)}, StartTimeout: time.Hour})
	if p != nil || !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("got %v, %v", p, err)
	}
}

func TestRegistry(t *testing.T) {
	nothing := func(context.Context, []byte) ([]byte, error) { return nil, nil }
	for name, mistake := range map[string]func(){
		"empty name":       func() { NewFunc("", nothing) },
		"zero byte":        func() { NewFunc("a\x00b", nothing) },
		"nil function":     func() { NewFunc("a", nil) },
		"two of a name":    func() { newRegistry([]Func{NewFunc("a", nothing), NewFunc("a", nothing)}) },
		"zero Func":        func() { newRegistry([]Func{{}}) },
		"WorkerMain twice": func() { WorkerMain() },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			mistake()
		}()
	}
}

func TestHello(t *testing.T) {
	nothing := func(context.Context, []byte) ([]byte, error) { return nil, nil }
	ours := newRegistry([]Func{NewFunc("a", nothing)})
	others := newRegistry([]Func{NewFunc("b", nothing)})
	rebuilt := ours
	rebuilt.build++
	for name, tt := range map[string]struct {
		hello []byte
		pid   int
		want  string
	}{
		"ours":            {ours.hello(), os.Getpid(), ""},
		"another process": {ours.hello(), os.Getpid() + 1, "answered in place of"},
		"another build":   {rebuilt.hello(), os.Getpid(), "another build"},
		"other functions": {others.hello(), os.Getpid(), "registered the functions"},
		"short":           {ours.hello()[:11], os.Getpid(), "broke the protocol"},
	} {
		err := ours.checkHello(tt.hello, tt.pid)
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", name, err, tt.want)
		}
	}
	if ours.build == 0 {
		t.Error("this binary has no build id")
	}
}
