package dns

import "strings"

// A Source is where the addresses of hosts come from, and what is done when it
// has none.
type Source struct {
	Name          string // files or dns
	IfNotFound    Action
	IfUnavailable Action // it cannot tell now, but may later
}

// An Action is what follows when a source had no answer.
type Action bool

// The actions of nsswitch.conf(5).
const (
	Continue Action = false // ask the next source
	Return   Action = true  // give up
)

// defaultSources are what the C library uses without a file.
var defaultSources = []Source{{Name: "files"}, {Name: "dns"}}

// ParseSources reads the hosts line of an nsswitch.conf; see nsswitch.conf(5). Of
// the services it knows files and dns. All others are left out with their
// actions, since this program cannot ask them, and if neither is there, both are
// used. The status UNAVAIL never occurs with these two and is not looked at.
func ParseSources(text string) []Source {
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		database, services, ok := strings.Cut(line, ":")
		if !ok || strings.TrimSpace(database) != "hosts" {
			continue
		}
		if sources := parseServices(services); len(sources) > 0 {
			return sources
		}
	}
	return defaultSources
}

func parseServices(text string) []Source {
	var sources []Source
	known := map[string]bool{"files": true, "dns": true} // and not there yet
	inside, last := false, false                         // brackets; the last service is in sources
	for _, word := range strings.Fields(strings.NewReplacer("[", " [ ", "]", " ] ").Replace(text)) {
		switch {
		case word == "[" || word == "]":
			inside = word == "["
		case inside && last:
			sources[len(sources)-1].criterion(strings.ToLower(word))
		case !inside:
			if last = known[word]; last {
				known[word] = false
				sources = append(sources, Source{Name: word})
			}
		}
	}
	return sources
}

// criterion applies one such as notfound=return, or !success=return, which is
// for every status but that.
func (s *Source) criterion(text string) {
	status, action, _ := strings.Cut(text, "=")
	if action != "return" && action != "continue" {
		return
	}
	status, others := strings.CutPrefix(status, "!")
	if (status == "notfound") != others {
		s.IfNotFound = action == "return"
	}
	if (status == "tryagain") != others {
		s.IfUnavailable = action == "return"
	}
}
