package dns

import (
	"errors"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The limits of resolv.conf(5), and one for the search list, which has none
// since glibc 2.26. A name that is not found costs a query per domain of it.
const (
	maxServers  = 3
	maxSearch   = 32
	maxNDots    = 15
	maxTimeout  = 30
	maxAttempts = 5
	port        = 53
)

// A Config is what resolv.conf says.
type Config struct {
	Servers  []netip.AddrPort // at least one
	Search   []string         // domains, without the dot at the end
	NDots    int              // a name with as many dots is first tried as it is
	Timeout  time.Duration    // of one try
	Attempts int              // how often each server is asked
	Rotate   bool             // begin with another server each time
	TCP      bool             // never ask in a datagram
}

// ParseConfig reads the text of a resolv.conf; see resolv.conf(5). hostname is
// that of this machine, whose domain is searched if the file says nothing. What
// makes no sense is ignored, as the C library does. Options that are not in
// Config are ignored too.
func ParseConfig(text, hostname string) Config {
	c := Config{NDots: 1, Timeout: 5 * time.Second, Attempts: 2}
	_, domain, _ := strings.Cut(hostname, ".")
	c.search(domain)
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		// A comment or a keyword begins the line.
		if len(words) < 2 || strings.ContainsAny(line[:1], "#; \t") {
			continue
		}
		switch words[0] {
		case "nameserver":
			addr, err := netip.ParseAddr(words[1])
			if err == nil && len(c.Servers) < maxServers {
				c.Servers = append(c.Servers, netip.AddrPortFrom(addr, port))
			}
		case "domain":
			c.search(words[1])
		case "search": // the last of search and domain counts
			c.search(words[1:]...)
		case "options":
			for _, option := range words[1:] {
				c.option(option)
			}
		}
	}
	if len(c.Servers) == 0 {
		c.Servers = []netip.AddrPort{netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), port)}
	}
	return c
}

// search sets the search list. A domain that is no name is left out, as is the
// root, with which names are tried anyway.
func (c *Config) search(domains ...string) {
	c.Search = nil
	for _, domain := range domains {
		if _, err := ParseName(domain); err == nil && len(c.Search) < maxSearch {
			c.Search = append(c.Search, strings.TrimSuffix(domain, "."))
		}
	}
}

func (c *Config) option(text string) {
	name, value, _ := strings.Cut(text, ":")
	switch name {
	case "ndots":
		c.NDots = number(value, c.NDots, 0, maxNDots)
	case "timeout":
		seconds := number(value, int(c.Timeout/time.Second), 1, maxTimeout)
		c.Timeout = time.Duration(seconds) * time.Second
	case "attempts":
		c.Attempts = number(value, c.Attempts, 1, maxAttempts)
	case "rotate":
		c.Rotate = true
	case "use-vc":
		c.TCP = true
	}
}

// number returns the number that text is, but between least and most, and
// otherwise if it is none.
func number(text string, otherwise, least, most int) int {
	n, err := strconv.Atoi(text)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return otherwise
	}
	return min(max(n, least), most) // Atoi returns the nearest number if it is out of range
}

// Candidates returns the names that host may stand for, in the order in which
// they are to be asked for. A dot at its end says that it is complete.
func (c *Config) Candidates(host string) ([]Name, error) {
	name, err := ParseName(host)
	if err != nil {
		return nil, err
	}
	if strings.HasSuffix(host, ".") {
		return []Name{name}, nil
	}
	var names []Name
	for _, domain := range c.Search {
		if name, err := ParseName(host + "." + domain); err == nil { // or it would be too long
			names = append(names, name)
		}
	}
	if strings.Count(host, ".") >= c.NDots {
		return slices.Insert(names, 0, name), nil
	}
	return append(names, name), nil
}
