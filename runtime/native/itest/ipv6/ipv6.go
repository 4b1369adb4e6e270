// Package ipv6 says whether a test can use IPv6, so that one that cannot is skipped for that reason and no other.
package ipv6

import (
	"os"
	"strings"
	"testing"
)

// Has says whether the loopback device has its address of IPv6.
func Has() bool {
	// Every line begins with an address: proc_net(5).
	addresses, err := os.ReadFile("/proc/net/if_inet6")
	if err != nil {
		return false
	}
	loopback := strings.Repeat("0", 31) + "1 "
	return strings.HasPrefix(string(addresses), loopback) || strings.Contains(string(addresses), "\n"+loopback)
}

// Need skips a test where the loopback device has no address of IPv6.
func Need(t testing.TB) {
	t.Helper()
	if !Has() {
		t.Skip("the loopback has no IPv6 here")
	}
}
