package policy

import (
	"encoding/json"
	"math/big"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

// The reference below decides as docs/protocol.md says it, slowly, with numbers and strings instead of prefixes, and with a
// list of special ranges of its own.

type model struct {
	Everything bool        `json:"everything"`
	Allow      []modelRule `json:"allow"`
	Deny       []modelRule `json:"deny"`
}

type modelRule struct {
	Text      string     `json:"text"`
	Domain    string     `json:"domain,omitempty"`
	CIDR      string     `json:"cidr,omitempty"`
	Any       bool       `json:"any,omitempty"`
	Ports     [][]int    `json:"ports,omitempty"`
	Protocols []Protocol `json:"protocols,omitempty"`
	Private   bool       `json:"private,omitempty"`
}

// span is a range of addresses of one family, both ends included.
type span struct {
	v4          bool
	first, last *big.Int
}

func number(s string) *big.Int { return new(big.Int).SetBytes(netip.MustParseAddr(s).AsSlice()) }

func spanOf(first, last string) span {
	return span{netip.MustParseAddr(first).Is4(), number(first), number(last)}
}

func spanOfCIDR(cidr string) span {
	address, bits, _ := strings.Cut(cidr, "/")
	a := netip.MustParseAddr(address)
	s := span{a.Is4(), number(address), number(address)}
	if bits != "" {
		n := 0
		for _, digit := range bits {
			n = n*10 + int(digit-'0')
		}
		size := new(big.Int).Lsh(big.NewInt(1), uint(a.BitLen()-n))
		s.last = new(big.Int).Add(s.first, size.Sub(size, big.NewInt(1)))
	}
	return s
}

func (s span) has(a netip.Addr) bool {
	n := new(big.Int).SetBytes(a.AsSlice())
	return s.v4 == a.Is4() && s.first.Cmp(n) <= 0 && n.Cmp(s.last) <= 0
}

func (s span) within(other span) bool {
	return s.v4 == other.v4 && s.first.Cmp(other.first) >= 0 && s.last.Cmp(other.last) <= 0
}

func (s span) size() *big.Int { return new(big.Int).Sub(s.last, s.first) }

var modelSpecials = []struct {
	span
	private bool
}{
	{spanOf("0.0.0.0", "0.255.255.255"), false},
	{spanOf("10.0.0.0", "10.255.255.255"), true},
	{spanOf("100.64.0.0", "100.127.255.255"), true},
	{spanOf("100.100.100.200", "100.100.100.200"), false},
	{spanOf("127.0.0.0", "127.255.255.255"), false},
	{spanOf("168.63.129.16", "168.63.129.16"), false},
	{spanOf("169.254.0.0", "169.254.255.255"), false},
	{spanOf("169.254.169.254", "169.254.169.254"), false},
	{spanOf("169.254.170.2", "169.254.170.2"), false},
	{spanOf("169.254.170.23", "169.254.170.23"), false},
	{spanOf("172.16.0.0", "172.31.255.255"), true},
	{spanOf("192.0.0.0", "192.0.0.255"), true},
	{spanOf("192.0.0.192", "192.0.0.192"), false},
	{spanOf("192.88.99.0", "192.88.99.255"), false},
	{spanOf("192.168.0.0", "192.168.255.255"), true},
	{spanOf("198.18.0.0", "198.19.255.255"), true},
	{spanOf("224.0.0.0", "239.255.255.255"), false},
	{spanOf("240.0.0.0", "255.255.255.255"), false},
	{spanOf("::", "::ffff:ffff"), false},
	{spanOf("64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff"), true},
	{spanOf("100::", "100::ffff:ffff:ffff:ffff"), false},
	{spanOf("2001:2::", "2001:2:0:ffff:ffff:ffff:ffff:ffff"), true},
	{spanOf("fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), true},
	{spanOf("fd00:ec2::254", "fd00:ec2::254"), false},
	{spanOf("fd00:ec2::23", "fd00:ec2::23"), false},
	{spanOf("fd20:ce::254", "fd20:ce::254"), false},
	{spanOf("fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), false},
	{spanOf("fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), true},
	{spanOf("ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), false},
	{spanOf("::1", "::1"), false},
	{spanOf("::", "::"), false},
	{spanOf("255.255.255.255", "255.255.255.255"), false},
}

// modelReached reads the addresses inside an address from its hexadecimal digits.
func modelReached(a netip.Addr) []netip.Addr {
	all := []netip.Addr{a}
	if a.Is4() {
		return all
	}
	digits := strings.ReplaceAll(a.StringExpanded(), ":", "")
	v4 := func(hex string, flip bool) netip.Addr {
		n, _ := new(big.Int).SetString(hex, 16)
		if flip {
			n.Sub(big.NewInt(0xffffffff), n)
		}
		return netip.AddrFrom4([4]byte(n.FillBytes(make([]byte, 4))))
	}
	switch {
	case strings.HasPrefix(digits, "00000000000000000000ffff"):
		return []netip.Addr{v4(digits[24:], false)}
	case strings.HasPrefix(digits, "2002"):
		all = append(all, v4(digits[4:12], false))
	case strings.HasPrefix(digits, "20010000"):
		all = append(all, v4(digits[8:16], false), v4(digits[24:], true))
	case strings.HasPrefix(digits, "0064ff9b0000000000000000"), strings.HasPrefix(digits, "0000000000000000ffff0000"):
		all = append(all, v4(digits[24:], false))
	}
	if middle := digits[16:24]; middle == "00005efe" || middle == "02005efe" {
		all = append(all, v4(digits[24:], false))
	}
	return all
}

func (r modelRule) covers(d Destination, denies bool) bool {
	protocols := r.Protocols
	if len(protocols) == 0 {
		protocols = []Protocol{TCP}
		if denies {
			protocols = []Protocol{TCP, UDP}
		}
	}
	inPorts := len(r.Ports) == 0
	for _, p := range r.Ports {
		inPorts = inPorts || p[0] <= int(d.Port) && int(d.Port) <= p[1]
	}
	return slices.Contains(protocols, d.Protocol) && inPorts
}

func (r modelRule) namesIt(name string) bool {
	if name == "" || r.CIDR != "" {
		return false
	}
	labels := strings.Split(name, ".")
	if rest, wild := strings.CutPrefix(r.Domain, "*."); wild {
		for i := 1; i < len(labels); i++ {
			if strings.Join(labels[i:], ".") == rest {
				return true
			}
		}
		return false
	}
	return r.Any || r.Domain == name
}

// decide is Decide in the words of the protocol.
func (m model) decide(d Destination) bool {
	var addresses []netip.Addr
	if d.Address.IsValid() {
		addresses = modelReached(d.Address)
	}
	for _, r := range m.Deny {
		hit := r.namesIt(d.Name) || r.Any
		for _, a := range addresses {
			hit = hit || r.CIDR != "" && spanOfCIDR(r.CIDR).has(a)
		}
		if hit && r.covers(d, true) {
			return false
		}
	}
	host := d.Name == "host.sandbox"
	allowed := m.Everything && !host
	for _, r := range m.Allow {
		hit := r.namesIt(d.Name)
		if host {
			hit = r.Domain == "host.sandbox" || strings.HasPrefix(r.CIDR, "127.") && spanOfCIDR(r.CIDR).has(netip.MustParseAddr("127.0.0.1")) ||
				r.CIDR == "::1" || r.CIDR == "::1/128"
		}
		if d.Name == "" {
			hit = r.Any || r.CIDR != "" && spanOfCIDR(r.CIDR).has(addresses[0])
		}
		allowed = allowed || hit && r.covers(d, false)
	}
	for _, a := range addresses {
		narrowest := -1
		for i, s := range modelSpecials {
			if s.has(a) && (narrowest < 0 || s.size().Cmp(modelSpecials[narrowest].size()) < 0) {
				narrowest = i
			}
		}
		opened := narrowest < 0
		for _, r := range m.Allow {
			if opened || !r.covers(d, false) {
				continue
			}
			s := modelSpecials[narrowest]
			byRange := r.CIDR != "" && spanOfCIDR(r.CIDR).has(a) && spanOfCIDR(r.CIDR).within(s.span)
			opened = byRange || host && r.Domain == "host.sandbox" || r.Private && s.private && r.namesIt(d.Name)
		}
		allowed = allowed && opened
	}
	return allowed
}

// dice makes small worlds, in which rules and destinations meet often.
type dice struct{ *rand.Rand }

func pick[T any](d dice, from ...T) T { return from[d.IntN(len(from))] }

func (d dice) name() string {
	if d.IntN(6) == 0 {
		return "host.sandbox"
	}
	name := pick(d, "a", "b", "ab") + "." + pick(d, "x", "y")
	for d.IntN(3) == 0 {
		name = pick(d, "a", "b", "c") + "." + name
	}
	return name
}

// address is at, beside or inside something interesting.
func (d dice) address() netip.Addr {
	at := netip.MustParseAddr(pick(d, "0.0.0.0", "8.0.0.0", "9.255.255.255", "10.1.2.3", "100.64.0.0", "100.100.100.200", "127.0.0.1",
		"169.254.169.254", "172.31.255.255", "192.0.0.192", "192.168.0.0", "198.19.255.255", "203.0.113.5", "223.255.255.255", "255.255.255.255"))
	if d.IntN(2) == 0 {
		b := at.As4()
		hex := netip.AddrFrom16([16]byte{12: b[0], b[1], b[2], b[3]})
		six := hex.As16()
		switch d.IntN(9) {
		case 0:
			at = netip.AddrFrom16([16]byte{0x20, 0x02, b[0], b[1], b[2], b[3]})
		case 1:
			six[1], six[2], six[3] = 0x64, 0xff, 0x9b
			at = netip.AddrFrom16(six)
		case 2:
			at = netip.AddrFrom16([16]byte{0x20, 0x01, 0, 0, b[0], b[1], b[2], b[3]})
		case 3:
			at = netip.AddrFrom16([16]byte{0x20, 0x01, 0, 0, 9, 9, 9, 9, 0, 0, 0, 0, ^b[0], ^b[1], ^b[2], ^b[3]})
		case 4:
			six[10], six[11] = 0xff, 0xff
			at = netip.AddrFrom16(six)
		case 5:
			six[8], six[9] = 0xff, 0xff
			at = netip.AddrFrom16(six)
		case 6:
			six[0], six[8], six[10], six[11] = 0x26, pick[byte](d, 0, 2, 1), 0x5e, 0xfe
			at = netip.AddrFrom16(six)
		case 7:
			at = hex
		default:
			at = netip.MustParseAddr(pick(d, "::", "::1", "fe80::1", "fec0::", "fc00::", "fd00:ec2::254", "fd00:ec2::253", "ff02::1",
				"2001:db8::1", "64:ff9b:1::", "100::1", "2001:2::", "2001:2:1::", "fd20:ce::254"))
		}
	}
	switch d.IntN(4) {
	case 0:
		if next := at.Next(); next.IsValid() {
			return next
		}
	case 1:
		if previous := at.Prev(); previous.IsValid() {
			return previous
		}
	}
	return at
}

func (d dice) cidr() string {
	address := d.address().Unmap()
	bits := pick(d, address.BitLen(), address.BitLen(), d.IntN(address.BitLen()+1), 8, 16)
	prefix, _ := address.Prefix(bits)
	if bits == address.BitLen() && d.IntN(2) == 0 {
		return address.String()
	}
	return prefix.String()
}

func (d dice) port() int { return pick(d, 1, 2, 3, 4, 80, 443, 65534, 65535) }

func (d dice) rule(denies bool) modelRule {
	var r modelRule
	switch d.IntN(7) {
	case 0, 1:
		r.Domain = d.name()
	case 2:
		r.Domain = "*." + strings.Join(strings.Split(d.name(), ".")[1:], ".")
	case 3:
		r.Any = true
	default:
		r.CIDR = d.cidr()
	}
	r.Private = r.Domain != "" && !denies && d.IntN(2) == 0
	for d.IntN(3) == 0 {
		first, second := d.port(), d.port()
		r.Ports = append(r.Ports, []int{min(first, second), max(first, second)})
	}
	r.Protocols = pick(d, nil, nil, []Protocol{TCP}, []Protocol{UDP}, []Protocol{UDP, TCP})
	content, _ := json.Marshal(r)
	r.Text = string(content[:min(len(content), maxText)])
	return r
}

func (d dice) policy() model {
	m := model{Everything: d.IntN(3) == 0}
	for range d.IntN(4) {
		m.Allow = append(m.Allow, d.rule(false))
	}
	for range d.IntN(5) / 2 {
		m.Deny = append(m.Deny, d.rule(true))
	}
	return m
}

func (d dice) destination() Destination {
	to := Destination{Protocol: pick(d, TCP, TCP, UDP), Port: uint16(d.port())}
	if d.IntN(2) == 0 {
		to.Name = d.name()
	}
	if to.Name == "" || d.IntN(5) > 0 {
		to.Address = d.address()
	}
	return to
}

func TestDecisionsAreThoseOfTheReference(t *testing.T) {
	d := dice{rand.New(rand.NewPCG(4, 2026))}
	counts := map[bool]int{}
	for range 6000 {
		m := d.policy()
		content, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		p := parse(t, string(content))
		for range 10 {
			to := d.destination()
			want := m.decide(to)
			counts[want]++
			if got := p.Decide(to); got.Allowed != want {
				t.Fatalf("%s\n%s at %s: %+v", content, to, to.Address, got)
			}
		}
		// A name resolves if any protocol and port of it could be reached.
		name := d.name()
		want := false
		for port := 1; port < 65536 && !want; port++ {
			if port == 6 { // between these no rule begins or ends
				port = 78
			} else if port == 446 {
				port = 65532
			}
			for _, protocol := range []Protocol{TCP, UDP} {
				want = want || m.decide(Destination{Protocol: protocol, Name: name, Port: uint16(port)})
			}
		}
		if got := p.Resolves(name); got.Allowed != want {
			t.Fatalf("%s\n%s resolves: %+v", content, name, got)
		}
	}
	if counts[true] < 5000 || counts[false] < 5000 {
		t.Fatalf("the worlds are one-sided: %v", counts)
	}
}

func TestDenyNeverOpensAndAllowNeverCloses(t *testing.T) {
	d := dice{rand.New(rand.NewPCG(7, 7))}
	encode := func(m model) *Policy {
		content, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		return parse(t, string(content))
	}
	for range 3000 {
		m := d.policy()
		p := encode(m)
		more := m
		more.Allow = append(slices.Clone(m.Allow), d.rule(false))
		wider := encode(more)
		less := m
		less.Deny = append(slices.Clone(m.Deny), d.rule(true))
		narrower := encode(less)
		for range 10 {
			to := d.destination()
			if p.Decide(to).Allowed && !wider.Decide(to).Allowed || narrower.Decide(to).Allowed && !p.Decide(to).Allowed {
				t.Fatalf("%+v: %s at %s", m, to, to.Address)
			}
		}
	}
}

// FuzzParse checks that what is read is bounded and decides without panic, and never opens a loopback address by accident.
func FuzzParse(f *testing.F) {
	v := readVectors(f)
	for _, policy := range v.Policies {
		f.Add([]byte(policy))
	}
	for _, c := range v.Invalid {
		f.Add([]byte(c.Policy))
	}
	loopback := netip.MustParseAddr("127.0.0.1")
	f.Fuzz(func(t *testing.T, content []byte) {
		p, err := Parse(content)
		if err != nil {
			return
		}
		verdict := p.Decide(Destination{Protocol: TCP, Name: "a.example", Address: loopback, Port: 80})
		opened := slices.ContainsFunc(p.allow, func(r rule) bool {
			return r.prefix.IsValid() && r.prefix.Contains(loopback) && r.prefix.Bits() >= 8
		})
		if verdict.Allowed && !opened {
			t.Fatalf("%s opens the loopback: %+v", content, verdict)
		}
		p.Resolves("a.example")
	})
}
