//go:build !darwin && !dragonfly && !freebsd && !linux && !netbsd && !openbsd

package eventloop_test

import (
	"context"
	"errors"
	"testing"

	"juggle/models/eventloop"
)

func TestRunIsUnsupported(t *testing.T) {
	err := eventloop.Run(t.Context(), func(context.Context) error {
		t.Error("main ran")
		return nil
	})
	if !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("got %v", err)
	}
}
