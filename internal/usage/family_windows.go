package usage

import (
	"errors"
	"fmt"
	"time"
)

// FamilyCPU is not told on Windows.
func FamilyCPU() (time.Duration, error) {
	return 0, fmt.Errorf("the CPU time of ended children on Windows: %w", errors.ErrUnsupported)
}
