package dns

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestParseHosts(t *testing.T) {
	hosts := ParseHosts("127.0.0.1 localhost loop # 192.0.2.9\n" +
		"::1\tLocalHost.  \r\n" +
		"#192.0.2.1 commented\n" +
		"  192.0.2.2 Indented.example # localhost\n" +
		"192.0.2.3\n" +
		"localhost 192.0.2.4\n" +
		"fe80::1%lo scoped\n" +
		"::ffff:192.0.2.5 mapped\n" +
		"127.0.0.1 localhost")
	for host, want := range map[string]string{
		"localhost": "[127.0.0.1 ::1]", "LOCALHOST.": "[127.0.0.1 ::1]", "loop": "[127.0.0.1]",
		"commented": "[]", "indented.EXAMPLE": "[192.0.2.2]", "192.0.2.4": "[]", "#": "[]",
		"scoped": "[fe80::1%lo]", "mapped": "[192.0.2.5]", "": "[]",
	} {
		if got := fmt.Sprint(hosts.Lookup(host)); got != want {
			t.Errorf("%q: %s, want %s", host, got, want)
		}
	}
}

func FuzzParseHosts(f *testing.F) {
	f.Add("127.0.0.1 localhost\n::1 ip6-localhost # comment\n")
	f.Fuzz(func(t *testing.T, text string) {
		for name, addrs := range ParseHosts(text) {
			if len(addrs) == 0 || len(addrs) > maxAddrs || name != hostsKey(name) && !strings.HasSuffix(name, ".") {
				t.Errorf("%q: %v", name, addrs)
			}
			for _, addr := range addrs {
				if !addr.IsValid() || addr.Is4In6() {
					t.Errorf("%q: %v", name, addr)
				}
			}
		}
	})
}

func TestLoad(t *testing.T) {
	folder := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	check := func(s *System, want string) {
		t.Helper()
		if got := fmt.Sprint(s.Config.Servers, s.Hosts, s.Sources); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	const nothing = "[127.0.0.1:53] map[] [{files false false} {dns false false}]"
	none := Load(folder, nil)
	check(none, nothing)
	check(Load(folder, none), nothing)

	write("resolv.conf", "nameserver 192.0.2.1\n")
	write("hosts", "192.0.2.2 a\n")
	write("nsswitch.conf", "hosts: files\n")
	some := Load(folder, none)
	check(some, "[192.0.2.1:53] map[a:[192.0.2.2]] [{files false false}]")
	check(none, nothing)

	write("hosts", "192.0.2.22 longer\n")
	if err := os.Remove(filepath.Join(folder, "nsswitch.conf")); err != nil {
		t.Fatal(err)
	}
	changed := Load(folder, some)
	check(changed, "[192.0.2.1:53] map[longer:[192.0.2.22]] [{files false false} {dns false false}]")
	if again := Load(folder, changed); fmt.Sprintf("%p", again.Hosts) != fmt.Sprintf("%p", changed.Hosts) {
		t.Error("a file that has not changed was read again")
	}

	// A folder is no file, and of a file that is too large the whole lines count.
	if err := os.Remove(filepath.Join(folder, "hosts")); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(folder, "hosts"), 0o700); err != nil {
		t.Fatal(err)
	}
	write("resolv.conf", "nameserver 192.0.2.1\n"+strings.Repeat("#", maxFile-42)+"\nnameserver 192.0.2.111")
	check(Load(folder, changed), "[192.0.2.1:53] map[] [{files false false} {dns false false}]")
}
