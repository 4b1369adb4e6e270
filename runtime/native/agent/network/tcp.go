package network

import (
	"context"
	"errors"
	"sync"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/waiter"

	"dev.sandboxed/native/agent/failure"
	"dev.sandboxed/native/agent/network/packets"
	"dev.sandboxed/native/agent/stream"
	"dev.sandboxed/native/agent/upstream"
)

var buffers = sync.Pool{New: func() any { b := make([]byte, stream.Chunk); return &b }}

// takeTCP handles what belongs to no connection yet. The forwarder gives each new one a goroutine.
func (n *Network) takeTCP() func(stack.TransportEndpointID, *stack.PacketBuffer) bool {
	forwarder := tcp.NewForwarder(n.stack, bufferSize(0), maxFlows, n.openTCP)
	return func(id stack.TransportEndpointID, packet *stack.PacketBuffer) bool {
		flags := header.TCP(packet.TransportHeader().Slice()).Flags()
		if len(n.flows) == cap(n.flows) || !packets.Opening(flags) {
			return false // the stack answers with a reset
		}
		switch n.openings.begin(id, packet) {
		case later:
			return true
		case never:
			return false
		}
		if !forwarder.HandlePacket(id, packet) {
			n.opened(id)
			return false
		}
		return true
	}
}

// complete ends what r asked for, with a reset or with nothing, once it is refused or there is a connection.
func (n *Network) complete(r *tcp.ForwarderRequest, reset bool) {
	id := r.ID()
	r.Complete(reset)
	n.opened(id)
}

func (n *Network) opened(id stack.TransportEndpointID) {
	next := n.openings.end(id)
	if next == nil {
		return
	}
	defer next.DecRef()
	n.forget(flowOf(tcp.ProtocolNumber, id))
	n.begun(id, next)
}

// forget ends what there is of an earlier connection when a program begins another one from the same port. Packets come in the
// order in which they were sent, so by then the program's end of it is gone. The stack itself would not answer while it remembers
// that connection: it looks for a listener to take over, of which there is none, and the program waits for seconds.
func (n *Network) forget(flow packets.Flow) {
	protocol := header.IPv4ProtocolNumber
	if flow.To.Addr().Is6() {
		protocol = header.IPv6ProtocolNumber
	}
	found := n.stack.FindTransportEndpoint(protocol, tcp.ProtocolNumber, stack.TransportEndpointID{
		LocalAddress: tcpip.AddrFromSlice(flow.To.Addr().AsSlice()), LocalPort: flow.To.Port(),
		RemoteAddress: tcpip.AddrFromSlice(flow.From.Addr().AsSlice()), RemotePort: flow.From.Port(),
	}, nic)
	endpoint, known := found.(*tcp.Endpoint)
	if !known {
		return
	}
	switch tcp.EndpointState(endpoint.State()) {
	case tcp.StateConnecting, tcp.StateSynRecv: // The program has just asked once more.
	default:
		endpoint.Abort()
	}
}

func (n *Network) openTCP(r *tcp.ForwarderRequest) {
	if !n.flows.take() {
		n.complete(r, true)
		return
	}
	defer n.flows.give()
	flow := flowOf(tcp.ProtocolNumber, r.ID())
	if n.isNames(flow) {
		n.talkNames(r)
		return
	}
	s, err := n.keeper.Connect(n.openings.contextOf(r.ID()), askFor(flow))
	if err != nil {
		n.refuseTCP(r, flow, err)
		return
	}
	var queue waiter.Queue
	endpoint, failed := r.CreateEndpoint(&queue)
	n.complete(r, failed != nil)
	if failed != nil {
		s.Cancel() // The program has given up meanwhile.
		return
	}
	if size := bufferSize(len(n.flows)); size < bufferSize(0) {
		endpoint.SocketOptions().SetReceiveBufferSize(int64(size), true)
		endpoint.SocketOptions().SetSendBufferSize(int64(size), true)
	}
	newConnection(n.context, endpoint, &queue, s).carry()
}

// bufferSize is how much of a program's data may wait in the stack for the keeper, and as much of the outside's for the program:
// whole packets, and many of them, since whoever wakes up should find much to do. It is smaller where there are many connections,
// so that all of them together hold some gigabytes at most.
func bufferSize(flows int) int {
	switch {
	case flows < 64:
		return 32 * fullPacket
	case flows < 512:
		return 8 * fullPacket
	default:
		return 4 * fullPacket
	}
}

