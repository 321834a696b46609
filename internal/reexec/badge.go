package reexec

import (
	"os"
	"strconv"
	"strings"
)

// variable carries a child's badge.
const variable = "JUGGLE_ROLE"

// socketFD is the descriptor on which a child finds its socket.
const socketFD = 3

// greetingMagic opens the greeting; the last digit is its version.
const greetingMagic = "juggle/1 "

// A badge says what a process was started as. Anybody can copy it, so it counts
// only together with the greeting on the socket.
type badge struct {
	role  string
	nonce string
	// lifeline is the descriptor of the lifeline's read end, and 0 where there
	// is no lifeline.
	lifeline int
}

// String is what [variable] holds: "role nonce lifeline".
func (b badge) String() string {
	return b.role + " " + b.nonce + " " + strconv.Itoa(b.lifeline)
}

// parseBadge reads what String wrote and refuses everything else.
func parseBadge(text string) (b badge, ok bool) {
	var number string
	b.role, text, _ = strings.Cut(text, " ")
	b.nonce, number, _ = strings.Cut(text, " ")
	n, err := strconv.Atoi(number)
	b.lifeline = n
	if err != nil || n != 0 && n < FirstFile || b.role == "" || b.nonce == "" || b.String() != b.role+" "+text {
		return badge{}, false
	}
	return b, true
}

// greeting is what waits on the socket of a true child.
func (b badge) greeting() []byte {
	return []byte(greetingMagic + b.role + " " + b.nonce + "\n")
}

// Inherited returns the socket to the owner if this process was started by
// [Start] in role, and nil in every other process. Call it once for each role,
// before anything else opens a descriptor. The caller owns the file.
func Inherited(role string) *os.File {
	b, ok := parseBadge(os.Getenv(variable))
	if !ok || b.role != role || !takeGreeting(socketFD, b.greeting()) {
		return nil
	}
	os.Unsetenv(variable) // so that no child of this process takes it for its own
	return inheritedFile(socketFD)
}
