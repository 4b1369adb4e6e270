package names

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
)

func TestNamesAreBroughtIntoOneForm(t *testing.T) {
	for from, want := range map[string]string{
		"example.org":               "example.org",
		"Repo.EXAMPLE.org.":         "repo.example.org",
		"db":                        "db",
		"_service._tcp.example.org": "_service._tcp.example.org",
		"xn--bcher-kva.example":     "xn--bcher-kva.example",
		"1.2.3.4.example":           "1.2.3.4.example",
		"4a":                        "4a",
		strings.Repeat("a", 63):     strings.Repeat("a", 63),
	} {
		if got, err := Normal(from); err != nil || got != want {
			t.Errorf("%q: %q %v", from, got, err)
		}
	}
}

func TestWhatIsNoNameIsRefused(t *testing.T) {
	for _, name := range []string{
		"", ".", "..", "a..b", ".a", "a b", "a/b", "a\x00b", "bücher.example", "a@b", "*.example.org", "a:80", "-a.org", "a-.org",
		"127.0.0.1", "127.1", "2130706433", "0x7f.0x1", "0X7F000001", "a.0x", "::1", "[::1]", "example.org..",
		strings.Repeat("a", 64), strings.Repeat("a.", 127) + "org",
	} {
		if got, err := Normal(name); err == nil {
			t.Errorf("%q became %q", name, got)
		}
	}
}

func FuzzNormal(f *testing.F) {
	f.Add("Example.org.")
	f.Add("127.0.0.1")
	f.Fuzz(func(t *testing.T, name string) {
		got, err := Normal(name)
		if err != nil {
			return
		}
		if again, err := Normal(got); err != nil || again != got {
			t.Fatalf("%q became %q and that %q, %v", name, got, again, err)
		}
		if _, err := netip.ParseAddr(got); err == nil {
			t.Fatalf("%q is an address", got)
		}
	})
}

func TestNamesKeepTheirAddresses(t *testing.T) {
	table := NewTable()
	v4, v6, err := table.Addresses("example.org")
	if err != nil || v4.String() != "198.18.0.2" || v6.String() != "fd53:616e:6462:1::2" {
		t.Fatal(v4, v6, err)
	}
	other, _, _ := table.Addresses("other.example.org")
	if again, _, _ := table.Addresses("example.org"); again != v4 || other == v4 {
		t.Fatal(again, other)
	}
	for _, address := range []netip.Addr{v4, v6} {
		if name, ok := table.Name(address); !ok || name != "example.org" {
			t.Fatal(address, name, ok)
		}
	}
}

func TestUnknownAddressesStandForNothing(t *testing.T) {
	table := NewTable()
	_, _, _ = table.Addresses("example.org")
	for _, s := range []string{
		"198.18.0.0", "198.18.0.1", "198.18.0.3", "198.18.255.255", "198.19.0.2", "fd53:616e:6462:1::", "fd53:616e:6462:1::1",
		"fd53:616e:6462:1::3", "fd53:616e:6462:1:0:1:0:2", "fd53:616e:6462::2", "127.0.0.1", "::2",
	} {
		if name, ok := table.Name(netip.MustParseAddr(s)); ok {
			t.Errorf("%s is %s", s, name)
		}
	}
}

func TestTableIsBounded(t *testing.T) {
	table := NewTable()
	seen := map[netip.Addr]bool{}
	for i := range MaxNames {
		name := fmt.Sprintf("n%d.example", i)
		v4, v6, err := table.Addresses(name)
		if err != nil || seen[v4] || seen[v6] || !Synthetic(v4) || !Synthetic(v6) {
			t.Fatal(i, v4, v6, err)
		}
		seen[v4], seen[v6] = true, true
		if got, _ := table.Name(v4); got != name {
			t.Fatal(name, got)
		}
		if got, _ := table.Name(v6); got != name {
			t.Fatal(name, got)
		}
	}
	if _, _, err := table.Addresses("one.more"); err == nil {
		t.Fatal("no limit")
	}
	if v4, _, err := table.Addresses("n7.example"); err != nil || v4.String() != "198.18.0.9" {
		t.Fatal(v4, err)
	}
}
