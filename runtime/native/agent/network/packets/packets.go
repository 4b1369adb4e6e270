// Package packets decides what of a program's packets the network stack is to see at all, and tells programs of the rest. Every
// packet may be made by a hostile program with a raw socket.
package packets

import (
	"encoding/binary"
	"net/netip"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
)

// Verdict says what becomes of a packet.
type Verdict uint8

const (
	// Drop is for what needs no answer or may get none: broken packets, foreign senders, errors, what hosts say among themselves.
	Drop Verdict = iota
	// Pass is for TCP and UDP to a single host.
	Pass
	// Refuse is for what the sandbox may not do; its sender is told at once.
	Refuse
)

// noNextHeader says that there is nothing behind an IPv6 header.
const noNextHeader = tcpip.TransportProtocolNumber(header.IPv6NoNextHeaderIdentifier)

// Front knows which senders are the sandbox itself.
type Front struct {
	v4, v6             tcpip.Address
	routerV4, routerV6 tcpip.Address
}

// NewFront makes a front for a sandbox with the addresses v4 and v6, whose errors come from routerV4 and routerV6.
func NewFront(v4, v6, routerV4, routerV6 netip.Addr) *Front {
	return &Front{v4: addressOf(v4), v6: addressOf(v6), routerV4: addressOf(routerV4), routerV6: addressOf(routerV6)}
}

func addressOf(a netip.Addr) tcpip.Address { return tcpip.AddrFromSlice(a.AsSlice()) }

// Classify looks at one packet. The network protocol is meaningful unless it is dropped.
func (f *Front) Classify(packet []byte) (Verdict, tcpip.NetworkProtocolNumber) {
	switch header.IPVersion(packet) {
	case header.IPv4Version:
		return f.classifyV4(packet), header.IPv4ProtocolNumber
	case header.IPv6Version:
		return f.classifyV6(packet), header.IPv6ProtocolNumber
	default:
		return Drop, 0
	}
}

func (f *Front) classifyV4(packet []byte) Verdict {
	h := header.IPv4(packet)
	if !h.IsValid(len(packet)) || h.SourceAddress() != f.v4 {
		return Drop
	}
	body := packet[h.HeaderLength():h.TotalLength()]
	switch h.TransportProtocol() {
	case header.ICMPv4ProtocolNumber:
		if h.FragmentOffset() != 0 || len(body) < header.ICMPv4MinimumSize {
			return Drop
		}
		switch header.ICMPv4(body).Type() {
		case header.ICMPv4Echo, header.ICMPv4Timestamp, header.ICMPv4InfoRequest:
			return Refuse
		default:
			return Drop
		}
	case header.TCPProtocolNumber, header.UDPProtocolNumber:
		if h.HeaderLength() > header.IPv4MinimumSize || !unicast(h.DestinationAddress()) {
			return refuseFirst(h.FragmentOffset())
		}
		return Pass
	default:
		return refuseFirst(h.FragmentOffset())
	}
}

func (f *Front) classifyV6(packet []byte) Verdict {
	h := header.IPv6(packet)
	if !h.IsValid(len(packet)) || h.SourceAddress() != f.v6 {
		return Drop
	}
	body := packet[header.IPv6MinimumSize:]
	body = body[:min(len(body), int(h.PayloadLength()))]
	next := tcpip.TransportProtocolNumber(h.NextHeader())
	offset := uint16(0)
	if next == header.IPv6FragmentHeader {
		if len(body) < header.IPv6FragmentHeaderSize {
			return Drop
		}
		fragment := header.IPv6Fragment(body)
		next, offset = fragment.TransportProtocol(), fragment.FragmentOffset()
		body = body[header.IPv6FragmentHeaderSize:]
	}
	switch next {
	case header.ICMPv6ProtocolNumber:
		if offset == 0 && len(body) >= header.ICMPv6MinimumSize && header.ICMPv6(body).Type() == header.ICMPv6EchoRequest {
			return Refuse
		}
		return Drop
	case noNextHeader:
		return Drop
	case header.TCPProtocolNumber, header.UDPProtocolNumber:
		if !unicast(h.DestinationAddress()) {
			return refuseFirst(offset)
		}
		return Pass
	default:
		return refuseFirst(offset)
	}
}

// refuseFirst refuses a packet once, not every fragment of it.
func refuseFirst(offset uint16) Verdict {
	if offset != 0 {
		return Drop
	}
	return Refuse
}

// unicast says whether an address can be that of one other host. The rest of what may not be reached is the keeper's to refuse.
func unicast(a tcpip.Address) bool {
	ip, ok := netip.AddrFromSlice(a.AsSlice())
	if !ok {
		return false
	}
	ip = ip.Unmap()
	return !ip.IsMulticast() && !ip.IsUnspecified() && !ip.IsLoopback() && ip != netip.AddrFrom4([4]byte{255, 255, 255, 255})
}

// Opens reads the flow of a TCP packet with which a program begins a connection. The packet is one that passes.
func Opens(packet []byte) (Flow, bool) {
	size := header.IPv4MinimumSize
	next := packet[9]
	if header.IPVersion(packet) == header.IPv6Version {
		size, next = header.IPv6MinimumSize, packet[6]
	}
	if next != uint8(header.TCPProtocolNumber) || len(packet) < size+header.TCPMinimumSize {
		return Flow{}, false
	}
	if !Opening(header.TCP(packet[size:]).Flags()) {
		return Flow{}, false
	}
	return FlowOf(packet)
}

// Opening says whether a packet with these flags begins a connection.
func Opening(flags header.TCPFlags) bool {
	return flags&(header.TCPFlagSyn|header.TCPFlagAck) == header.TCPFlagSyn
}

// Flow is one conversation between a port of the sandbox and one outside.
type Flow struct {
	Transport tcpip.TransportProtocolNumber
	From, To  netip.AddrPort
}

// FlowOf reads the flow of a TCP or UDP packet that was refused, to report it.
func FlowOf(packet []byte) (Flow, bool) {
	var source, destination tcpip.Address
	var transport tcpip.TransportProtocolNumber
	var body []byte
	switch header.IPVersion(packet) {
	case header.IPv4Version:
		h := header.IPv4(packet)
		if !h.IsValid(len(packet)) || h.FragmentOffset() != 0 {
			return Flow{}, false
		}
		source, destination, transport, body = h.SourceAddress(), h.DestinationAddress(), h.TransportProtocol(), packet[h.HeaderLength():]
	case header.IPv6Version:
		h := header.IPv6(packet)
		if !h.IsValid(len(packet)) {
			return Flow{}, false
		}
		source, destination, body = h.SourceAddress(), h.DestinationAddress(), packet[header.IPv6MinimumSize:]
		transport = tcpip.TransportProtocolNumber(h.NextHeader())
	}
	if (transport != header.TCPProtocolNumber && transport != header.UDPProtocolNumber) || len(body) < 4 {
		return Flow{}, false
	}
	return Flow{
		Transport: transport,
		From:      addrPort(source, binary.BigEndian.Uint16(body)),
		To:        addrPort(destination, binary.BigEndian.Uint16(body[2:])),
	}, true
}

func addrPort(a tcpip.Address, port uint16) netip.AddrPort {
	ip, _ := netip.AddrFromSlice(a.AsSlice())
	return netip.AddrPortFrom(ip, port)
}
