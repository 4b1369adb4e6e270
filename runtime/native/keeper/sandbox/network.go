package sandbox

import (
	"errors"
	"fmt"

	"dev.sandboxed/native/frame"
	"dev.sandboxed/native/keeper/egress"
	"dev.sandboxed/native/keeper/network"
	"dev.sandboxed/native/keeper/stream"
	"dev.sandboxed/native/keeper/tunnel"
)

// device is what the agent is to make, or nil: a sandbox that may reach nothing does without.
func (k *Keeper) device() *frame.Network {
	if !k.start.Network.HasDevice() {
		return nil
	}
	return &frame.Network{Hostname: k.start.Network.Hostname, Names: true}
}

// connectNetwork says who answers what clients and the agent ask about the network.
func (k *Keeper) connectNetwork() error {
	k.tunnels = tunnel.New(k.relay, k.activity)
	k.relay.HandleClient("tunnel", k.tunnels.Handle)
	if !k.start.Network.HasDevice() {
		k.relay.HandleClient("policy", noNetwork)
		k.relay.HandleClient("description", noNetwork)
		k.relay.HandleClient("connections", noNetwork)
		return nil
	}
	if err := k.joinNetworks(); err != nil {
		return err
	}
	return k.openEgress()
}

// openEgress lets the agent ask for what the policy allows, and for the members of the sandbox's networks.
func (k *Keeper) openEgress() error {
	rules, err1 := k.start.Network.Rules()
	way, err2 := k.start.Network.Way()
	servers, err3 := k.start.Network.Servers()
	if err := errors.Join(err1, err2, err3); err != nil {
		return err
	}
	settings := egress.Settings{Policy: rules, Proxy: way, Servers: servers}
	if k.networks != nil {
		settings.Members = k.networks
	}
	k.egress = egress.New(settings)
	k.egress.Register(k.relay)
	return nil
}

func (k *Keeper) joinNetworks() error {
	if len(k.start.Network.Networks) == 0 {
		return nil
	}
	var err error
	k.networks, err = network.Join(k.start.Network.Networks, k.start.Network.Ports, k.relay, k.activity)
	return err
}

// noNetwork answers what only a sandbox with a network device knows.
func noNetwork(*stream.Request) (any, error) {
	return nil, stream.Errorf(stream.Invalid, "the sandbox was started without a network, which cannot be added while it runs: "+
		"start it with a policy, be it one that allows nothing")
}

// openTunnels opens those that were declared, and says which port of the host leads to which port inside.
func (k *Keeper) openTunnels() (map[int]int, error) {
	if k.start.Network == nil {
		return nil, nil
	}
	opened := map[int]int{}
	for _, port := range k.start.Network.Ports {
		outside, err := k.tunnels.Open(port)
		if err != nil {
			return nil, fmt.Errorf("the declared port %d: %w", port, err)
		}
		opened[port] = outside
	}
	return opened, nil
}

func (k *Keeper) closeNetwork() {
	if k.egress != nil {
		k.egress.Close()
	}
	if k.networks != nil {
		k.networks.Close()
	}
	if k.tunnels != nil {
		k.tunnels.Close()
	}
}
