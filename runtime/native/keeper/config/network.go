package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"
	"strings"

	"dev.sandboxed/native/keeper/policy"
	"dev.sandboxed/native/keeper/proxy"
)

const (
	// MaxTunnels is how many ports of one sandbox can be reached through tunnels.
	MaxTunnels = 64
	// maxServers and maxNetworks bound lists that are walked for every name and connection.
	maxServers  = 8
	maxNetworks = 16
	maxLabel    = 63
)

// HostName is the name of the host itself between sandboxes, which no member can have.
const HostName = "host"

// Network is what a sandbox may reach and how it is reached.
type Network struct {
	// Policy says which destinations are allowed; without one the sandbox has no network device but for Networks.
	Policy json.RawMessage `json:"policy"`
	// DNS are the servers that names are looked up with, instead of the host's.
	DNS []string `json:"dns"`
	// Proxy is the HTTP proxy that leads out; it may hold credentials.
	Proxy json.RawMessage `json:"proxy"`
	// Hostname is what the sandbox is called.
	Hostname string `json:"hostname"`
	// Ports are open to the host's loopback from the start, and to the members of Networks.
	Ports []int `json:"ports"`
	// Networks are shared with other sandboxes.
	Networks []Membership `json:"networks"`
}

// Membership is a network between sandboxes, and what this one is called there.
type Membership struct {
	Directory string `json:"directory"`
	Name      string `json:"name"`
}

// HasDevice says whether programs inside see a network device.
func (n *Network) HasDevice() bool {
	return n != nil && (len(n.Policy) > 0 || len(n.Networks) > 0)
}

// Rules are what the policy says; without one nothing is allowed.
func (n *Network) Rules() (*policy.Policy, error) {
	if len(n.Policy) == 0 {
		return policy.Closed(), nil
	}
	rules, err := policy.Parse(n.Policy)
	if err != nil {
		return nil, fmt.Errorf(`"network.policy": %w`, err)
	}
	return rules, nil
}

// Way is the proxy that leads out, or nil.
func (n *Network) Way() (*proxy.Proxy, error) {
	if len(n.Proxy) == 0 {
		return nil, nil
	}
	way, err := proxy.Parse(n.Proxy)
	if err != nil {
		return nil, fmt.Errorf(`"network.proxy": %w`, err)
	}
	return way, nil
}

// Servers are the DNS servers, none for the host's.
func (n *Network) Servers() ([]netip.AddrPort, error) {
	var servers []netip.AddrPort
	for _, text := range n.DNS {
		server, err := netip.ParseAddrPort(text)
		if err != nil || server.Port() == 0 {
			return nil, fmt.Errorf(`"network.dns" has %q: it needs addresses with a port, as in "127.0.0.1:53" or "[::1]:53"`, text)
		}
		servers = append(servers, server)
	}
	return servers, nil
}

func (n *Network) check() error {
	_, noRules := n.Rules()
	_, noWay := n.Way()
	_, noServers := n.Servers()
	if err := errors.Join(noRules, noWay, noServers); err != nil {
		return err
	}
	if n.Hostname != "" && !IsLabel(n.Hostname) {
		return fmt.Errorf(`"network.hostname" is %q: it needs 1 to 63 lower-case letters, digits or "-", not at its ends`, n.Hostname)
	}
	if len(n.DNS) > maxServers || len(n.Networks) > maxNetworks || len(n.Ports) > MaxTunnels {
		return fmt.Errorf(`"network" has %d dns servers, %d networks and %d ports, where %d, %d and %d are the limits`,
			len(n.DNS), len(n.Networks), len(n.Ports), maxServers, maxNetworks, MaxTunnels)
	}
	for _, port := range n.Ports {
		if port < 1 || port > 65535 {
			return fmt.Errorf(`"network.ports" has %d: ports are 1 to 65535`, port)
		}
	}
	for _, m := range n.Networks {
		if !filepath.IsAbs(m.Directory) || filepath.Clean(m.Directory) != m.Directory {
			return fmt.Errorf(`"network.networks" has the directory %q: it must be absolute and normalised`, m.Directory)
		}
		if !IsLabel(m.Name) {
			return fmt.Errorf(`"network.networks" has the name %q: it needs 1 to 63 lower-case letters, digits or "-", not at its ends`, m.Name)
		}
		if m.Name == HostName {
			return fmt.Errorf(`"network.networks" has the name %q, which is that of the host itself: use another`, m.Name)
		}
	}
	return nil
}

// IsLabel says whether a name is one label of a host name, in lower case.
func IsLabel(name string) bool {
	return name != "" && len(name) <= maxLabel && name[0] != '-' && name[len(name)-1] != '-' &&
		!strings.ContainsFunc(name, func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' })
}
