//go:build !darwin && !dragonfly && !freebsd && !linux && !netbsd && !openbsd

package eventloop

import "errors"

const maxTransfer = 1 << 30

func receive(int, []byte) (int, error) { return 0, errors.ErrUnsupported }

func send(int, []byte) (int, error) { return 0, errors.ErrUnsupported }

func shutdownSocket(int) error { return errors.ErrUnsupported }

func resetOnClose(int) {}
