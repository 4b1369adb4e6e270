package policy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"
	"unicode"

	"dev.sandboxed/native/keeper/names"
)

// Limits of a policy.
const (
	maxRules = 4096
	maxPorts = 64
	maxText  = 300
)

// Protocol is what a connection is made of.
type Protocol string

// The protocols that a sandbox can reach anything by.
const (
	TCP Protocol = "tcp"
	UDP Protocol = "udp"
)

// rule is one line of a policy. It is about a domain, about the addresses of a prefix, or about any destination.
type rule struct {
	text     string
	domain   string
	wildcard bool // the domain's subdomains and not itself
	prefix   netip.Prefix
	any      bool
	private  bool
	ports    []ports // none for all
	tcp, udp bool
}

type ports struct{ first, last uint16 }

// Parse reads a policy. What it does not understand is an error, since a restriction that is ignored would open something.
func Parse(content []byte) (*Policy, error) {
	var encoded struct {
		Everything bool            `json:"everything"`
		Allow      []*ruleEncoding `json:"allow"`
		Deny       []*ruleEncoding `json:"deny"`
	}
	if !bytes.HasPrefix(bytes.TrimLeft(content, " \t\r\n"), []byte("{")) {
		return nil, errors.New("the network policy is no JSON object")
	}
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&encoded); err != nil {
		return nil, fmt.Errorf("the network policy: %w", err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, fmt.Errorf("the network policy: there is something behind it")
	}
	if n := len(encoded.Allow) + len(encoded.Deny); n > maxRules {
		return nil, fmt.Errorf("the network policy has %d rules, where %d are the limit", n, maxRules)
	}
	p := &Policy{everything: encoded.Everything}
	for _, e := range encoded.Allow {
		r, err := e.rule(false)
		if err != nil {
			return nil, err
		}
		p.allow = append(p.allow, r)
	}
	for _, e := range encoded.Deny {
		r, err := e.rule(true)
		if err != nil {
			return nil, err
		}
		p.deny = append(p.deny, r)
	}
	return p, nil
}

type ruleEncoding struct {
	Text      string     `json:"text"`
	Domain    string     `json:"domain"`
	CIDR      string     `json:"cidr"`
	Any       bool       `json:"any"`
	Ports     [][]int    `json:"ports"`
	Protocols []Protocol `json:"protocols"`
	Private   bool       `json:"private"`
}

func (e *ruleEncoding) rule(denies bool) (rule, error) {
	if e == nil {
		return rule{}, fmt.Errorf("the network policy has null in the place of a rule")
	}
	r := rule{text: e.name(), any: e.Any, private: e.Private}
	wrong := func(format string, args ...any) (rule, error) {
		return rule{}, fmt.Errorf("the rule %q of the network policy: %s", r.text, fmt.Sprintf(format, args...))
	}
	subjects := 0
	for _, given := range []bool{e.Domain != "", e.CIDR != "", e.Any} {
		if given {
			subjects++
		}
	}
	if subjects != 1 {
		return wrong(`it needs exactly one of "domain", "cidr" and "any"`)
	}
	if e.Private && (e.Domain == "" || denies) {
		return wrong(`"private" is for domains that are allowed`)
	}
	if err := r.about(e); err != nil {
		return wrong("%v", err)
	}
	if len(e.Ports) > maxPorts {
		return wrong("it has %d ranges of ports, where %d are the limit", len(e.Ports), maxPorts)
	}
	for _, range_ := range e.Ports {
		if len(range_) != 2 || range_[0] < 1 || range_[0] > range_[1] || range_[1] > 65535 {
			return wrong("%v is no range of ports: it needs two numbers from 1 to 65535, the smaller one first", range_)
		}
		r.ports = append(r.ports, ports{uint16(range_[0]), uint16(range_[1])})
	}
	for _, protocol := range e.Protocols {
		switch protocol {
		case TCP:
			r.tcp = true
		case UDP:
			r.udp = true
		default:
			return wrong("%q is no protocol: it needs %q or %q", protocol, TCP, UDP)
		}
	}
	if len(e.Protocols) == 0 {
		// What is forbidden is forbidden by every way; what is allowed is allowed by the usual one.
		r.tcp, r.udp = true, denies
	}
	return r, nil
}

