package packets

import (
	"encoding/binary"
	"net/netip"
	"testing"

	"gvisor.dev/gvisor/pkg/buffer"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/header/parse"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
)

var (
	own4    = netip.MustParseAddr("198.19.255.2")
	own6    = netip.MustParseAddr("fd53:616e:6462::2")
	router4 = netip.MustParseAddr("198.19.255.1")
	router6 = netip.MustParseAddr("fd53:616e:6462::1")
	front   = NewFront(own4, own6, router4, router6)
)

func v4(from, to string, protocol uint8, body []byte, change ...func(header.IPv4)) []byte {
	p := make([]byte, header.IPv4MinimumSize, header.IPv4MinimumSize+len(body))
	header.IPv4(p).Encode(&header.IPv4Fields{
		TotalLength: uint16(len(p) + len(body)), TTL: 64, Protocol: protocol,
		SrcAddr: addressOf(netip.MustParseAddr(from)), DstAddr: addressOf(netip.MustParseAddr(to)),
	})
	p = append(p, body...)
	for _, c := range change {
		c(p)
	}
	return p
}

func v6(from, to string, next uint8, body []byte) []byte {
	p := make([]byte, header.IPv6MinimumSize, header.IPv6MinimumSize+len(body))
	header.IPv6(p).Encode(&header.IPv6Fields{
		PayloadLength: uint16(len(body)), HopLimit: 64,
		SrcAddr: addressOf(netip.MustParseAddr(from)), DstAddr: addressOf(netip.MustParseAddr(to)),
	})
	p[6] = next
	return append(p, body...)
}

func ports(from, to uint16) []byte {
	return append(binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(nil, from), to), make([]byte, 16)...)
}

// inFragment puts a fragment header before what an IPv6 packet carries.
func inFragment(next uint8, offset uint16, body []byte) []byte {
	h := binary.BigEndian.AppendUint16([]byte{next, 0}, offset<<3|1)
	return append(append(h, 0, 0, 0, 9), body...)
}

const (
	out4 = "203.0.113.9"
	out6 = "2001:db8::9"
	us4  = "198.19.255.2"
	us6  = "fd53:616e:6462::2"
)

func samples() map[string]struct {
	packet []byte
	want   Verdict
} {
	type sample = struct {
		packet []byte
		want   Verdict
	}
	options := func(h header.IPv4) { h[0] = 0x46 }
	second := func(h header.IPv4) { h.SetFlagsFragmentOffset(0, 1480) }
	return map[string]sample{
		"nothing":              {nil, Drop},
		"one byte":             {[]byte{0x45}, Drop},
		"version 5":            {append([]byte{0x55}, make([]byte, 40)...), Drop},
		"TCP":                  {v4(us4, out4, 6, ports(40000, 443)), Pass},
		"UDP":                  {v4(us4, out4, 17, ports(40000, 53)), Pass},
		"TCP 6":                {v6(us6, out6, 6, ports(40000, 443)), Pass},
		"UDP 6":                {v6(us6, out6, 17, ports(40000, 53)), Pass},
		"spoofed":              {v4("203.0.113.5", out4, 6, ports(1, 2)), Drop},
		"spoofed 6":            {v6("2001:db8::5", out6, 6, ports(1, 2)), Drop},
		"link-local":           {v6("fe80::1", "ff02::16", 58, ports(1, 2)), Drop},
		"longer than it is":    {v4(us4, out4, 6, ports(1, 2))[:30], Drop},
		"longer than it is 6":  {v6(us6, out6, 6, ports(1, 2))[:50], Drop},
		"options":              {v4(us4, out4, 6, ports(1, 2), options), Refuse},
		"multicast":            {v4(us4, "224.0.0.251", 17, ports(1, 5353)), Refuse},
		"multicast 6":          {v6(us6, "ff02::fb", 17, ports(1, 5353)), Refuse},
		"broadcast":            {v4(us4, "255.255.255.255", 17, ports(68, 67)), Refuse},
		"loopback":             {v4(us4, "127.0.0.1", 6, ports(1, 80)), Refuse},
		"loopback 6":           {v6(us6, "::1", 6, ports(1, 80)), Refuse},
		"mapped loopback":      {v6(us6, "::ffff:127.0.0.1", 6, ports(1, 80)), Refuse},
		"no address":           {v4(us4, "0.0.0.0", 6, ports(1, 80)), Refuse},
		"echo":                 {v4(us4, out4, 1, append([]byte{8, 0}, make([]byte, 10)...)), Refuse},
		"echo 6":               {v6(us6, out6, 58, append([]byte{128, 0}, make([]byte, 10)...)), Refuse},
		"error":                {v4(us4, out4, 1, append([]byte{3, 3}, make([]byte, 40)...)), Drop},
		"error 6":              {v6(us6, out6, 58, append([]byte{1, 4}, make([]byte, 60)...)), Drop},
		"short ICMP":           {v4(us4, out4, 1, []byte{8}), Drop},
		"short ICMP 6":         {v6(us6, out6, 58, nil), Drop},
		"SCTP":                 {v4(us4, out4, 132, ports(1, 2)), Refuse},
		"GRE 6":                {v6(us6, out6, 47, ports(1, 2)), Refuse},
		"hop-by-hop":           {v6(us6, out6, 0, ports(1, 2)), Refuse},
		"routing":              {v6(us6, out6, 43, ports(1, 2)), Refuse},
		"no next header":       {v6(us6, out6, 59, nil), Drop},
		"fragment":             {v4(us4, out4, 17, ports(1, 2), second), Pass},
		"fragment of SCTP":     {v4(us4, out4, 132, ports(1, 2), second), Drop},
		"fragment 6":           {v6(us6, out6, 44, inFragment(17, 0, ports(1, 2))), Pass},
		"fragment of SCTP 6":   {v6(us6, out6, 44, inFragment(132, 100, ports(1, 2))), Drop},
		"fragment of nothing":  {v6(us6, out6, 44, []byte{17}), Drop},
		"fragment in fragment": {v6(us6, out6, 44, inFragment(44, 0, inFragment(17, 0, ports(1, 2)))), Refuse},
	}
}

