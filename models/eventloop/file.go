package eventloop

import (
	"context"
	"io"
	"io/fs"
	"os"
	"slices"
	"sync/atomic"
)

// A File is a file whose operations run in helpers of the loop, since the kernel
// has no way to tell when a disk is ready: epoll(7) takes no files. Each operation
// suspends the calling task, costs a trip to another thread and back, and a copy
// of the data; for what the page cache holds, a plain os.File in the task is
// quicker, and blocks the loop for as long as that takes. There is no such type in
// asyncio, but aiofiles.
//
// Its methods are for the tasks of its loop and return the cause, in a
// *fs.PathError, when the context of the task that calls ends or the task is
// cancelled. The operation goes on to its end then, and the next one waits for
// that, so they take effect one after another, in the order of the calls. For
// other things that are done with files there is [Offload].
type File struct {
	file *os.File
	loop *Loop
	turn *Semaphore // has one permit, for the operation under way
	buf  []byte     // of that operation
}

var (
	_ io.ReadWriteSeeker = (*File)(nil)
	_ io.ReaderAt        = (*File)(nil)
	_ io.WriterAt        = (*File)(nil)
)

// Open opens a file for reading; see os.Open.
func Open(ctx context.Context, name string) (*File, error) {
	return OpenFile(ctx, name, os.O_RDONLY, 0)
}

// Create creates or truncates a file; see os.Create.
func Create(ctx context.Context, name string) (*File, error) {
	return OpenFile(ctx, name, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o666)
}

// OpenFile opens a file in a helper; see os.OpenFile. If ctx ends first, the file
// is closed as soon as it was opened.
func OpenFile(ctx context.Context, name string, flag int, perm fs.FileMode) (*File, error) {
	l := running(ctx).loop
	file, err := offload(ctx, &l.helpers, func() (*os.File, error) { return os.OpenFile(name, flag, perm) }, func(late *os.File) {
		if late != nil {
			late.Close()
		}
	})
	if err != nil {
		return nil, err
	}
	return &File{file: file, loop: l, turn: NewSemaphore(1)}, nil
}

// Name returns the name with which f was opened.
func (f *File) Name() string { return f.file.Name() }

// Read reads up to len(p) bytes from where the last operation has ended.
func (f *File) Read(p []byte) (int, error) { return f.in("read", p, f.file.Read) }

// ReadAt reads len(p) bytes from an offset.
func (f *File) ReadAt(p []byte, offset int64) (int, error) {
	return f.in("read", p, func(buf []byte) (int, error) { return f.file.ReadAt(buf, offset) })
}

// Write writes p where the last operation has ended.
func (f *File) Write(p []byte) (int, error) { return f.out("write", p, f.file.Write) }

// WriteAt writes p at an offset.
func (f *File) WriteAt(p []byte, offset int64) (int, error) {
	return f.out("write", p, func(buf []byte) (int, error) { return f.file.WriteAt(buf, offset) })
}

// Seek sets where the next Read or Write begins; see io.Seeker.
func (f *File) Seek(offset int64, whence int) (int64, error) {
	return operate(f, "seek", nil, func() (int64, error) { return f.file.Seek(offset, whence) }, nil)
}

// Stat describes the file.
func (f *File) Stat() (fs.FileInfo, error) { return operate(f, "stat", nil, f.file.Stat, nil) }

// Truncate changes the size of the file.
func (f *File) Truncate(size int64) error {
	return f.change("truncate", func() error { return f.file.Truncate(size) })
}

// Sync has the kernel write to the disk what it holds of the file.
func (f *File) Sync() error { return f.change("sync", f.file.Sync) }

// Close closes the file, after the operations that were called before.
func (f *File) Close() error { return f.change("close", f.file.Close) }

func (f *File) change(op string, do func() error) error {
	_, err := operate(f, op, nil, func() (struct{}, error) { return struct{}{}, do() }, nil)
	return err
}

// in and out use a buffer of f instead of p: an operation that the caller no
// longer waits for must not touch memory that has another use by then.
func (f *File) in(op string, p []byte, read func(buf []byte) (int, error)) (int, error) {
	before := func() { f.buf = slices.Grow(f.buf[:0], len(p))[:len(p)] }
	after := func(n int) { copy(p, f.buf[:n]) }
	return operate(f, op, before, func() (int, error) { return read(f.buf) }, after)
}

func (f *File) out(op string, p []byte, write func(buf []byte) (int, error)) (int, error) {
	before := func() { f.buf = append(f.buf[:0], p...) }
	return operate(f, op, before, func() (int, error) { return write(f.buf) }, nil)
}

// operate runs do in a helper when it is its turn, with before and after, which
// may be nil, run in the task around it.
func operate[T any](f *File, op string, before func(), do func() (T, error), after func(T)) (T, error) {
	t := f.loop.current
	if t == nil {
		return *new(T), f.failure(op, errOutside)
	}
	ctx := t.ambient()
	if err := f.turn.Acquire(ctx); err != nil {
		return *new(T), f.failure(op, err)
	}
	if before != nil {
		before()
	}
	var state atomic.Int32
	value, err := AwaitFunc(ctx, func(resolve func(T, error)) {
		f.loop.helpers.Execute(func() {
			if !state.CompareAndSwap(errandWaits, errandBegun) {
				return
			}
			value, err := do()
			if state.CompareAndSwap(errandBegun, errandDone) {
				resolve(value, err)
			} else {
				f.loop.post(f.turn.Release) // the caller has left
			}
		})
	})
	if err != nil && state.CompareAndSwap(errandBegun, errandDropped) {
		return *new(T), f.failure(op, err) // it is not over, and keeps its turn
	}
	if err != nil && state.CompareAndSwap(errandWaits, errandDropped) {
		err = f.failure(op, err)
	} else if after != nil {
		after(value)
	}
	f.turn.Release()
	return value, err
}

func (f *File) failure(op string, err error) error {
	return &fs.PathError{Op: op, Path: f.file.Name(), Err: err}
}