// about reads what the rule is about.
func (r *rule) about(e *ruleEncoding) error {
	var err error
	switch {
	case e.Domain != "":
		r.domain, r.wildcard = strings.CutPrefix(e.Domain, "*.")
		r.domain, err = names.Normal(r.domain)
	case e.CIDR != "":
		r.prefix, err = parsePrefix(e.CIDR)
	}
	return err
}

func parsePrefix(text string) (netip.Prefix, error) {
	if address, err := netip.ParseAddr(text); err == nil && address.Zone() == "" {
		address = address.Unmap()
		return netip.PrefixFrom(address, address.BitLen()), nil
	}
	prefix, err := netip.ParsePrefix(text)
	if err != nil {
		return prefix, fmt.Errorf("%q is no address and no range of them, such as 203.0.113.0/24", text)
	}
	if address := prefix.Addr(); address.Is4In6() {
		if prefix.Bits() < 96 {
			return prefix, fmt.Errorf("%q has IPv4 and IPv6 addresses: write a rule for each", text)
		}
		prefix = netip.PrefixFrom(address.Unmap(), prefix.Bits()-96)
	}
	if prefix.Masked() != prefix {
		return prefix, fmt.Errorf("%q has bits behind its prefix: write %s, or the address alone", text, prefix.Masked())
	}
	return prefix, nil
}

// name is what the rule is called where it decides: what the user wrote, or what it is about.
func (e *ruleEncoding) name() string {
	text := e.Text
	for _, other := range []string{e.Domain, e.CIDR, "any"} {
		if text == "" {
			text = other
		}
	}
	text = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, text)
	if runes := []rune(text); len(runes) > maxText {
		text = string(runes[:maxText])
	}
	return text
}

func (r *rule) covers(protocol Protocol, port uint16) bool {
	if protocol == TCP && !r.tcp || protocol == UDP && !r.udp {
		return false
	}
	for _, p := range r.ports {
		if port >= p.first && port <= p.last {
			return true
		}
	}
	return len(r.ports) == 0
}

// names says whether the rule is about the domain, without regard to protocols and ports.
func (r *rule) names(domain string) bool {
	if r.any {
		return true
	}
	if r.domain == "" {
		return false
	}
	if r.wildcard {
		sub, found := strings.CutSuffix(domain, r.domain)
		return found && strings.HasSuffix(sub, ".") && len(sub) > 1
	}
	return domain == r.domain
}

// namesHost says whether the rule is about HostName and nothing else.
func (r *rule) namesHost() bool { return r.domain == HostName && !r.wildcard }

// allows says whether the rule, as one that allows, is about the destination, without regard to protocols and ports.
func (r *rule) allows(d Destination) bool {
	switch d.Name {
	case "":
		return r.contains(d.Address)
	case HostName:
		return r.namesHost() || slices.ContainsFunc(loopbacks, func(a netip.Addr) bool {
			s, _ := specialOf(a)
			return r.opens(s, a)
		})
	default:
		return r.names(d.Name)
	}
}

// contains says whether the rule is about one of the addresses.
func (r *rule) contains(addresses ...netip.Addr) bool {
	if r.any {
		return true
	}
	if !r.prefix.IsValid() {
		return false
	}
	for _, address := range addresses {
		if r.prefix.Contains(address) {
			return true
		}
	}
	return false
}

// opens says whether the rule names the special range, or a part of it that contains the address.
func (r *rule) opens(s special, address netip.Addr) bool {
	return r.prefix.IsValid() && r.prefix.Contains(address) && r.prefix.Bits() >= s.prefix.Bits()
}
