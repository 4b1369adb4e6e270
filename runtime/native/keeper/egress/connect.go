package egress

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/netip"
	"slices"

	"dev.sandboxed/native/keeper/dial"
	"dev.sandboxed/native/keeper/journal"
	"dev.sandboxed/native/keeper/names"
	"dev.sandboxed/native/keeper/policy"
	"dev.sandboxed/native/keeper/resolve"
	"dev.sandboxed/native/keeper/stream"
)

// networkRule is what decides about the members of a sandbox's own networks.
const networkRule = "network"

// connection is a way out that is open, or about to be.
type connection struct {
	destination policy.Destination
	member      string // of a network, if it leads to one; no policy is about those
	rule        string
	cut         context.CancelCauseFunc
}

func (c *connection) event(kind journal.Kind) journal.Event {
	e := journal.Event{
		Kind: kind, Protocol: string(c.destination.Protocol), Host: c.destination.Name, Port: c.destination.Port, Rule: c.rule,
	}
	if c.destination.Address.IsValid() {
		e.Address = c.destination.Address.String()
	}
	return e
}

// verdict takes over what was decided, and is an error if that was no.
func (c *connection) verdict(v policy.Verdict) error {
	c.rule = v.Rule
	if !v.Allowed {
		return stream.Errorf(stream.Refused, "%s", v.Message)
	}
	return nil
}

// connect answers {"op":"connect","protocol":"tcp","address":"198.18.0.7","port":443}, and carries data until both sides have
// ended.
func (e *Egress) connect(r *stream.Request) (any, error) {
	if !e.begin(&e.ways) {
		return nil, stream.Ended
	}
	defer e.ways.Done()
	var asked struct {
		Protocol policy.Protocol `json:"protocol"`
		Address  netip.Addr      `json:"address"`
		Port     uint16          `json:"port"`
	}
	if err := json.Unmarshal(r.Payload(), &asked); err != nil || asked.Port == 0 || !asked.Address.IsValid() ||
		asked.Protocol != policy.TCP && asked.Protocol != policy.UDP {
		return nil, stream.Errorf(stream.Invalid, `a connection needs the "protocol" "tcp" or "udp", an "address" and a "port"`)
	}
	c := &connection{destination: policy.Destination{Protocol: asked.Protocol, Port: asked.Port}}
	if err := e.aim(c, asked.Address.Unmap().WithZone("")); err != nil {
		return nil, e.fail(c.event(journal.Failed), err)
	}
	ctx, cut := context.WithCancelCause(r.Context())
	defer cut(nil)
	stop := context.AfterFunc(e.life, func() { cut(context.Cause(e.life)) })
	defer stop()
	c.cut = cut
	conn, err := e.reach(ctx, c)
	if err != nil {
		return nil, e.fail(c.event(journal.Failed), err)
	}
	if err := e.admit(c); err != nil {
		conn.Close()
		return nil, e.fail(c.event(journal.Failed), err)
	}
	defer e.dismiss(c)
	return nil, e.carry(ctx, r, c, conn)
}

// aim finds the name that the address stands for.
func (e *Egress) aim(c *connection, address netip.Addr) error {
	if !names.Synthetic(address) {
		c.destination.Address = address
		c.destination.OnHost = e.host.has(address)
		return nil
	}
	name, known := e.names.Name(address)
	if !known {
		c.destination.Address = address
		return stream.Errorf(stream.Refused, "%s stands for no name that this sandbox has looked up", address)
	}
	c.destination.Name = name
	if e.members != nil {
		if member, _, mine := e.members.Lookup(name); mine {
			c.member, c.rule = member, networkRule
		}
	}
	return nil
}

// reach connects to a destination that is allowed.
func (e *Egress) reach(ctx context.Context, c *connection) (net.Conn, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, e.dial, stream.Errorf(stream.TimedOut, "there was no connection after %s", e.dial))
	defer cancel()
	conn, err := e.way(ctx, c)
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return conn, err
}

