package dns

import (
	"errors"
	"fmt"
	"strings"
)

const (
	maxName  = 255 // octets of a name on the wire; RFC 1035 section 2.3.4
	maxLabel = 63
)

// A Name is a domain name as a message has it when it is not compressed: each
// label behind its length, and at the end the empty label of the root. So a name
// can hold any octets, and a comparison needs no parsing. The zero value is no
// name.
type Name string

// Root is the name that has no label.
const Root Name = "\x00"

// ErrName says that a text is not the name of a host.
var ErrName = errors.New("not a host name: it must have labels of 1 to 63 letters, digits, - or _, and 253 characters at most; write others in punycode")

// ParseName returns the Name of a host, with or without a dot at the end. All
// digits and dots are no name, for that would be a mistyped address.
func ParseName(host string) (Name, error) {
	text := strings.TrimSuffix(host, ".")
	if len(text) > maxName-2 || strings.Trim(text, "0123456789.") == "" {
		return "", fmt.Errorf("%q is %w", shorten(host), ErrName)
	}
	wire := make([]byte, 0, len(text)+2)
	for label := range strings.SplitSeq(text, ".") {
		if len(label) == 0 || len(label) > maxLabel || strings.ContainsFunc(label, isNoHostRune) {
			return "", fmt.Errorf("%q is %w", shorten(host), ErrName)
		}
		wire = append(wire, byte(len(label)))
		wire = append(wire, label...)
	}
	return Name(append(wire, 0)), nil
}

// isNoHostRune tells what a host name cannot have. The underscore is in no
// standard for hosts, but in use.
func isNoHostRune(r rune) bool {
	switch {
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '-', r == '_':
		return false
	}
	return true
}

// shorten keeps a text that somebody else made from filling an error.
func shorten(text string) string {
	return text[:min(len(text), maxName)]
}

// Lower returns the name in the lower case of ASCII, in which equal names are
// equal strings; see RFC 4343. The lengths of labels are no letters, for these
// are larger.
func (n Name) Lower() Name {
	for i := range len(n) {
		if isUpper(n[i]) {
			lower := []byte(n)
			for j := range lower {
				if isUpper(lower[j]) {
					lower[j] += 'a' - 'A'
				}
			}
			return Name(lower)
		}
	}
	return n
}

func isUpper(c byte) bool { return 'A' <= c && c <= 'Z' }

// String returns the name for people, with a dot at the end. What would not be
// seen, or be taken for a dot between labels, is escaped as RFC 4343 has it.
func (n Name) String() string {
	if n == Root {
		return "."
	}
	var text strings.Builder
	for rest := n; len(rest) > 1; {
		end := min(1+int(rest[0]), len(rest))
		for _, c := range []byte(rest[1:end]) {
			if c <= ' ' || c >= 0x7f || c == '.' || c == '\\' {
				fmt.Fprintf(&text, "\\%03d", c)
			} else {
				text.WriteByte(c)
			}
		}
		text.WriteByte('.')
		rest = rest[end:]
	}
	return text.String()
}

// valid reports whether n is what the wire can have.
func (n Name) valid() bool {
	if len(n) > maxName {
		return false
	}
	for len(n) > 0 {
		size := int(n[0])
		if size == 0 {
			return len(n) == 1
		}
		if size > maxLabel || 1+size > len(n) {
			return false
		}
		n = n[1+size:]
	}
	return false
}
