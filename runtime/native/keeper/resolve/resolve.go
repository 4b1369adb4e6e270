// Package resolve looks names up for a sandbox: on given DNS servers, or as the host does.
package resolve

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"
)

const (
	// limit is how long one look-up may take, over all servers.
	limit = 10 * time.Second
	// atOnce bounds the look-ups that go on at the same time.
	atOnce = 64
)

// ErrNotFound says that there is no such name, or that it has no address.
var ErrNotFound = errors.New("there is no such name")

// Resolver looks names up. Its methods may be called from any goroutine.
type Resolver struct {
	servers []*net.Resolver
	// absolute keeps the host's search list away from names that have no dot.
	absolute bool
	limit    time.Duration
	slots    chan struct{}
}

// New asks the servers, one after the other as long as they give no answer. Without servers it asks as the host does.
func New(servers []netip.AddrPort) *Resolver {
	r := &Resolver{absolute: len(servers) > 0, limit: limit, slots: make(chan struct{}, atOnce)}
	if len(servers) == 0 {
		r.servers = []*net.Resolver{{PreferGo: true}}
	}
	for _, server := range servers {
		r.servers = append(r.servers, &net.Resolver{
			PreferGo: true,
			Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
				var dialer net.Dialer
				return dialer.DialContext(ctx, network, server.String())
			},
		})
	}
	return r
}

// Addresses are those of one name, in the order in which they are to be tried. One of the two may be empty.
type Addresses struct {
	V4, V6 []netip.Addr
}

// Lookup finds all addresses of a name, which has the form of names.Normal.
func (r *Resolver) Lookup(ctx context.Context, name string) (Addresses, error) {
	ctx, cancel := context.WithTimeout(ctx, r.limit)
	defer cancel()
	select {
	case r.slots <- struct{}{}:
		defer func() { <-r.slots }()
	case <-ctx.Done():
		return Addresses{}, fmt.Errorf("look up %s: %w", name, ctx.Err())
	}
	var found Addresses
	err := ErrNotFound
	for i, server := range r.servers {
		deadline, _ := ctx.Deadline()
		share, done := context.WithTimeout(ctx, time.Until(deadline)/time.Duration(len(r.servers)-i))
		found, err = r.ask(share, server, name)
		done()
		if err == nil || errors.Is(err, ErrNotFound) {
			break
		}
	}
	if err != nil {
		return Addresses{}, fmt.Errorf("look up %s: %w", name, err)
	}
	return found, nil
}

func (r *Resolver) ask(ctx context.Context, server *net.Resolver, name string) (Addresses, error) {
	if r.absolute || strings.Contains(name, ".") {
		name += "."
	}
	var found Addresses
	var failed4, failed6 error
	var both sync.WaitGroup
	both.Go(func() { found.V4, failed4 = lookup(ctx, server, "ip4", name) })
	both.Go(func() { found.V6, failed6 = lookup(ctx, server, "ip6", name) })
	both.Wait()
	switch {
	case len(found.V4)+len(found.V6) > 0:
		return found, nil
	case failed4 != nil:
		return found, failed4
	case failed6 != nil:
		return found, failed6
	default:
		return found, ErrNotFound
	}
}

// lookup finds the addresses of one family, perhaps none.
func lookup(ctx context.Context, server *net.Resolver, family, name string) ([]netip.Addr, error) {
	all, err := server.LookupNetIP(ctx, family, name)
	var failure *net.DNSError
	if errors.As(err, &failure) && failure.IsNotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	for i := range all {
		all[i] = all[i].Unmap().WithZone("")
	}
	return all, nil
}