func TestPacketsAreClassified(t *testing.T) {
	for name, s := range samples() {
		if got, _ := front.Classify(s.packet); got != s.want {
			t.Errorf("%s: %d", name, got)
		}
	}
}

func TestErrorsAreValidAndQuoteThePacket(t *testing.T) {
	for name, s := range samples() {
		if s.want != Refuse {
			continue
		}
		for _, why := range []Reason{Prohibited, NobodyThere, Unreachable} {
			checkError(t, name, front.Error(s.packet, why), s.packet)
		}
	}
	for _, flow := range []Flow{
		{header.UDPProtocolNumber, netip.MustParseAddrPort("198.19.255.2:40000"), netip.MustParseAddrPort("203.0.113.9:53")},
		{header.TCPProtocolNumber, netip.MustParseAddrPort("[fd53:616e:6462::2]:40000"), netip.MustParseAddrPort("[2001:db8::9]:443")},
	} {
		packet := front.ErrorFor(flow, Unreachable)
		size := header.IPv4MinimumSize + header.ICMPv4MinimumSize
		if flow.From.Addr().Is6() {
			size = header.IPv6MinimumSize + header.ICMPv6DstUnreachableMinimumSize
		}
		if got, ok := FlowOf(packet[size:]); !ok || got != flow {
			t.Errorf("%v is quoted as %v", flow, got)
		}
		checkError(t, flow.To.String(), packet, packet[size:])
	}
}

// checkError has the stack's own parser look at an error.
func checkError(t testing.TB, name string, reply, about []byte) {
	t.Helper()
	pkt := stack.NewPacketBuffer(stack.PacketBufferOptions{Payload: buffer.MakeWithData(reply)})
	defer pkt.DecRef()
	if reply[0]>>4 == 4 {
		if !parse.IPv4(pkt) || !header.IPv4(reply).IsChecksumValid() || header.IPv4(reply).DestinationAddress() != addressOf(own4) ||
			header.IPv4(reply).SourceAddress() != addressOf(router4) {
			t.Errorf("%s: %x", name, reply)
		}
		icmp := header.ICMPv4(reply[header.IPv4MinimumSize:])
		if header.ICMPv4Checksum(icmp, 0) != icmp.Checksum() || icmp.Type() != header.ICMPv4DstUnreachable {
			t.Errorf("%s: %x", name, reply)
		}
		if quote := icmp.Payload(); string(quote) != string(about[:len(quote)]) {
			t.Errorf("%s: quotes %x", name, quote)
		}
		return
	}
	h := header.IPv6(reply)
	icmp := header.ICMPv6(h.Payload())
	want := header.ICMPv6Checksum(header.ICMPv6ChecksumParams{Header: icmp, Src: addressOf(router6), Dst: addressOf(own6)})
	if !h.IsValid(len(reply)) || h.DestinationAddress() != addressOf(own6) || icmp.Checksum() != want {
		t.Errorf("%s: %x", name, reply)
	}
	if quote := icmp[header.ICMPv6DstUnreachableMinimumSize:]; string(quote) != string(about[:len(quote)]) {
		t.Errorf("%s: quotes %x", name, quote)
	}
}

// FuzzClassify checks that whatever programs send, what is refused can be answered.
func FuzzClassify(f *testing.F) {
	for _, s := range samples() {
		f.Add(s.packet)
	}
	f.Fuzz(func(t *testing.T, packet []byte) {
		verdict, protocol := front.Classify(packet)
		_, _ = FlowOf(packet)
		if verdict == Drop {
			return
		}
		if verdict == Pass {
			_, _ = Opens(packet)
		}
		if protocol != header.IPv4ProtocolNumber && protocol != header.IPv6ProtocolNumber {
			t.Fatalf("protocol %d", protocol)
		}
		if verdict == Refuse {
			checkError(t, "fuzzed", front.Error(packet, ReasonOf(packet)), packet)
		}
	})
}