// refuseTCP answers at once with what makes the clearest error inside.
func (n *Network) refuseTCP(r *tcp.ForwarderRequest, flow packets.Flow, why error) {
	switch failure.Of(why, "").Kind {
	case failure.Unreachable, failure.TimedOut:
		n.complete(r, false)
		_ = n.link.Write(n.front.ErrorFor(flow, packets.Unreachable))
	default:
		n.complete(r, true)
	}
}

// connection carries bytes between a program and the keeper.
type connection struct {
	endpoint tcpip.Endpoint
	queue    *waiter.Queue
	stream   *upstream.Stream

	// context is done when either end breaks off; deaf, besides, when the program takes no more.
	context context.Context
	fail    context.CancelFunc
	deaf    context.Context
}

func newConnection(ctx context.Context, endpoint tcpip.Endpoint, queue *waiter.Queue, s *upstream.Stream) *connection {
	c := &connection{endpoint: endpoint, queue: queue, stream: s}
	c.context, c.fail = context.WithCancel(ctx)
	// Small pieces are answers that someone waits for.
	endpoint.SocketOptions().SetDelayOption(false)
	return c
}

func (c *connection) carry() {
	defer c.fail()
	defer context.AfterFunc(c.stream.Broken(), c.fail)()
	var turnDeaf context.CancelFunc
	c.deaf, turnDeaf = context.WithCancel(c.context)
	defer turnDeaf()
	hangUp := waiter.NewFunctionEntry(waiter.EventHUp|waiter.EventErr, func(waiter.EventMask) {
		if tcp.EndpointState(c.endpoint.State()) == tcp.StateError {
			turnDeaf()
		}
	})
	c.queue.EventRegister(&hangUp)
	defer c.queue.EventUnregister(&hangUp)
	out := make(chan error, 1)
	go func() {
		err := c.out()
		if err != nil {
			c.fail()
		}
		out <- err
	}()
	err := c.in()
	if err != nil {
		c.fail()
	}
	if err = errors.Join(err, <-out); err != nil {
		c.endpoint.Abort()
		c.stream.Cancel()
	}
	c.endpoint.Close()
}

// out sends what the program writes, until it ends that. A buffer is held only while there is something to send.
func (c *connection) out() error {
	readable, notify := waiter.NewChannelEntry(waiter.ReadableEvents | waiter.EventHUp | waiter.EventErr)
	c.queue.EventRegister(&readable)
	defer c.queue.EventUnregister(&readable)
	for {
		credit, err := c.stream.Allowance(c.context)
		if err != nil {
			return err
		}
		if c.endpoint.Readiness(waiter.ReadableEvents) == 0 {
			select {
			case <-notify:
			case <-c.context.Done():
				return c.context.Err()
			}
			continue
		}
		done, err := c.sendOnce(min(credit, stream.Chunk))
		if done || err != nil {
			return err
		}
	}
}

func (c *connection) sendOnce(credit int) (done bool, err error) {
	buffer := buffers.Get().(*[]byte)
	defer buffers.Put(buffer)
	to := tcpip.SliceWriter((*buffer)[:credit])
	result, failed := c.endpoint.Read(&to, tcpip.ReadOptions{})
	switch failed.(type) {
	case nil:
		return false, c.stream.Send((*buffer)[:result.Count])
	case *tcpip.ErrWouldBlock:
		return false, nil
	case *tcpip.ErrClosedForReceive:
		return true, c.stream.End()
	default:
		return false, errors.New(failed.String())
	}
}

// in gives the program what comes from the outside, until that ends.
func (c *connection) in() error {
	writable, notify := waiter.NewChannelEntry(waiter.WritableEvents | waiter.EventHUp | waiter.EventErr)
	c.queue.EventRegister(&writable)
	defer c.queue.EventUnregister(&writable)
	inbox := c.stream.Inbox()
	var packing packing
	defer packing.drop()
	write := func(data *payload) error { return c.write(data, notify) }
	for {
		data, ok, err := inbox.Next(c.deaf)
		if err != nil {
			return err
		}
		if !ok {
			// A connection that the program has closed meanwhile needs no end.
			_ = c.endpoint.Shutdown(tcpip.ShutdownWrite)
			return c.context.Err()
		}
		if err := packing.write(data, !inbox.Waiting(), write); err != nil {
			return err
		}
		inbox.Consumed(len(data))
	}
}

// write gives the program all of the data, as it takes it.
func (c *connection) write(data *payload, writable <-chan struct{}) error {
	for data.Len() > 0 {
		_, failed := c.endpoint.Write(data, tcpip.WriteOptions{})
		switch failed.(type) {
		case nil:
		case *tcpip.ErrWouldBlock:
			select {
			case <-writable:
			case <-c.deaf.Done():
				return c.deaf.Err()
			}
		default:
			return errors.New(failed.String())
		}
	}
	return nil
}
