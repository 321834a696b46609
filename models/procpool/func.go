package procpool

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"math"
	"os"
	"strings"
)

// A Func is a function that workers can call by its name.
type Func struct {
	name string
	call func(ctx context.Context, input []byte) ([]byte, error)
}

// NewFunc names f. In a worker one call of f runs at a time. Its input is valid
// until it returns; to keep it, copy it. Its output is copied before the next call
// begins and may be part of the input. The context ends when the task is to end;
// see [Pool.Submit] and [Options.TaskTimeout]. It is of no use once f has returned.
//
// NewFunc panics if the name is empty or holds a zero byte, or if f is nil.
func NewFunc(name string, f func(ctx context.Context, input []byte) ([]byte, error)) Func {
	if name == "" || strings.ContainsRune(name, 0) {
		panic(fmt.Sprintf("procpool: %q cannot be the name of a function", name))
	}
	if f == nil {
		panic(fmt.Sprintf("procpool: the function %q is nil", name))
	}
	return Func{name, f}
}

// A Call is a registered function and its input.
type Call struct {
	Func  string
	Input []byte
}

// program is what both sides of a socket know of this binary. WorkerMain fills
// it in before anything else runs, and nothing changes it after that.
var program registry

// registry holds the functions of a program. A function is known to the other
// side by its number: same binary, same table.
type registry struct {
	funcs   []Func
	numbers map[string]int
	build   uint64
}

// newRegistry panics if a name is there twice.
func newRegistry(funcs []Func) registry {
	r := registry{funcs: funcs, numbers: make(map[string]int, len(funcs)), build: buildID()}
	if len(funcs) > math.MaxUint16 {
		panic(fmt.Sprintf("procpool: %d functions are more than a frame can number", len(funcs)))
	}
	for i, f := range funcs {
		if f.call == nil {
			panic("procpool: WorkerMain was given a Func that NewFunc did not make")
		}
		if _, twice := r.numbers[f.name]; twice {
			panic(fmt.Sprintf("procpool: two functions are named %q", f.name))
		}
		r.numbers[f.name] = i
	}
	return r
}

// find returns the number of a function.
func (r registry) find(name string) (uint16, error) {
	if number, found := r.numbers[name]; found {
		return uint16(number), nil
	}
	return 0, fmt.Errorf("%w %q: WorkerMain was given %s", ErrUnknownFunc, name, strings.Join(r.names(), ", "))
}

func (r registry) names() []string {
	names := make([]string, len(r.funcs))
	for i, f := range r.funcs {
		names[i] = f.name
	}
	return names
}

// buildID tells two builds of a program apart by the size and the modification
// time of the executable file. On Linux a worker runs the very file that its
// owner runs, even a replaced one, and so the ids always agree. Elsewhere a
// file that was replaced since the owner's WorkerMain shows here.
//
// Rejected: debug.ReadBuildInfo is the same for two builds of changed sources
// in one checkout, and a checksum of the file reads all of it at every start.
func buildID() uint64 {
	info, err := os.Stat("/proc/self/exe")
	if err != nil {
		path, err := os.Executable()
		if err != nil {
			return 0
		}
		if info, err = os.Stat(path); err != nil {
			return 0
		}
	}
	h := fnv.New64a()
	binary.Write(h, binary.LittleEndian, []int64{info.Size(), info.ModTime().UnixNano()})
	return h.Sum64()
}

// hello is the first frame of a worker: who it is. The version of the protocol
// is in the header of every frame.
func (r registry) hello() []byte {
	b := binary.LittleEndian.AppendUint64(nil, r.build)
	b = binary.LittleEndian.AppendUint32(b, uint32(os.Getpid()))
	return append(b, strings.Join(r.names(), "\x00")...)
}

// checkHello reports what keeps the worker that sent hello from being ours.
func (r registry) checkHello(hello []byte, pid int) error {
	if len(hello) < 12 {
		return fmt.Errorf("%w: a hello of %d bytes", ErrProtocol, len(hello))
	}
	build, from, names := binary.LittleEndian.Uint64(hello), binary.LittleEndian.Uint32(hello[8:]), string(hello[12:])
	switch want := strings.Join(r.names(), "\x00"); {
	case int(from) != pid:
		return fmt.Errorf("process %d answered in place of %d", from, pid)
	case build != r.build:
		return fmt.Errorf("it runs another build: the executable was replaced; start the program again")
	case names != want:
		return fmt.Errorf("it registered the functions %q, its owner %q; WorkerMain must get the same in both", names, want)
	}
	return nil
}
