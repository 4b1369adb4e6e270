// Package dial connects to addresses that have been checked. It never looks anything up.
package dial

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"syscall"
	"time"
)

// stagger is how long an address may take before the next one is tried besides it.
const stagger = 250 * time.Millisecond

// maxAttempts bounds how many addresses of a name are tried.
const maxAttempts = 16

// Order brings the addresses of both families into the order in which they are tried: in turn, IPv6 first.
func Order(v4, v6 []netip.Addr) []netip.Addr {
	var all []netip.Addr
	for i := range max(len(v4), len(v6)) {
		if i < len(v6) {
			all = append(all, v6[i])
		}
		if i < len(v4) {
			all = append(all, v4[i])
		}
	}
	return all[:min(len(all), maxAttempts)]
}

var errNone = errors.New("there is no address to connect to")

type attempt struct {
	conn *net.TCPConn
	err  error
}

// TCP connects to the first address that answers. While one takes its time, the next is tried too.
func TCP(ctx context.Context, addresses []netip.Addr, port uint16) (*net.TCPConn, error) {
	if len(addresses) == 1 {
		return connect(ctx, addresses[0], port)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	results := make(chan attempt, len(addresses))
	pending := 0
	failure := errNone
	next := time.NewTimer(0)
	defer next.Stop()
	for pending > 0 || len(addresses) > 0 {
		select {
		case <-next.C:
			if len(addresses) == 0 {
				continue
			}
			address := addresses[0]
			addresses = addresses[1:]
			pending++
			go func() {
				conn, err := connect(ctx, address, port)
				results <- attempt{conn, err}
			}()
			next.Reset(stagger)
		case a := <-results:
			pending--
			if a.err == nil {
				go closeRest(results, pending)
				return a.conn, nil
			}
			if failure == errNone || !noWay(a.err) {
				failure = a.err
			}
			next.Reset(0)
		}
	}
	return nil, failure
}

func connect(ctx context.Context, address netip.Addr, port uint16) (*net.TCPConn, error) {
	conn, err := open(ctx, "tcp", address, port)
	if err != nil {
		return nil, err
	}
	return conn.(*net.TCPConn), nil
}

// open leaves the choice of the local port to connect, which then may use one port for many destinations. There is nothing to
// look up in the text of an address.
func open(ctx context.Context, network string, address netip.Addr, port uint16) (net.Conn, error) {
	var dialer net.Dialer
	return dialer.DialContext(ctx, network, netip.AddrPortFrom(address, port).String())
}

// closeRest closes what was connected too late.
func closeRest(results <-chan attempt, pending int) {
	for range pending {
		if a := <-results; a.err == nil {
			a.conn.Close()
		}
	}
}

// noWay is what an address fails with that this host cannot reach at all, which says less than what another answered.
func noWay(err error) bool {
	return errors.Is(err, syscall.ENETUNREACH) || errors.Is(err, syscall.EHOSTUNREACH) || errors.Is(err, syscall.EADDRNOTAVAIL)
}

// UDP is a socket that sends to the first address to which there is a way, and receives from that one only.
func UDP(ctx context.Context, addresses []netip.Addr, port uint16) (*net.UDPConn, error) {
	err := errNone
	for _, address := range addresses {
		conn, failure := open(ctx, "udp", address, port)
		if failure == nil {
			return conn.(*net.UDPConn), nil
		}
		err = failure
	}
	return nil, err
}
