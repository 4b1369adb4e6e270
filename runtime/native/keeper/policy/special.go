package policy

import (
	"net/netip"
	"slices"
)

// special is a range of addresses that is not the open internet. Rules for everything and for names do not open it.
type special struct {
	prefix netip.Prefix
	what   string
	// byName says that a rule for a domain may open it, if it says that the domain is private.
	byName bool
}

// specials are in no order: the narrowest one that contains an address counts, so that a rule for a network does not open
// the metadata service inside it. Documentation ranges are left out: nobody has them, and tests need public addresses.
var specials = []special{
	{netip.MustParsePrefix("0.0.0.0/8"), "an address of this host", false}, // Linux connects 0.0.0.0 to itself
	{netip.MustParsePrefix("10.0.0.0/8"), "a private address", true},
	{netip.MustParsePrefix("100.64.0.0/10"), "a carrier's private address", true},
	{netip.MustParsePrefix("127.0.0.0/8"), "a loopback address", false},
	{netip.MustParsePrefix("169.254.0.0/16"), "a link-local address", false},
	{netip.MustParsePrefix("172.16.0.0/12"), "a private address", true},
	{netip.MustParsePrefix("192.0.0.0/24"), "an address reserved for protocols", true},
	{netip.MustParsePrefix("192.88.99.0/24"), "a relay of 6to4", false},
	{netip.MustParsePrefix("192.168.0.0/16"), "a private address", true},
	{netip.MustParsePrefix("198.18.0.0/15"), "an address for benchmarks", true},
	{netip.MustParsePrefix("224.0.0.0/4"), "a multicast address", false},
	{netip.MustParsePrefix("240.0.0.0/4"), "a reserved address", false},
	{netip.MustParsePrefix("255.255.255.255/32"), "the broadcast address", false},

	{netip.MustParsePrefix("::/96"), "an address that stands for an IPv4 one", false},
	{netip.MustParsePrefix("::/128"), "an address of this host", false},
	{netip.MustParsePrefix("::1/128"), "a loopback address", false},
	{netip.MustParsePrefix("64:ff9b:1::/48"), "a private translation of IPv4", true},
	{netip.MustParsePrefix("100::/64"), "an address that nobody has", false},
	{netip.MustParsePrefix("2001:2::/48"), "an address for benchmarks", true},
	{netip.MustParsePrefix("fc00::/7"), "a private address", true},
	{netip.MustParsePrefix("fe80::/10"), "a link-local address", false},
	{netip.MustParsePrefix("fec0::/10"), "a private address", true},
	{netip.MustParsePrefix("ff00::/8"), "a multicast address", false},

	// What clouds answer credentials on.
	{netip.MustParsePrefix("100.100.100.200/32"), "a metadata service", false},
	{netip.MustParsePrefix("168.63.129.16/32"), "a metadata service", false},
	{netip.MustParsePrefix("169.254.169.254/32"), "a metadata service", false},
	{netip.MustParsePrefix("169.254.170.2/32"), "a metadata service", false},
	{netip.MustParsePrefix("169.254.170.23/32"), "a metadata service", false},
	{netip.MustParsePrefix("192.0.0.192/32"), "a metadata service", false},
	{netip.MustParsePrefix("fd00:ec2::23/128"), "a metadata service", false},
	{netip.MustParsePrefix("fd00:ec2::254/128"), "a metadata service", false},
	{netip.MustParsePrefix("fd20:ce::254/128"), "a metadata service", false},
}

// specialOf is the narrowest special range that contains the address.
func specialOf(address netip.Addr) (narrowest special, found bool) {
	for _, s := range specials {
		if s.prefix.Contains(address) && (!found || s.prefix.Bits() > narrowest.prefix.Bits()) {
			narrowest, found = s, true
		}
	}
	return narrowest, found
}

// Special says whether packets to the address come out somewhere that is not the open internet.
func Special(address netip.Addr) bool {
	return slices.ContainsFunc(reached(address), func(a netip.Addr) bool {
		_, found := specialOf(a)
		return found
	})
}

var (
	sixToFour  = netip.MustParsePrefix("2002::/16")
	teredo     = netip.MustParsePrefix("2001::/32")
	nat64      = netip.MustParsePrefix("64:ff9b::/96")
	translated = netip.MustParsePrefix("::ffff:0:0:0/96")
)

// reached are the address and the IPv4 addresses inside it at which its packets may come out.
func reached(address netip.Addr) []netip.Addr {
	address = address.Unmap()
	all := []netip.Addr{address}
	if !address.Is6() {
		return all
	}
	b := address.As16()
	inner := func(at int) { all = append(all, netip.AddrFrom4([4]byte(b[at:at+4]))) }
	switch {
	case sixToFour.Contains(address):
		inner(2)
	case teredo.Contains(address):
		inner(4)
		all = append(all, netip.AddrFrom4([4]byte{^b[12], ^b[13], ^b[14], ^b[15]}))
	case nat64.Contains(address), translated.Contains(address):
		inner(12)
	}
	if isISATAP := b[8]&^2 == 0 && b[9] == 0 && b[10] == 0x5e && b[11] == 0xfe; isISATAP {
		inner(12)
	}
	return all
}
