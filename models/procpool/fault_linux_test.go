package procpool

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// This file is the worker's side of the crash matrix. No code of the package
// knows of it: a fault puts itself between the server and its socket.

// faultFuncs is what workers do in the crash matrix.
func faultFuncs() []Func {
	return []Func{NewFunc("faulty", faulty), NewFunc("arm", arm), NewFunc("meet", meet)}
}

// A fault is something that goes wrong in a worker, and when.
type fault struct {
	Phase, Kind string
	Dir         string // where the tests and their workers meet
}

const faultMark = "fault:"

// String is the input of faulty and of arm that asks for the fault.
func (f fault) String() string {
	text, _ := json.Marshal(f) // of strings alone
	return faultMark + string(text)
}

func parseFault(in []byte) (f fault, err error) {
	text, found := strings.CutPrefix(string(in), faultMark)
	if !found {
		return f, fmt.Errorf("%.20q is no fault", in)
	}
	return f, json.Unmarshal([]byte(text), &f)
}

// faulty is echo, unless its input asks for a fault.
func faulty(_ context.Context, in []byte) ([]byte, error) {
	f, err := parseFault(in)
	if err != nil {
		return in, nil
	}
	if err := f.report(); err != nil {
		return nil, err
	}
	f.strike(socketFD)
	if f.Kind == "half" {
		return in, nil // and the reply that follows is out of place
	}
	select {}
}

// arm has the worker fail later, in a phase other than running, and once.
func arm(_ context.Context, in []byte) ([]byte, error) {
	f, err := parseFault(in)
	if err != nil {
		return nil, err
	}
	if f.Phase == "idle" {
		go func() {
			f.await("idle")
			f.strike(socketFD)
			if f.Kind == "half" {
				f.report() // nothing else shows that it has struck
			}
		}()
	} else if err := f.tap(); err != nil {
		return nil, err
	}
	return fmt.Append(nil, os.Getpid()), nil
}

// socketFD is where a worker has its socket.
const socketFD = 3

// meet tells who it is and waits for the others.
func meet(_ context.Context, in []byte) ([]byte, error) {
	f := fault{Dir: string(in)}
	if err := f.report(); err != nil {
		return nil, err
	}
	return fmt.Append(nil, os.Getpid()), f.await("met")
}

// report writes this process's id to the fifo that the test reads.
func (f fault) report() error {
	fifo, err := os.OpenFile(filepath.Join(f.Dir, "fifo"), os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer fifo.Close()
	_, err = fmt.Fprintln(fifo, os.Getpid())
	return err
}

// await waits until the test gives up its lock of a file.
func (f fault) await(name string) error {
	file, err := os.Open(filepath.Join(f.Dir, name))
	if err != nil {
		return err
	}
	defer file.Close()
	for {
		if err = unix.Flock(int(file.Fd()), unix.LOCK_SH); err != unix.EINTR {
			return err
		}
	}
}

// strike does what the fault is. It returns if the process lives on and runs;
// what it writes then, it has written to the socket.
func (f fault) strike(socket int) {
	switch f.Kind {
	case "panic":
		panic("struck")
	case "exit":
		os.Exit(3)
	case "SIGSEGV":
		b, _ := unix.Mmap(-1, 0, os.Getpagesize(), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_ANON|unix.MAP_PRIVATE)
		unix.Munmap(b)
		b[0] = 1
	case "SIGKILL", "SIGSTOP":
		unix.Kill(os.Getpid(), unix.SignalNum(f.Kind))
		select {} // another thread may get the signal, a little later
	case "memory":
		exhaustMemory()
	case "garbage":
		unix.Write(socket, []byte("this is not a frame at all, and goes on for longer than a header"))
	case "half":
		unix.Write(socket, encoded(frame{kind: kindDone, id: 1})[:headerBytes/2])
	case "oversized":
		unix.Write(socket, oversized(frame{kind: kindDone, id: 1}))
	}
}

// exhaustMemory has the system refuse this process more memory, and asks for it.
func exhaustMemory() {
	unix.Setrlimit(unix.RLIMIT_AS, &unix.Rlimit{Cur: 1, Max: 1})
	for {
		hoarded = append(hoarded, make([]byte, 64<<20))
	}
}

// encoded is a frame as it travels.
func encoded(f frame) []byte {
	var b bytes.Buffer
	w := newFrameWriter(&b)
	w.write(f)
	return b.Bytes()
}

// oversized is the header of a frame that promises more than any may have.
func oversized(f frame) []byte {
	b := encoded(f)
	binary.LittleEndian.PutUint32(b[16:], math.MaxUint32)
	return b
}

// tap puts the fault between this process's server and its socket.
func (f fault) tap() error {
	owner, err := unix.FcntlInt(socketFD, unix.F_DUPFD_CLOEXEC, 64)
	if err != nil {
		return err
	}
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(pair[1])
	if err := unix.Dup3(pair[1], socketFD, unix.O_CLOEXEC); err != nil {
		return err
	}
	toOwner, toServer := os.NewFile(uintptr(owner), "owner"), os.NewFile(uintptr(pair[0]), "server")
	go f.inbound(toOwner, toServer)
	go f.outbound(toOwner, toServer)
	return nil
}

// inbound passes on what the owner sends, until the fault strikes.
func (f fault) inbound(owner, server *os.File) {
	if f.Phase == "receiving" {
		poll := []unix.PollFd{{Fd: int32(owner.Fd()), Events: unix.POLLIN}}
		for n := 0; n != 1; {
			n, _ = unix.Poll(poll, -1)
		}
		f.strike(int(owner.Fd()))
		select {} // nothing is received
	}
	in := bufio.NewReaderSize(owner, bufferBytes)
	for n := 0; ; n++ {
		next, err := readFrame(in, nil)
		switch {
		case err != nil: // the owner hung up
			if f.Phase == "shutdown" {
				f.strike(int(owner.Fd()))
			}
			unix.Shutdown(int(server.Fd()), unix.SHUT_WR)
			return
		case f.Phase == "decoding":
			f.spoil(next, owner, server)
			return
		case f.Phase == "writing" && n > 0:
			return // the server is to run nothing while the reply before is being written
		}
		server.Write(encoded(next))
	}
}

// spoil lets the server have half of a frame, or one that is none, and strikes.
func (f fault) spoil(next frame, owner, server *os.File) {
	b := encoded(next)
	switch f.Kind {
	case "garbage":
		b[len(b)-1] ^= 1
		server.Write(b)
	case "half":
		server.Write(b[:len(b)/2])
		unix.Shutdown(int(server.Fd()), unix.SHUT_WR)
	case "oversized":
		server.Write(oversized(next))
	default:
		server.Write(b[:len(b)/2])
		for unread := 1; unread > 0; runtime.Gosched() {
			unread, _ = unix.IoctlGetInt(int(server.Fd()), unix.SIOCOUTQ)
		}
		f.strike(int(owner.Fd()))
	}
}

// outbound passes on what the server sends, until the fault strikes. The first
// frame is the reply of arm itself.
func (f fault) outbound(owner, server *os.File) {
	in := bufio.NewReaderSize(server, bufferBytes)
	for n := 0; ; n++ {
		next, err := readFrame(in, nil)
		if errors.Is(err, io.EOF) {
			return
		}
		if b := encoded(next); n == 0 || f.Phase != "writing" {
			owner.Write(b)
			continue
		} else if f.Kind != "oversized" && f.Kind != "half" {
			owner.Write(b[:len(b)/2])
		}
		f.strike(int(owner.Fd()))
		select {} // nothing more is written
	}
}
