package dns

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// shown is a Config in words.
func shown(c Config) string {
	return fmt.Sprint(c.Servers, c.Search, c.NDots, c.Timeout, c.Attempts, c.Rotate, c.TCP)
}

func TestParseConfig(t *testing.T) {
	for text, want := range map[string]string{
		"":           "[127.0.0.1:53] [home.example] 1 5s 2 false false",
		"nameserver": "[127.0.0.1:53] [home.example] 1 5s 2 false false",
		"nameserver 192.0.2.1\nnameserver nonsense\nnameserver\t2001:db8::1 more\r\nnameserver fe80::1%eth0\nnameserver 192.0.2.4": "[192.0.2.1:53 [2001:db8::1]:53 [fe80::1%eth0]:53] [home.example] 1 5s 2 false false",
		"search a.example b.example.\ndomain c":                "[127.0.0.1:53] [c] 1 5s 2 false false",
		"domain c d\nsearch a.example . b..example b.example.": "[127.0.0.1:53] [a.example b.example] 1 5s 2 false false",
		"search .": "[127.0.0.1:53] [] 1 5s 2 false false",
		"options ndots:3 timeout:2 attempts:4 rotate use-vc edns0 unknown:1":  "[127.0.0.1:53] [home.example] 3 2s 4 true true",
		"options ndots:99 timeout:99\noptions attempts:99":                    "[127.0.0.1:53] [home.example] 15 30s 5 false false",
		"options ndots:-1 timeout:0 attempts:0":                               "[127.0.0.1:53] [home.example] 0 1s 1 false false",
		"options ndots:99999999999999999999 timeout:-99999999999999999999":    "[127.0.0.1:53] [home.example] 15 1s 2 false false",
		"options ndots: timeout attempts:x":                                   "[127.0.0.1:53] [home.example] 1 5s 2 false false",
		"#nameserver 192.0.2.1\n;nameserver 192.0.2.2\n nameserver 192.0.2.3": "[127.0.0.1:53] [home.example] 1 5s 2 false false",
	} {
		if got := shown(ParseConfig(text, "host.home.example")); got != want {
			t.Errorf("%q:\n got %s\nwant %s", text, got, want)
		}
	}
	if c := ParseConfig("", "host"); c.Search != nil {
		t.Errorf("a host without a domain searches %q", c.Search)
	}
	if c := ParseConfig("search"+strings.Repeat(" a.example", 100), ""); len(c.Search) != maxSearch {
		t.Errorf("%d domains", len(c.Search))
	}
}

func TestCandidates(t *testing.T) {
	label := strings.Repeat("x", 63)
	long := label + "." + label + "." + label
	c := Config{Search: []string{"one.example", strings.Repeat("a.", 31) + "a"}, NDots: 2}
	for host, want := range map[string][]string{
		"a":        {"a.one.example.", "a." + c.Search[1] + ".", "a."},
		"a.b":      {"a.b.one.example.", "a.b." + c.Search[1] + ".", "a.b."},
		"a.b.c":    {"a.b.c.", "a.b.c.one.example.", "a.b.c." + c.Search[1] + "."},
		"a.b.":     {"a.b."},
		long + ".": {long + "."},
		long:       {long + ".", long + ".one.example."},
	} {
		names, err := c.Candidates(host)
		var got []string
		for _, n := range names {
			got = append(got, n.String())
		}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %q, %v, want %q", host, got, err, want)
		}
	}
	if names, err := c.Candidates("no host"); err == nil {
		t.Errorf("got %v", names)
	}
}

func FuzzParseConfig(f *testing.F) {
	f.Add("nameserver 192.0.2.1\nsearch a.example\noptions ndots:3 rotate\n", "a", "b.example")
	f.Fuzz(func(t *testing.T, text, host, hostname string) {
		c := ParseConfig(text, hostname)
		if n := len(c.Servers); n < 1 || n > maxServers {
			t.Errorf("%d servers", n)
		}
		for _, s := range c.Servers {
			if !s.IsValid() {
				t.Errorf("server %v", s)
			}
		}
		if len(c.Search) > maxSearch || c.NDots < 0 || c.NDots > maxNDots || c.Timeout < time.Second || c.Timeout > maxTimeout*time.Second || c.Attempts < 1 || c.Attempts > maxAttempts {
			t.Error(shown(c))
		}
		names, err := c.Candidates(host)
		if (err == nil) != (len(names) > 0) || len(names) > maxSearch+1 {
			t.Errorf("%d names, %v", len(names), err)
		}
		for _, n := range names {
			if !n.valid() {
				t.Errorf("%q", string(n))
			}
		}
	})
}

func TestParseSources(t *testing.T) {
	files, dns := Source{Name: "files"}, Source{Name: "dns"}
	with := func(s Source, notFound, unavailable Action) Source {
		s.IfNotFound, s.IfUnavailable = notFound, unavailable
		return s
	}
	for text, want := range map[string][]Source{
		"":                            {files, dns},
		"passwd: files\n# hosts: dns": {files, dns},
		"hosts: dns files":            {dns, files},
		"  hosts :files\tdns # mdns":  {files, dns},
		"hosts: files":                {files},
		"hosts: mdns4 myhostname":     {files, dns},
		"hosts: dns\nhosts: files":    {dns},
		"hosts: files dns files dns":  {files, dns},
		"hosts:files mdns4_minimal [NOTFOUND=return] dns":      {files, dns},
		"hosts: files [notfound=return] dns":                   {with(files, Return, Continue), dns},
		"hosts: dns [!UNAVAIL=return] files":                   {with(dns, Return, Return), files},
		"hosts: dns[!NOTFOUND=return TRYAGAIN=continue ]files": {dns, files},
		"hosts: dns [TRYAGAIN=return NOTFOUND=merge] files":    {with(dns, Continue, Return), files},
		"hosts: dns [": {dns},
		"hosts: ] dns": {dns},
	} {
		if got := ParseSources(text); !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

func FuzzParseSources(f *testing.F) {
	f.Add("hosts: files mdns4_minimal [NOTFOUND=return] dns [!UNAVAIL=return]\n")
	f.Fuzz(func(t *testing.T, text string) {
		sources := ParseSources(text)
		if len(sources) < 1 || len(sources) > 2 || len(sources) == 2 && sources[0].Name == sources[1].Name {
			t.Errorf("%v", sources)
		}
		for _, s := range sources {
			if s.Name != "files" && s.Name != "dns" {
				t.Errorf("%v", s)
			}
		}
	})
}
