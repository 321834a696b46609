//go:build unix

package procpool

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"juggle/internal/reexec"
)

func TestMain(m *testing.M) {
	WorkerMain(testFuncs()...)
	if socket := reexec.Inherited("pingpong"); socket != nil {
		servePingPong(socket)
	}
	// A binary of go test -race sleeps for a second before it exits, to let races
	// show. Workers end all the time here.
	os.Setenv("GORACE", os.Getenv("GORACE")+" atexit_sleep_ms=0")
	if os.Getenv("PROCPOOL_OWNER") == "" {
		settle()
	}
	os.Exit(m.Run())
}

// settle runs a first pool, so that what internal/reexec and the runtime keep
// for the life of the program (a thread, the poller) is there before any test
// counts.
func settle() {
	p, err := Open(context.Background(), Options{Workers: 1})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	p.Close()
}

// warmth is what the warm-up of a worker left there.
var warmth string

// testFuncs is what the workers of the tests can do.
func testFuncs() []Func {
	return append(append(systemFuncs(), typedFuncs()...), []Func{
		NewFunc("echo", func(_ context.Context, in []byte) ([]byte, error) { return in, nil }),
		NewFunc("double", double),
		NewFunc("fail", func(_ context.Context, in []byte) ([]byte, error) { return nil, errors.New(string(in)) }),
		NewFunc("panic", func(_ context.Context, in []byte) ([]byte, error) { panic(string(in)) }),
		NewFunc("panic nil", func(context.Context, []byte) ([]byte, error) { panic(nil) }),
		NewFunc("goexit", func(context.Context, []byte) ([]byte, error) { runtime.Goexit(); return nil, nil }),
		NewFunc("exit", exit),
		NewFunc("signal", signal),
		NewFunc("unlock", func(context.Context, []byte) ([]byte, error) { new(sync.Mutex).Unlock(); return nil, nil }),
		NewFunc("garbage", garbage),
		NewFunc("half", half),
		NewFunc("stray", stray),
		NewFunc("print", printMuch),
		NewFunc("hang", hang),
		NewFunc("spin", spin),
		NewFunc("pid", func(context.Context, []byte) ([]byte, error) {
			return strconv.AppendInt(nil, int64(os.Getpid()), 10), nil
		}),
		NewFunc("procs", func(context.Context, []byte) ([]byte, error) {
			return strconv.AppendInt(nil, int64(runtime.GOMAXPROCS(0)), 10), nil
		}),
		NewFunc("bytes", func(_ context.Context, in []byte) ([]byte, error) {
			n, err := strconv.Atoi(string(in))
			return make([]byte, n), err
		}),
		NewFunc("warm", func(_ context.Context, in []byte) ([]byte, error) { warmth += string(in); return nil, nil }),
		NewFunc("warmth", func(context.Context, []byte) ([]byte, error) { return []byte(warmth), nil }),
		NewFunc("once", once),
		NewFunc("append", appendLine),
		NewFunc("gate", gate),
		NewFunc("append or exit", appendOrExit),
		NewFunc("listen", listen),
		NewFunc("ended", func(ctx context.Context, _ []byte) ([]byte, error) {
			return strconv.AppendBool(nil, ctx.Err() != nil), nil
		}),
		NewFunc("second time", secondTime),
		NewFunc("act", act),
		NewFunc("spoil", spoil),
		NewFunc("touch", touch),
		NewFunc("ones", ones),
		NewFunc("compute", compute),
		NewFunc("environment", func(_ context.Context, in []byte) ([]byte, error) { return []byte(os.Getenv(string(in))), nil }),
	}...)
}

func double(_ context.Context, in []byte) ([]byte, error) {
	n, err := strconv.Atoi(string(in))
	return strconv.AppendInt(nil, int64(2*n), 10), err
}

func exit(_ context.Context, in []byte) ([]byte, error) {
	fmt.Println("last words")
	code, _ := strconv.Atoi(string(in))
	os.Exit(code)
	return nil, nil
}

// signal sends its own process the signal with the number in.
func signal(_ context.Context, in []byte) ([]byte, error) {
	number, err := strconv.Atoi(string(in))
	if err != nil {
		return nil, err
	}
	unix.Kill(os.Getpid(), syscall.Signal(number))
	select {} // until it arrives
}

// garbage writes what is no frame where frames are due.
func garbage(_ context.Context, in []byte) ([]byte, error) {
	unix.Write(3, in)
	select {}
}

// stray promises to write a byte where frames are due as soon as the file named
// in is there.
func stray(_ context.Context, in []byte) ([]byte, error) {
	file := string(in)
	go func() {
		for {
			if _, err := os.Stat(file); err == nil {
				break
			}
			time.Sleep(time.Millisecond)
		}
		unix.Write(3, []byte("x"))
	}()
	return []byte("promised"), nil
}

