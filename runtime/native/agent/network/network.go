// Package network is the network of a sandbox: it ends every connection that programs inside open, asks the keeper for it, and
// carries what flows. The sandbox holds no socket of the host; the keeper alone decides what is reached.
package network

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv6"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/udp"

	"dev.sandboxed/native/agent/network/device"
	"dev.sandboxed/native/agent/network/link"
	"dev.sandboxed/native/agent/network/packets"
	"dev.sandboxed/native/agent/upstream"
	"dev.sandboxed/native/frame"
)

const (
	nic = tcpip.NICID(1)

	// maxFlows bounds the TCP connections that are open or asked for; more are refused at once.
	maxFlows = frame.MaxStreams
	// maxDatagramFlows bounds the pairs of ports between which datagrams go.
	maxDatagramFlows = 1024

	// timeWait is for how long an address and port are kept after the outside ended a connection first. Nothing is ever late on
	// this wire, which is what the time is for.
	timeWait = time.Millisecond

	// farewell is how long connections may take to be reset, each of which takes no time of its own.
	farewell = 5 * time.Second

	// handshakeRetries is how often a connection that stands outside is offered to a program that does not answer: 15 s.
	handshakeRetries = 3
)

// Network is the running network of a sandbox.
type Network struct {
	stack  *stack.Stack
	link   *link.Endpoint
	front  *packets.Front
	keeper *upstream.Table
	names  bool

	context context.Context
	stop    context.CancelFunc

	// begun handles what belongs to no connection yet.
	begun    func(stack.TransportEndpointID, *stack.PacketBuffer) bool
	openings *openings

	flows   limit
	pairs   limit
	reports limit
	queries limit
	talks   limit
}

// Start makes the network that the keeper asked for.
func Start(wanted frame.Network, keeper *upstream.Table) (*Network, error) {
	if err := device.Describe("/", wanted.Hostname, wanted.Names); err != nil {
		return nil, fmt.Errorf("the sandbox's network: %w", err)
	}
	return Resume(wanted, keeper)
}

// Resume makes it again after Close, in a sandbox whose programs have been told of it.
func Resume(wanted frame.Network, keeper *upstream.Table) (*Network, error) {
	file, err := device.Open()
	if err != nil {
		return nil, fmt.Errorf("the sandbox's network: %w", err)
	}
	n, err := New(file, device.MTU, wanted.Names, keeper)
	if err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("the sandbox's network: %w", err)
	}
	return n, nil
}

// New serves the programs behind a device that carries packets of up to mtu bytes; names says whether it resolves names.
func New(file *os.File, mtu uint32, names bool, keeper *upstream.Table) (*Network, error) {
	n := &Network{
		keeper: keeper, names: names,
		front: packets.NewFront(device.SandboxV4, device.SandboxV6, device.NamesV4, device.NamesV6),
		flows: newLimit(maxFlows), pairs: newLimit(maxDatagramFlows), reports: newLimit(maxReports),
		queries: newLimit(maxQueries), talks: newLimit(maxTalks),
	}
	n.context, n.stop = context.WithCancel(context.Background())
	n.openings = newOpenings(n.context, maxFlows)
	var err error
	if n.link, err = link.New(file, mtu, n.front, n.forget, n.report); err != nil {
		return nil, err
	}
	if err := n.buildStack(); err != nil {
		return nil, err
	}
	if names {
		if err := n.serveNames(); err != nil {
			return nil, err
		}
	}
	n.link.Start(func(err error) { fmt.Fprintln(os.Stderr, "agent: the network has failed:", err) })
	return n, nil
}

// Close ends the network with all its connections.
func (n *Network) Close() {
	n.stop()
	n.link.Close()
	n.stack.Close()
	n.stack.Wait()
}

// Suspend ends the network in a sandbox that goes on: programs see their connections reset, before there is no way to tell them.
func (n *Network) Suspend() {
	n.stop()
	patience := time.After(farewell)
	for range cap(n.flows) { // none is given away any more once all are taken
		select {
		case n.flows <- struct{}{}:
			continue
		case <-patience:
		}
		break
	}
	n.Close()
}

