package ab

import (
	"context"
	"errors"
	"net"
	"os/exec"
	"testing"
)

// reporting is a benchmark that dials the test in every process, starts a child
// that holds the connection too, and goes on when it is answered.
const reporting = `package m

import (
	"net"
	"os"
	"os/exec"
	"sync"
	"testing"
)

var once sync.Once

func BenchmarkReports(b *testing.B) {
	once.Do(func() {
		conn, err := net.Dial("tcp", os.Getenv("JUGGLE_TEST_ADDRESS"))
		if err != nil {
			b.Fatal(err)
		}
		file, err := conn.(*net.TCPConn).File()
		if err != nil {
			b.Fatal(err)
		}
		child := exec.Command("sleep", "3600")
		child.ExtraFiles = []*os.File{file}
		if err := child.Start(); err != nil {
			b.Fatal(err)
		}
		if _, err := conn.Read(make([]byte, 1)); err != nil {
			b.Fatal(err)
		}
	})
	for b.Loop() {
	}
}
`

var errStop = errors.New("stop now")

// interruptAfter compares a folder's HEAD with itself and ends it while process
// number n, from 0, runs. It returns when the last process and its child have let
// go of their connection.
func interruptAfter(t *testing.T, dir, out string, n int) (*Report, error) {
	t.Helper()
	if _, err := exec.LookPath("sleep"); err != nil {
		t.Skip("there is no program called sleep here")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	t.Setenv("JUGGLE_TEST_ADDRESS", listener.Addr().String())
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	ended := make(chan error, 1)
	go func() {
		for i := range n + 1 {
			conn, err := listener.Accept()
			if err != nil {
				ended <- err
				return
			}
			defer conn.Close()
			if i < n {
				conn.Write([]byte{1})
				continue
			}
			cancel(errStop)
			_, err = conn.Read(make([]byte, 1)) // the end of it, or a reset
			if err == nil {
				err = errors.New("the process wrote something")
			} else {
				err = nil
			}
			ended <- err
		}
	}()
	o := quick(dir, "HEAD", "HEAD")
	o.Out = out
	report, err := Compare(ctx, o)
	if err != nil && !errors.Is(err, errStop) {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	return report, err
}