// half writes the first half of its reply, and dies.
func half(_ context.Context, in []byte) ([]byte, error) {
	var b bytes.Buffer
	w := newFrameWriter(&b)
	w.write(frame{kind: kindDone, id: 1, payload: in})
	unix.Write(3, b.Bytes()[:b.Len()/2])
	os.Exit(9)
	return nil, nil
}

// printMuch prints more than any pipe holds.
func printMuch(context.Context, []byte) ([]byte, error) {
	for range 4 << 10 {
		fmt.Fprintln(os.Stdout, strings.Repeat("o", 200))
		fmt.Fprintln(os.Stderr, strings.Repeat("e", 200))
	}
	return []byte("printed"), nil
}

// hang tells that it has begun, by making the file named in, and never ends.
func hang(_ context.Context, in []byte) ([]byte, error) {
	if err := os.WriteFile(string(in), nil, 0o600); err != nil {
		return nil, err
	}
	select {}
}

// spin is hang, but busy.
func spin(_ context.Context, in []byte) ([]byte, error) {
	if err := os.WriteFile(string(in), nil, 0o600); err != nil {
		return nil, err
	}
	//lint:ignore SA5002 that it spins is the point: it never lets another goroutine run
	for {
	}
}

// gate makes the file that its input names, and returns when there is another
// of that name and ".open".
func gate(_ context.Context, in []byte) ([]byte, error) {
	if err := os.WriteFile(string(in), nil, 0o600); err != nil {
		return nil, err
	}
	for {
		if _, err := os.Stat(string(in) + ".open"); err == nil {
			return nil, nil
		}
		runtime.Gosched()
	}
}

// once succeeds the first time that it is called for a file, in any process.
func once(_ context.Context, in []byte) ([]byte, error) {
	f, err := os.OpenFile(string(in), os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	return nil, f.Close()
}

// appendLine appends "line" to the file named "file line". Appends of one write
// do not mix, whoever does them.
func appendLine(_ context.Context, in []byte) ([]byte, error) {
	name, line, _ := strings.Cut(string(in), " ")
	f, err := os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	_, err = f.WriteString(line + "\n")
	return nil, err
}

// open opens a pool that is killed, and leaves nothing behind, when the test
// ends.
func open(t testing.TB, o Options) *Pool {
	t.Helper()
	t.Cleanup(leaks(t))
	p, err := Open(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Kill)
	return p
}

// leaks counts the goroutines, descriptors and children of this process, and
// returns a function that fails the test if there are others later on.
func leaks(t testing.TB) func() {
	t.Helper()
	goroutines, files := runtime.NumGoroutine(), descriptors(t)
	return func() {
		t.Helper()
		// What has been told to end may need the processor once more.
		for end := time.Now().Add(time.Minute); runtime.NumGoroutine() > goroutines && time.Now().Before(end); {
			runtime.Gosched()
		}
		if now := runtime.NumGoroutine(); now > goroutines {
			stacks := make([]byte, 1<<20)
			t.Errorf("%d goroutines, %d before:\n%s", now, goroutines, stacks[:runtime.Stack(stacks, true)])
		}
		if now := descriptors(t); now > files {
			t.Errorf("%d descriptors, %d before", now, files)
		}
		if children() {
			t.Error("a child was left behind")
		}
	}
}

// descriptors is how many are open.
func descriptors(t testing.TB) int {
	t.Helper()
	entries, err := os.ReadDir("/dev/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

// children tells whether this process has any, ended or not.
func children() bool {
	_, err := unix.Wait4(-1, nil, unix.WNOHANG, nil)
	return err != unix.ECHILD
}

// begun waits until a function such as hang has made its file.
func begun(t testing.TB, file string) {
	t.Helper()
	await(t, "the task did not begin", func() bool {
		_, err := os.Stat(file)
		return err == nil
	})
}

// await waits until something outside of this process has happened.
func await(t testing.TB, complaint string, happened func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !happened(); runtime.Gosched() {
		if time.Now().After(end) {
			t.Fatal(complaint)
		}
	}
}

// submit submits without a context that ends.
func submit(p *Pool, name, input string) *Future {
	return p.Submit(context.Background(), name, []byte(input))
}

// want fails unless the task ends with the output.
func want(t testing.TB, f *Future, output string) {
	t.Helper()
	if got, err := f.Result(); err != nil || string(got) != output {
		t.Fatalf("got %q, %v, want %q", got, err, output)
	}
}

// wantError fails unless the task ends with an error that is a T.
func wantError[T error](t testing.TB, f *Future) T {
	t.Helper()
	got, err := f.Result()
	e, ok := errors.AsType[T](err)
	if !ok {
		t.Fatalf("got %q, %T %v, want a %T", got, err, err, e)
	}
	return e
}

// wantIs fails unless the task ends with an error that is target.
func wantIs(t testing.TB, f *Future, target error) {
	t.Helper()
	if got, err := f.Result(); !errors.Is(err, target) {
		t.Fatalf("got %q, %v, want %v", got, err, target)
	}
}
