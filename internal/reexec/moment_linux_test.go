package reexec

import (
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"
	"time"
)

// An owner that is killed at any moment, also while it starts children or while
// they have not reached main yet, leaves no process behind. All of them inherit
// the write end of one pipe, which ends when the last of them does.
func TestOwnerMayDieAtAnyMoment(t *testing.T) {
	if os.Getenv("REEXEC_MOMENT") != "" {
		startMany(t)
	}
	for range 12 {
		alive, held, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		owner := exec.Command(os.Args[0], "-test.run=^TestOwnerMayDieAtAnyMoment$")
		owner.Env = append(os.Environ(), "REEXEC_MOMENT=1")
		owner.ExtraFiles = []*os.File{held}
		err = owner.Start()
		held.Close()
		if err != nil {
			t.Fatal(err)
		}
		alive.Read(make([]byte, 1))           // it has begun
		time.Sleep(rand.N(time.Second / 100)) // the moment; nothing is waited for
		owner.Process.Kill()
		owner.Wait()
		alive.SetReadDeadline(time.Now().Add(time.Minute))
		if _, err := io.Copy(io.Discard, alive); err != nil {
			t.Errorf("somebody outlived the owner: %v", err)
		}
		alive.Close()
		if owner.ProcessState.Exited() {
			t.Fatalf("the owner ended before it was killed: %v", owner.ProcessState)
		}
	}
}

// startMany starts children, which start one of their own each, until it is
// killed.
func startMany(t *testing.T) {
	held := os.NewFile(3, "held by all")
	held.WriteString("!")
	for range 50 {
		if _, err := Start("family", Options{Files: []*os.File{held}}); err != nil {
			t.Fatal(err)
		}
	}
	select {}
}