func (e *Egress) way(ctx context.Context, c *connection) (net.Conn, error) {
	d := c.destination
	if c.member != "" {
		if d.Protocol != policy.TCP {
			return nil, stream.Errorf(stream.Refused, "sandboxes reach each other by tcp only")
		}
		return e.members.Dial(ctx, c.member, d.Port)
	}
	// A name is decided before anybody is asked for its addresses.
	if err := c.verdict(e.current().Decide(d)); err != nil {
		return nil, err
	}
	if e.throughProxy(d) {
		host := d.Name
		if host == "" {
			host = d.Address.String()
		}
		return e.proxy.Dial(ctx, host, d.Port)
	}
	addresses := []netip.Addr{d.Address}
	if d.Name != "" {
		found, err := e.addressesOf(ctx, d.Name)
		if err != nil {
			return nil, err
		}
		if addresses, err = e.permitted(c, inOrder(d.Name, found)); err != nil {
			return nil, err
		}
	}
	conn, err := dialed(ctx, d.Protocol, addresses, d.Port)
	if err != nil {
		return nil, err
	}
	return conn, e.arrived(c, conn)
}

// inOrder says which address is tried first: on the host's loopback most servers listen on the one of IPv4 only, and datagrams
// are not told so.
func inOrder(name string, found resolve.Addresses) []netip.Addr {
	if name == policy.HostName {
		return slices.Concat(found.V4, found.V6)
	}
	return dial.Order(found.V4, found.V6)
}

func dialed(ctx context.Context, protocol policy.Protocol, addresses []netip.Addr, port uint16) (net.Conn, error) {
	if protocol == policy.UDP {
		return dial.UDP(ctx, addresses, port)
	}
	return dial.TCP(ctx, addresses, port)
}

// throughProxy says whether the host's proxy leads to a destination. Names are the proxy's to look up; addresses that are
// special mean something on this host only.
func (e *Egress) throughProxy(d policy.Destination) bool {
	switch {
	case e.proxy == nil || d.Protocol != policy.TCP || d.Name == policy.HostName:
		return false
	case d.Name != "":
		return e.proxy.ForName(d.Name, d.Port)
	default:
		return !d.OnHost && !policy.Special(d.Address) && e.proxy.ForAddress(d.Address, d.Port)
	}
}

// permitted are those of a name's addresses that may be connected to. It is an error if there is none.
func (e *Egress) permitted(c *connection, all []netip.Addr) ([]netip.Addr, error) {
	now := e.current()
	var permitted []netip.Addr
	var refusal policy.Verdict
	for _, address := range all {
		d := c.destination
		d.Address, d.OnHost = address, e.host.has(address)
		if v := now.Decide(d); v.Allowed {
			permitted = append(permitted, address)
		} else if refusal.Message == "" {
			refusal = v
		}
	}
	if len(permitted) == 0 {
		c.destination.Address = all[0]
		return nil, c.verdict(refusal)
	}
	c.destination.Address = permitted[0]
	return permitted, nil
}

// arrived notes which address of a name answered.
func (e *Egress) arrived(c *connection, conn net.Conn) error {
	remote, err := netip.ParseAddrPort(conn.RemoteAddr().String())
	if err != nil {
		conn.Close()
		return errors.New("the connection leads to no address")
	}
	c.destination.Address = remote.Addr().Unmap().WithZone("")
	c.destination.OnHost = e.host.has(c.destination.Address)
	return nil
}

// admit decides once more, now on what is really connected to, so that a policy that was replaced meanwhile counts, and one
// that will be finds the connection.
func (e *Egress) admit(c *connection) error {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	if c.member == "" {
		if err := c.verdict(e.policy.Decide(c.destination)); err != nil {
			return err
		}
	}
	e.open[c] = true
	return nil
}

func (e *Egress) dismiss(c *connection) {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	delete(e.open, c)
}

// carry tells the agent that the connection is there and carries its data.
func (e *Egress) carry(ctx context.Context, r *stream.Request, c *connection, conn net.Conn) error {
	id := e.journal.Add(c.event(journal.Opened))
	closed := c.event(journal.Closed)
	closed.ID = id
	var carried stream.Carried
	err := r.Event(map[string]any{"connected": struct{}{}})
	if err != nil {
		conn.Close()
	} else if way, ok := conn.(stream.Conn); ok && c.destination.Protocol == policy.TCP {
		carried, err = r.Carry(ctx, way)
	} else {
		carried, err = e.datagrams(ctx, r, conn)
	}
	closed.BytesIn, closed.BytesOut = &carried.ToPeer, &carried.FromPeer
	if err != nil {
		failure := failureOf(err)
		closed.Message = failure.Message
		err = inside(failure)
	}
	e.journal.Add(closed)
	return err
}
