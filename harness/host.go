package harness

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"time"

	"juggle/harness/machine"
	"juggle/internal/usage"
	"juggle/results"
)

// readHost describes this machine. What it does not tell stays empty.
func readHost() results.Host {
	h := machine.Source{}.Host()
	h.OS, h.Arch = runtime.GOOS, runtime.GOARCH
	h.CPUs, h.GOMAXPROCS = runtime.NumCPU(), runtime.GOMAXPROCS(0)
	if have := descriptorLimit(); h.OpenFiles == "" && have > 0 {
		h.OpenFiles = results.LimitOf(float64(have)) // not Linux
	}
	return h
}

// busyWatch is how long readBusy watches.
const busyWatch = 200 * time.Millisecond

// readBusy tells how many CPUs others than this process keep busy, and 0 where
// the system does not tell. It takes a fifth of a second.
func readBusy() float64 {
	before := machine.Source{}.Read(usage.FamilyCPU)
	time.Sleep(busyWatch)
	c := machine.Source{}.Read(usage.FamilyCPU).Since(before)
	return c.Values[results.OthersCPU] / c.Seconds
}

// readBuild identifies this program.
func readBuild() (results.Build, error) {
	b := results.Build{GoVersion: runtime.Version()}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			switch {
			case s.Key == "vcs.revision":
				b.Revision = s.Value + b.Revision
			case s.Key == "vcs.modified" && s.Value == "true":
				b.Revision += "+dirty"
			}
		}
	}
	path, err := os.Executable()
	if err != nil {
		return b, fmt.Errorf("finding this program's own file: %w", err)
	}
	file, err := os.Open(filepath.Clean(path))
	if err != nil {
		return b, fmt.Errorf("reading this program's own file: %w", err)
	}
	defer file.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return b, fmt.Errorf("reading this program's own file: %w", err)
	}
	b.BinarySHA256 = hex.EncodeToString(sum.Sum(nil))
	return b, nil
}
