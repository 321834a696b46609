//go:build !linux

package eventloop

// sharpen does nothing where the kernel is not asked how late a wait may end.
func sharpen() (undo func()) { return func() {} }
