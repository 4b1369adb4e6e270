// Package policy decides what a sandbox may reach. A policy is a value: it never changes, and deciding has no effects.
package policy

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
)

// everything is what the rule is called that allows all that is not special.
const everything = "everything"

// HostName is the name of the host's loopback, since the addresses of it mean the sandbox's own inside. Only rules that name
// it, or the loopback, allow it.
const HostName = "host.sandbox"

var loopbacks = []netip.Addr{netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("::1")}

// Loopbacks are the real addresses of HostName.
func Loopbacks() (v4, v6 netip.Addr) { return loopbacks[0], loopbacks[1] }

// Policy is what a sandbox may reach. Deny wins over allow, and what no rule is about is refused.
type Policy struct {
	everything  bool
	allow, deny []rule
}

// Closed refuses everything.
func Closed() *Policy { return &Policy{} }

// Destination is what a program wants to reach.
type Destination struct {
	Protocol Protocol
	// Name is what the program asked for, in the form of names.Normal; empty if it used an address.
	Name string
	// Address is the real address; not valid while only the name is known.
	Address netip.Addr
	Port    uint16
	// OnHost says that the address is one of this host's own, behind which may be what other hosts cannot reach.
	OnHost bool
}

func (d Destination) String() string {
	host := d.Name
	if host == "" {
		host = d.Address.String()
	}
	return string(d.Protocol) + " " + net.JoinHostPort(host, strconv.Itoa(int(d.Port)))
}

// Verdict is a decision. Rule is the text of the rule that decided; empty if none is about the destination, or if none
// opens the special range that it is in. Message says why a destination is refused.
type Verdict struct {
	Allowed bool
	Rule    string
	Message string
}

func refused(rule, format string, args ...any) Verdict {
	return Verdict{Rule: rule, Message: fmt.Sprintf(format, args...)}
}

// Decide says whether the destination may be reached. Without an address it decides by the name alone, and the caller must
// ask again for every address of it before it connects.
func (p *Policy) Decide(d Destination) Verdict {
	var all []netip.Addr
	if d.Address.IsValid() {
		d.Address = d.Address.Unmap().WithZone("")
		all = reached(d.Address)
	}
	for _, r := range p.deny {
		if r.covers(d.Protocol, d.Port) && (d.Name != "" && r.names(d.Name) || len(all) > 0 && r.contains(all...)) {
			return refused(r.text, "the rule %q denies %s", r.text, d)
		}
	}
	rule, allowed := p.allowing(d)
	if !allowed {
		return refused("", "no rule allows %s", d)
	}
	for _, address := range all {
		s, found := specialOf(address)
		if d.OnHost && address == d.Address && (!found || s.byName) {
			s, found = special{netip.PrefixFrom(address, address.BitLen()), "an address of this host", false}, true
		}
		if !found {
			continue
		}
		if rule, allowed = p.opening(d, s, address); !allowed {
			return refused("", "%s leads to %s, %s, which needs a rule that names it", d, address, s.what)
		}
	}
	return Verdict{Allowed: true, Rule: rule}
}

// allowing finds the rule that lets the name, or the address if there is none, through.
func (p *Policy) allowing(d Destination) (rule string, found bool) {
	for _, r := range p.allow {
		if r.covers(d.Protocol, d.Port) && r.allows(d) {
			return r.text, true
		}
	}
	return everything, p.everything && d.Name != HostName
}

// opening finds the rule that opens a special address.
func (p *Policy) opening(d Destination, s special, address netip.Addr) (rule string, found bool) {
	for _, r := range p.allow {
		byName := r.private && s.byName && d.Name != "" && r.names(d.Name) || d.Name == HostName && r.namesHost()
		if r.covers(d.Protocol, d.Port) && (byName || r.opens(s, address)) {
			return r.text, true
		}
	}
	return "", false
}

// Resolves says whether there is anything at all that may be reached by the name.
func (p *Policy) Resolves(name string) Verdict {
	last := refused("", "no rule allows %s", name)
	for _, port := range p.turns(name) {
		for _, protocol := range []Protocol{TCP, UDP} {
			verdict := p.Decide(Destination{Protocol: protocol, Name: name, Port: port})
			if verdict.Allowed {
				return verdict
			}
			if verdict.Rule != "" {
				last = refused(verdict.Rule, "the rule %q denies %s", verdict.Rule, name)
			}
		}
	}
	return last
}

// turns are the ports from which on another rule may decide for the name.
func (p *Policy) turns(name string) []uint16 {
	turns := []uint16{1}
	for _, r := range p.allow {
		if !r.allows(Destination{Name: name}) {
			continue
		}
		for _, range_ := range r.ports {
			turns = append(turns, range_.first)
		}
	}
	for _, r := range p.deny {
		if !r.names(name) {
			continue
		}
		for _, range_ := range r.ports {
			if range_.last < 65535 {
				turns = append(turns, range_.last+1)
			}
		}
	}
	return turns
}
