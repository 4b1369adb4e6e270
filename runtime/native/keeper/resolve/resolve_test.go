package resolve

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"dev.sandboxed/native/keeper/resolve/dnstest"
)

func zone() dnstest.Zone {
	var many []string
	for i := range 100 {
		many = append(many, fmt.Sprintf("203.0.113.%d", i+1))
	}
	return dnstest.Zone{
		Addresses: map[string][][]string{
			"both.example":   {{"203.0.113.5", "2001:db8::5", "203.0.113.6"}},
			"six.example":    {{"2001:db8::6"}},
			"none.example":   {{}},
			"end.example":    {{"203.0.113.7"}},
			"many.example":   {many},
			"rebind.example": {{"203.0.113.8"}, {"127.0.0.1"}},
			"slow.example":   {{"203.0.113.9"}},
			"silent.example": {{"203.0.113.9"}},
			"db":             {{"203.0.113.10"}},
		},
		CNAMEs:  map[string]string{"one.example": "two.example", "two.example": "end.example", "lost.example": "gone.example"},
		Failing: map[string]bool{"failing.example": true},
		Silent:  map[string]bool{"silent.example": true},
		Slow:    map[string]time.Duration{"slow.example": 50 * time.Millisecond},
	}
}

func list(addresses Addresses) []string {
	var all []string
	for _, a := range slices.Concat(addresses.V4, addresses.V6) {
		all = append(all, a.String())
	}
	slices.Sort(all)
	return all
}

func TestAllAddressesOfANameAreFound(t *testing.T) {
	r := New([]netip.AddrPort{dnstest.Start(t, zone()).Address})
	for name, want := range map[string][]string{
		"both.example": {"2001:db8::5", "203.0.113.5", "203.0.113.6"},
		"six.example":  {"2001:db8::6"},
		"one.example":  {"203.0.113.7"},
		"slow.example": {"203.0.113.9"},
		"db":           {"203.0.113.10"},
	} {
		got, err := r.Lookup(t.Context(), name)
		if err != nil || !slices.Equal(list(got), want) {
			t.Errorf("%s: %v %v", name, got, err)
		}
	}
	// More than a datagram holds.
	if got, err := r.Lookup(t.Context(), "many.example"); err != nil || len(got.V4) != 100 {
		t.Errorf("%d addresses, %v", len(got.V4), err)
	}
}

func TestMissingNamesAreToldFromFailures(t *testing.T) {
	r := New([]netip.AddrPort{dnstest.Start(t, zone()).Address})
	for _, name := range []string{"missing.example", "none.example", "lost.example"} {
		if got, err := r.Lookup(t.Context(), name); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: %v %v", name, got, err)
		}
	}
	if got, err := r.Lookup(t.Context(), "failing.example"); err == nil || errors.Is(err, ErrNotFound) {
		t.Errorf("%v %v", got, err)
	}
}

func TestEveryLookupAsksAgain(t *testing.T) {
	r := New([]netip.AddrPort{dnstest.Start(t, zone()).Address})
	first, _ := r.Lookup(t.Context(), "rebind.example")
	second, _ := r.Lookup(t.Context(), "rebind.example")
	if list(first)[0] != "203.0.113.8" || list(second)[0] != "127.0.0.1" {
		t.Fatal(first, second)
	}
}

func TestNextServerIsAskedWhenOneGivesNoAnswer(t *testing.T) {
	dead, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := netip.MustParseAddrPort(dead.LocalAddr().String())
	dead.Close() // what is sent there is answered by an ICMP error
	failing := dnstest.Start(t, dnstest.Zone{Failing: map[string]bool{"both.example": true}})
	r := New([]netip.AddrPort{at, failing.Address, dnstest.Start(t, zone()).Address})
	if got, err := r.Lookup(t.Context(), "both.example"); err != nil || len(got.V4) != 2 {
		t.Fatal(got, err)
	}
	// An answer that there is no such name is one.
	if _, err := r.Lookup(t.Context(), "missing.example"); !errors.Is(err, ErrNotFound) {
		t.Fatal(err)
	}
}

func TestLookupsEnd(t *testing.T) {
	r := New([]netip.AddrPort{dnstest.Start(t, zone()).Address})
	r.limit = 50 * time.Millisecond
	if _, err := r.Lookup(t.Context(), "silent.example"); err == nil || errors.Is(err, ErrNotFound) {
		t.Fatal(err)
	}
	r.limit = time.Hour
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Lookup(ctx, "silent.example"); err == nil {
		t.Fatal("no error")
	}
}

func TestLookupsAtOnceAreBounded(t *testing.T) {
	r := New([]netip.AddrPort{dnstest.Start(t, zone()).Address})
	for range atOnce {
		r.slots <- struct{}{} // as a look-up does that has not ended
	}
	short, done := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer done()
	if _, err := r.Lookup(short, "both.example"); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatal(err)
	}
	for range atOnce {
		<-r.slots
	}
	if _, err := r.Lookup(t.Context(), "both.example"); err != nil || len(r.slots) != 0 {
		t.Fatal(len(r.slots), err)
	}
}

func TestHostsOwnNamesAreKnown(t *testing.T) {
	got, err := New(nil).Lookup(t.Context(), "localhost")
	if err != nil || !slices.Contains(list(got), "127.0.0.1") && !slices.Contains(list(got), "::1") {
		t.Fatal(got, err)
	}
}
