package procpool

import (
	"context"
	"errors"
	"testing"

	"juggle/internal/reexec"
)

func TestOpenSaysWhatIsMissing(t *testing.T) {
	WorkerMain(NewFunc("echo", func(_ context.Context, in []byte) ([]byte, error) { return in, nil }))
	if p, err := Open(t.Context(), Options{}); p != nil || !errors.Is(err, reexec.ErrUnsupported) {
		t.Errorf("got %v, %v", p, err)
	}
}
