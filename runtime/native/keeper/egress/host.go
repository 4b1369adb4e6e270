package egress

import (
	"net"
	"net/netip"
	"sync"
	"time"
)

// fresh is how long the list of the host's addresses is good for.
const fresh = time.Second

// documentation addresses belong to nobody, so tests may give them to the host and take them for those of others.
var documentation = []netip.Prefix{
	netip.MustParsePrefix("192.0.2.0/24"),
	netip.MustParsePrefix("198.51.100.0/24"),
	netip.MustParsePrefix("203.0.113.0/24"),
	netip.MustParsePrefix("2001:db8::/32"),
}

// host knows the addresses of this host. What listens there may be kept from all other hosts by a firewall, and the keeper
// is on this side of it.
type host struct {
	list func() ([]net.Addr, error)

	mutex     sync.Mutex
	looked    time.Time
	addresses map[netip.Addr]bool
}

func newHost() *host { return &host{list: net.InterfaceAddrs} }

// has says whether the address is one of this host's. If that cannot be found out, it is.
func (h *host) has(address netip.Addr) bool {
	for _, prefix := range documentation {
		if prefix.Contains(address) {
			return false
		}
	}
	h.mutex.Lock()
	defer h.mutex.Unlock()
	if h.addresses == nil || time.Since(h.looked) > fresh {
		all, err := h.list()
		if err != nil {
			return true
		}
		h.addresses = map[netip.Addr]bool{}
		for _, a := range all {
			if prefix, err := netip.ParsePrefix(a.String()); err == nil {
				h.addresses[prefix.Addr().Unmap().WithZone("")] = true
			}
		}
		h.looked = time.Now()
	}
	return h.addresses[address]
}
