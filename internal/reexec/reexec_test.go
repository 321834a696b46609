package reexec

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	serveRoles()
	if socket := Inherited("echo"); socket != nil {
		serveEcho(socket)
	}
	if os.Getenv(variable) != "" && os.Getenv("REEXEC_STRAY") != "" {
		fmt.Println("ordinary program")
		os.Exit(0)
	}
	// A race-detecting process sleeps a second at its end otherwise, and these
	// tests end hundreds.
	os.Setenv("GORACE", "atexit_sleep_ms=0 "+os.Getenv("GORACE"))
	os.Exit(m.Run())
}

// serveEcho answers each line, and obeys two words that tests need.
func serveEcho(socket *os.File) {
	lines := bufio.NewScanner(socket)
	for lines.Scan() {
		switch lines.Text() {
		case "print":
			fmt.Println("first words" + strings.Repeat("x", 3*tailBytes) + "last words")
			fmt.Fprintln(socket, "printed")
		case "exit":
			os.Exit(7)
		case "hang":
			for { // the runtime would take select{} for a deadlock and exit
				time.Sleep(time.Hour)
			}
		case "variable":
			fmt.Fprintf(socket, "%q\n", os.Getenv(variable))
		default:
			fmt.Fprintln(socket, answer(lines.Text()))
		}
	}
	os.Exit(0)
}

func start(t *testing.T) (*Child, func(line string) string) {
	t.Helper()
	return startWith(t, Options{})
}

// startWith starts a child and returns a function that asks it.
func startWith(t *testing.T, o Options) (*Child, func(line string) string) {
	t.Helper()
	c, err := Start("echo", o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Kill)
	lines := bufio.NewReader(c.Socket)
	return c, func(line string) string {
		t.Helper()
		fmt.Fprintln(c.Socket, line)
		answer, err := lines.ReadString('\n')
		if err != nil {
			t.Fatalf("after %q: %v; the child printed %q", line, err, c.Output())
		}
		return strings.TrimSuffix(answer, "\n")
	}
}

func TestChildServesItsRole(t *testing.T) {
	c, ask := start(t)
	if got := ask("hello"); got != "hello" {
		t.Errorf("got %q, want hello", got)
	}
	if got := ask("variable"); got != `""` {
		t.Errorf("the child's own children would inherit the role: %s", got)
	}
	c.Stop(time.Minute)
	if code := c.State().ExitCode(); code != 0 {
		t.Errorf("exit code %d after the end of the stream, want 0; output %q", code, c.Output())
	}
}

func TestOutputIsKeptAndBounded(t *testing.T) {
	c, ask := start(t)
	ask("print")
	c.Stop(time.Minute)
	c.State()
	out := c.Output()
	if len(out) > headBytes+tailBytes+10 || !strings.HasPrefix(out, "first words") || !strings.HasSuffix(out, "last words\n") {
		t.Errorf("kept %d bytes from %q to %q", len(out), out[:min(len(out), 20)], out[max(0, len(out)-20):])
	}
}

func TestExitCodeAndKill(t *testing.T) {
	c, _ := start(t)
	fmt.Fprintln(c.Socket, "exit")
	if code := c.State().ExitCode(); code != 7 {
		t.Errorf("exit code %d, want 7", code)
	}
	hung, _ := start(t)
	fmt.Fprintln(hung.Socket, "hang")
	hung.Kill()
	if state := hung.State(); state.Success() {
		t.Errorf("a killed child ended with %v", state)
	}
	hung.Kill() // a second time is harmless
}

func TestStopKillsWhatDoesNotEnd(t *testing.T) {
	c, _ := start(t)
	fmt.Fprintln(c.Socket, "hang")
	c.Stop(time.Millisecond)
	if c.State().Success() {
		t.Error("a hanging child ended by itself")
	}
}

// A variable alone must not make a worker of an ordinary program: not without a
// descriptor 3, not with a file there, not with a socket that greets wrongly.
func TestStrayVariableIsIgnored(t *testing.T) {
	ours, theirs, err := socketPair()
	if err != nil {
		t.Fatal(err)
	}
	defer ours.Close()
	defer theirs.Close()
	ours.Write(badge{role: "echo", nonce: "another"}.greeting())
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	for name, files := range map[string][]*os.File{
		"no descriptor": nil, "a file": {null}, "a wrong nonce": {theirs},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := exec.Command(os.Args[0])
			cmd.Env = append(os.Environ(), variable+"="+badge{role: "echo", nonce: "00"}.String(), "REEXEC_STRAY=1")
			cmd.ExtraFiles = files
			out, err := cmd.Output()
			if err != nil || string(out) != "ordinary program\n" {
				t.Errorf("got %q, %v", out, err)
			}
		})
	}
}

// When the owner dies the child goes, even one that does not look.
func TestChildEndsWithItsOwner(t *testing.T) {
	if os.Getenv("REEXEC_OWNER") != "" {
		c, err := Start("echo", Options{})
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(c.Socket, "hang")
		fmt.Println("child", c.PID())
		select {}
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestChildEndsWithItsOwner$", "-test.v")
	cmd.Env = append(os.Environ(), "REEXEC_OWNER=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var pid int
	for lines := bufio.NewScanner(out); pid == 0 && lines.Scan(); {
		fmt.Sscanf(lines.Text(), "child %d", &pid)
	}
	cmd.Process.Kill()
	io.Copy(io.Discard, out)
	cmd.Wait()
	if pid == 0 {
		t.Fatal("the owner never told its child's id")
	}
	awaitEnd(t, pid)
}
