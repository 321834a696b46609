package eventloop

import (
	"context"
	"io"
	"io/fs"
	"os"
	"slices"
)

// A File is a file whose operations run in helpers of the loop, since the kernel
// has no way to tell when a disk is ready: epoll(7) takes no files. Each operation
// suspends the calling task, costs a trip to another thread and back, and a copy
// of the data; for what the page cache holds, a plain os.File in the task is
// quicker, and blocks the loop for as long as that takes. There is no such type in
// asyncio, but aiofiles.
//
// Its methods are for the tasks of its loop. They return the cause, in a
// *fs.PathError, when the context of the task that calls ends or the task is
// cancelled. An operation that has begun goes on to its end then, one that has not
// never begins. The copy is the price for that: p belongs to the caller again as
// soon as Read or Write has returned, whatever the helper still does. A File keeps
// the memory of its copies, as many as there were operations at once, for the next
// ones.
//
// ReadAt and WriteAt run beside all others. The rest take turns, also with one
// that nobody waits for any more, and so take effect in the order of the calls.
// For other things that are done with files there is [Offload].
type File struct {
	file  *os.File
	loop  *Loop
	turn  *Semaphore // has one permit
	spare [][]byte   // for copies
}

var (
	_ io.ReadWriteSeeker = (*File)(nil)
	_ io.ReaderAt        = (*File)(nil)
	_ io.WriterAt        = (*File)(nil)
	_ io.Closer          = (*File)(nil)
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
	r := &errand[*os.File]{
		what: "OpenFile",
		f:    func() (*os.File, error) { return os.OpenFile(name, flag, perm) },
		late: func(file *os.File) { file.Close() }, // of nil does nothing
	}
	file, err := r.wait(ctx, l.helpers)
	if err != nil {
		return nil, err
	}
	return &File{file: file, loop: l, turn: NewSemaphore(1)}, nil
}

// ReadFile reads a file in a helper; see os.ReadFile.
func ReadFile(ctx context.Context, name string) ([]byte, error) {
	return Offload(ctx, func() ([]byte, error) { return os.ReadFile(name) })
}

// WriteFile writes a copy of data to a file in a helper; see os.WriteFile. If ctx
// ends after it has begun, the file is written nevertheless, as a whole if nothing
// fails.
func WriteFile(ctx context.Context, name string, data []byte, perm fs.FileMode) error {
	data = slices.Clone(data) // a helper that nobody waits for may still read it
	_, err := Offload(ctx, func() (struct{}, error) { return struct{}{}, os.WriteFile(name, data, perm) })
	return err
}

// Name returns the name with which f was opened.
func (f *File) Name() string { return f.file.Name() }

// Read reads up to len(p) bytes from where the last Read or Write has ended.
func (f *File) Read(p []byte) (int, error) { return f.transfer("read", true, nil, p, f.file.Read) }

// ReadAt reads len(p) bytes from an offset. Several may run at once.
func (f *File) ReadAt(p []byte, offset int64) (int, error) {
	return f.transfer("read", false, nil, p, func(buf []byte) (int, error) { return f.file.ReadAt(buf, offset) })
}

// Write writes p where the last Read or Write has ended.
func (f *File) Write(p []byte) (int, error) { return f.transfer("write", true, p, nil, f.file.Write) }

// WriteAt writes p at an offset. Several may run at once.
func (f *File) WriteAt(p []byte, offset int64) (int, error) {
	return f.transfer("write", false, p, nil, func(buf []byte) (int, error) { return f.file.WriteAt(buf, offset) })
}

// Seek sets where the next Read or Write begins; see io.Seeker.
func (f *File) Seek(offset int64, whence int) (int64, error) {
	return inTurn(f, "seek", func() (int64, error) { return f.file.Seek(offset, whence) })
}

// Stat describes the file.
func (f *File) Stat() (fs.FileInfo, error) { return inTurn(f, "stat", f.file.Stat) }

// Truncate changes the size of the file.
func (f *File) Truncate(size int64) error {
	_, err := inTurn(f, "truncate", func() (struct{}, error) { return struct{}{}, f.file.Truncate(size) })
	return err
}

// Sync has the kernel write to the disk what it holds of the file.
func (f *File) Sync() error {
	_, err := inTurn(f, "sync", func() (struct{}, error) { return struct{}{}, f.file.Sync() })
	return err
}

// Close closes the file, and does so without a turn: operations that wait for
// theirs fail with fs.ErrClosed. It waits for those that run; one that waits for a
// pipe or a device fails instead, see os.File. The file is closed even if the
// caller was cancelled, before or meanwhile: Close returns the cause then, and a
// helper goes on. Outside a task, when the loop has ended, Close blocks.
func (f *File) Close() error {
	t := f.loop.current
	if t == nil {
		return f.file.Close()
	}
	begun := false
	result, err := AwaitFunc(t.ambient(), func(resolve func(error, error)) {
		begun = true
		f.loop.helpers.Execute(func() { resolve(f.file.Close(), nil) })
	})
	if !begun {
		f.loop.helpers.Execute(func() { f.file.Close() })
	}
	if err != nil {
		return f.failure("close", err)
	}
	return result
}