func (n *Network) buildStack() error {
	n.stack = stack.New(stack.Options{
		NetworkProtocols: []stack.NetworkProtocolFactory{
			ipv4.NewProtocol,
			// The other end of this wire is known: there is nobody to discover, and no router to ask.
			ipv6.NewProtocolWithOptions(ipv6.Options{NDPConfigs: ipv6.NDPConfigurations{HandleRAs: ipv6.HandlingRAsDisabled}}),
		},
		TransportProtocols: []stack.TransportProtocolFactory{tcp.NewProtocol, udp.NewProtocol},
	})
	if err := n.configureTCP(); err != nil {
		return err
	}
	if err := n.stack.CreateNIC(nic, n.link); err != nil {
		return fmt.Errorf("make the stack's device: %s", err)
	}
	for _, address := range []netip.Addr{device.NamesV4, device.NamesV6} {
		protocol := header.IPv4ProtocolNumber
		if address.Is6() {
			protocol = header.IPv6ProtocolNumber
		}
		if err := n.stack.AddProtocolAddress(nic, tcpip.ProtocolAddress{
			Protocol: protocol, AddressWithPrefix: tcpip.AddrFromSlice(address.AsSlice()).WithPrefix(),
		}, stack.AddressProperties{}); err != nil {
			return fmt.Errorf("give the stack the address %s: %s", address, err)
		}
	}
	// Whatever programs connect to is taken in, and answered in its name.
	if err := n.stack.SetPromiscuousMode(nic, true); err != nil {
		return fmt.Errorf("take in all packets: %s", err)
	}
	if err := n.stack.SetSpoofing(nic, true); err != nil {
		return fmt.Errorf("answer for all addresses: %s", err)
	}
	n.stack.SetRouteTable([]tcpip.Route{
		{Destination: header.IPv4EmptySubnet, NIC: nic}, {Destination: header.IPv6EmptySubnet, NIC: nic},
	})
	n.begun = n.takeTCP()
	n.stack.SetTransportProtocolHandler(tcp.ProtocolNumber, n.begun)
	n.stack.SetTransportProtocolHandler(udp.ProtocolNumber, udp.NewForwarder(n.stack, n.takeUDP).HandlePacket)
	return nil
}

func (n *Network) configureTCP() error {
	wait, retries := tcpip.TCPTimeWaitTimeoutOption(timeWait), tcpip.TCPSynRetriesOption(handshakeRetries)
	most := bufferSize(0)
	send := tcpip.TCPSendBufferSizeRangeOption{Min: tcp.MinBufferSize, Default: most, Max: most}
	receive := tcpip.TCPReceiveBufferSizeRangeOption{Min: tcp.MinBufferSize, Default: most, Max: most}
	for _, option := range []tcpip.SettableTransportProtocolOption{&wait, &retries, &send, &receive} {
		if err := n.stack.SetTransportProtocolOption(tcp.ProtocolNumber, option); err != nil {
			return fmt.Errorf("configure TCP by %T: %s", option, err)
		}
	}
	return nil
}

// addrPort is an address of the stack as Go knows it.
func addrPort(address tcpip.Address, port uint16) netip.AddrPort {
	ip, _ := netip.AddrFromSlice(address.AsSlice())
	return netip.AddrPortFrom(ip, port)
}

// flowOf is the conversation behind an endpoint's identity: its local end is what the program wants to reach.
func flowOf(transport tcpip.TransportProtocolNumber, id stack.TransportEndpointID) packets.Flow {
	return packets.Flow{
		Transport: transport, From: addrPort(id.RemoteAddress, id.RemotePort), To: addrPort(id.LocalAddress, id.LocalPort),
	}
}

// ask is the request for a connection.
type ask struct {
	Op       string     `json:"op"`
	Protocol string     `json:"protocol"`
	Address  netip.Addr `json:"address"`
	Port     uint16     `json:"port"`
}

func askFor(flow packets.Flow) ask {
	protocol := "tcp"
	if flow.Transport == udp.ProtocolNumber {
		protocol = "udp"
	}
	return ask{Op: "connect", Protocol: protocol, Address: flow.To.Addr(), Port: flow.To.Port()}
}

// maxReports bounds the refused packets that are being told of; a flood of them is not worth more.
const maxReports = 8

// report lets the keeper know of a packet that was refused without it, so that it can be found in its log.
func (n *Network) report(packet []byte) {
	flow, ok := packets.FlowOf(packet)
	if !ok || !n.reports.take() {
		return
	}
	go func() {
		defer n.reports.give()
		if s, err := n.keeper.Connect(n.context, askFor(flow)); err == nil {
			s.Cancel()
		}
	}()
}

// limit is how many of something there may be.
type limit chan struct{}

func newLimit(n int) limit { return make(limit, n) }

// take takes a place if there is one.
func (l limit) take() bool {
	select {
	case l <- struct{}{}:
		return true
	default:
		return false
	}
}

func (l limit) give() { <-l }
