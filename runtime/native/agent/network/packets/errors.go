package packets

import (
	"encoding/binary"

	"gvisor.dev/gvisor/pkg/tcpip/checksum"
	"gvisor.dev/gvisor/pkg/tcpip/header"
)

// Reason is what a program is told of a packet that went nowhere.
type Reason uint8

const (
	// Prohibited becomes "no route to host" or an explanation by ping.
	Prohibited Reason = iota
	// NobodyThere becomes "connection refused", also for UDP.
	NobodyThere
	// Unreachable becomes "no route to host" or "network is unreachable".
	Unreachable
)

// quoted is how much of a packet an error repeats: its headers and a little more.
const quoted = 128

const hopLimit = 64

// Error makes the packet that tells the sender of a valid packet why it went nowhere.
func (f *Front) Error(packet []byte, why Reason) []byte {
	quote := packet[:min(len(packet), quoted)]
	if header.IPVersion(packet) == header.IPv4Version {
		return f.errorV4(quote, why)
	}
	return f.errorV6(quote, why)
}

// ErrorFor does the same for a flow whose packet is not at hand.
func (f *Front) ErrorFor(flow Flow, why Reason) []byte {
	ports := binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(nil, flow.From.Port()), flow.To.Port())
	from, to := addressOf(flow.From.Addr()), addressOf(flow.To.Addr())
	ports = append(ports, 0, 0, 0, 0)
	if flow.From.Addr().Is4() {
		quote := make([]byte, header.IPv4MinimumSize, header.IPv4MinimumSize+len(ports))
		h := header.IPv4(quote)
		h.Encode(&header.IPv4Fields{
			TotalLength: uint16(len(quote) + len(ports)), TTL: hopLimit, Protocol: uint8(flow.Transport), SrcAddr: from, DstAddr: to,
		})
		h.SetChecksum(^h.CalculateChecksum())
		return f.errorV4(append(quote, ports...), why)
	}
	quote := make([]byte, header.IPv6MinimumSize, header.IPv6MinimumSize+len(ports))
	header.IPv6(quote).Encode(&header.IPv6Fields{
		PayloadLength: uint16(len(ports)), TransportProtocol: flow.Transport, HopLimit: hopLimit, SrcAddr: from, DstAddr: to,
	})
	return f.errorV6(append(quote, ports...), why)
}

func (f *Front) errorV4(quote []byte, why Reason) []byte {
	code := map[Reason]header.ICMPv4Code{
		Prohibited: header.ICMPv4AdminProhibited, NobodyThere: header.ICMPv4PortUnreachable, Unreachable: header.ICMPv4HostUnreachable,
	}[why]
	packet := make([]byte, header.IPv4MinimumSize+header.ICMPv4MinimumSize, header.IPv4MinimumSize+header.ICMPv4MinimumSize+len(quote))
	h := header.IPv4(packet)
	h.Encode(&header.IPv4Fields{
		TotalLength: uint16(len(packet) + len(quote)), TTL: hopLimit, Protocol: uint8(header.ICMPv4ProtocolNumber),
		SrcAddr: f.routerV4, DstAddr: header.IPv4(quote).SourceAddress(),
	})
	h.SetChecksum(^h.CalculateChecksum())
	icmp := header.ICMPv4(packet[header.IPv4MinimumSize:])
	icmp.SetType(header.ICMPv4DstUnreachable)
	icmp.SetCode(code)
	icmp.SetChecksum(header.ICMPv4Checksum(icmp, checksum.Checksum(quote, 0)))
	return append(packet, quote...)
}

func (f *Front) errorV6(quote []byte, why Reason) []byte {
	code := map[Reason]header.ICMPv6Code{
		Prohibited: header.ICMPv6Prohibited, NobodyThere: header.ICMPv6PortUnreachable, Unreachable: header.ICMPv6NetworkUnreachable,
	}[why]
	size := header.IPv6MinimumSize + header.ICMPv6DstUnreachableMinimumSize
	packet := make([]byte, size, size+len(quote))
	to := header.IPv6(quote).SourceAddress()
	header.IPv6(packet).Encode(&header.IPv6Fields{
		PayloadLength: uint16(header.ICMPv6DstUnreachableMinimumSize + len(quote)), TransportProtocol: header.ICMPv6ProtocolNumber,
		HopLimit: hopLimit, SrcAddr: f.routerV6, DstAddr: to,
	})
	icmp := header.ICMPv6(packet[header.IPv6MinimumSize:])
	icmp.SetType(header.ICMPv6DstUnreachable)
	icmp.SetCode(code)
	icmp.SetChecksum(header.ICMPv6Checksum(header.ICMPv6ChecksumParams{
		Header: icmp, Src: f.routerV6, Dst: to, PayloadCsum: checksum.Checksum(quote, 0), PayloadLen: len(quote),
	}))
	return append(packet, quote...)
}

// ReasonOf chooses what the sender of a refused packet understands best. The kernel inside tells a program that connects over
// IPv6 of nothing but an unreachable network or port.
func ReasonOf(packet []byte) Reason {
	switch flow, ok := FlowOf(packet); {
	case ok && flow.Transport == header.UDPProtocolNumber:
		return NobodyThere
	case ok:
		return Unreachable
	default:
		return Prohibited
	}
}
