package network

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/adapters/gonet"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/udp"
	"gvisor.dev/gvisor/pkg/waiter"

	"dev.sandboxed/native/agent/failure"
	"dev.sandboxed/native/agent/network/device"
	"dev.sandboxed/native/agent/network/names"
	"dev.sandboxed/native/agent/network/packets"
)

const (
	namesPort = 53
	// maxQueries bounds the questions that wait for the keeper; more are answered with an error at once.
	maxQueries = 256
	// maxTalks bounds the TCP connections to the name server.
	maxTalks = 32
	// talkPatience is how long such a connection may be idle.
	talkPatience = 10 * time.Second
	// lookupPatience is how long a question may take. Programs have asked again long before.
	lookupPatience = 20 * time.Second
)

func (n *Network) isNames(flow packets.Flow) bool {
	to := flow.To.Addr()
	return n.names && flow.To.Port() == namesPort && (to == device.NamesV4 || to == device.NamesV6)
}

// serveNames answers questions by UDP.
func (n *Network) serveNames() error {
	for address, protocol := range map[netip.Addr]tcpip.NetworkProtocolNumber{
		device.NamesV4: header.IPv4ProtocolNumber, device.NamesV6: header.IPv6ProtocolNumber,
	} {
		var queue waiter.Queue
		endpoint, err := n.stack.NewEndpoint(udp.ProtocolNumber, protocol, &queue)
		if err != nil {
			return fmt.Errorf("make the name server: %s", err)
		}
		at := tcpip.FullAddress{NIC: nic, Addr: tcpip.AddrFromSlice(address.AsSlice()), Port: namesPort}
		if err := endpoint.Bind(at); err != nil {
			endpoint.Close()
			return fmt.Errorf("make the name server listen: %s", err)
		}
		go n.answerDatagrams(endpoint, &queue)
	}
	return nil
}

func (n *Network) answerDatagrams(endpoint tcpip.Endpoint, queue *waiter.Queue) {
	defer endpoint.Close()
	readable, notify := waiter.NewChannelEntry(waiter.ReadableEvents)
	queue.EventRegister(&readable)
	defer queue.EventUnregister(&readable)
	for {
		var query bytes.Buffer
		result, err := endpoint.Read(&query, tcpip.ReadOptions{NeedRemoteAddr: true})
		switch err.(type) {
		case nil:
			n.answerDatagram(endpoint, query.Bytes(), result.RemoteAddr)
		case *tcpip.ErrWouldBlock:
			select {
			case <-notify:
			case <-n.context.Done():
				return
			}
		default:
			return
		}
	}
}

func (n *Network) answerDatagram(endpoint tcpip.Endpoint, query []byte, from tcpip.FullAddress) {
	answer := func(lookup names.Lookup) {
		if reply := names.Reply(n.context, query, false, lookup); reply != nil {
			_, _ = endpoint.Write(bytes.NewReader(reply), tcpip.WriteOptions{To: &from})
		}
	}
	if !n.queries.take() {
		answer(overloaded)
		return
	}
	go func() {
		defer n.queries.give()
		answer(n.lookup)
	}()
}

// talkNames answers questions on one TCP connection, one after the other.
func (n *Network) talkNames(r *tcp.ForwarderRequest) {
	if !n.talks.take() {
		n.complete(r, true)
		return
	}
	defer n.talks.give()
	var queue waiter.Queue
	endpoint, failed := r.CreateEndpoint(&queue)
	n.complete(r, failed != nil)
	if failed != nil {
		return
	}
	conn := gonet.NewTCPConn(&queue, endpoint)
	defer conn.Close()
	defer context.AfterFunc(n.context, func() { _ = conn.Close() })()
	for {
		if err := conn.SetDeadline(time.Now().Add(talkPatience)); err != nil {
			return
		}
		var length [2]byte
		if _, err := io.ReadFull(conn, length[:]); err != nil {
			return
		}
		query := make([]byte, binary.BigEndian.Uint16(length[:]))
		if _, err := io.ReadFull(conn, query); err != nil {
			return
		}
		reply := names.Reply(n.context, query, true, n.lookup)
		if reply == nil {
			return
		}
		if err := conn.SetDeadline(time.Now().Add(talkPatience)); err != nil {
			return
		}
		if _, err := conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(reply))), reply...)); err != nil {
			return
		}
	}
}

func overloaded(context.Context, string, bool) (names.Answer, error) {
	return names.Answer{}, failure.Newf(failure.TooMany, "%d names are being looked up, which is the limit", maxQueries)
}

// lookup asks the keeper.
func (n *Network) lookup(ctx context.Context, name string, v6 bool) (names.Answer, error) {
	kind := "A"
	if v6 {
		kind = "AAAA"
	}
	ctx, stop := context.WithTimeout(ctx, lookupPatience)
	defer stop()
	answer, err := n.keeper.Ask(ctx, map[string]string{"op": "resolve", "name": name, "type": kind})
	if err != nil {
		return names.Answer{}, err
	}
	var found struct {
		Addresses  []netip.Addr `json:"addresses"`
		TTLSeconds uint32       `json:"ttlSeconds"`
	}
	if err := json.Unmarshal(answer, &found); err != nil {
		return names.Answer{}, fmt.Errorf("the keeper's answer: %w", err)
	}
	return names.Answer{Addresses: found.Addresses, TTLSeconds: found.TTLSeconds}, nil
}
