package network

import (
	"bytes"
	"context"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/transport/udp"
	"gvisor.dev/gvisor/pkg/waiter"

	"dev.sandboxed/native/agent/network/packets"
	"dev.sandboxed/native/agent/upstream"
)

// maxDatagram is the largest there is.
const maxDatagram = 65507

// datagramBuffer is how much of a program's datagrams may wait for the keeper.
const datagramBuffer = 256 << 10

// takeUDP handles the first datagram between two ports, and must not wait.
func (n *Network) takeUDP(r *udp.ForwarderRequest) bool {
	flow := flowOf(udp.ProtocolNumber, r.ID())
	if !n.pairs.take() {
		n.refuseUDP(flow)
		return true
	}
	var queue waiter.Queue
	endpoint, failed := r.CreateEndpoint(&queue)
	if failed != nil {
		n.pairs.give()
		n.refuseUDP(flow)
		return true
	}
	endpoint.SocketOptions().SetReceiveBufferSize(datagramBuffer, false)
	go func() {
		defer n.pairs.give()
		defer endpoint.Close()
		s, err := n.keeper.Connect(n.context, askFor(flow))
		if err != nil {
			n.refuseUDP(flow)
			return
		}
		carryDatagrams(n.context, endpoint, &queue, s)
	}()
	return true
}

// refuseUDP tells a program what connected sockets are told of datagrams that nobody takes. The stack would say it to so many a
// second only.
func (n *Network) refuseUDP(flow packets.Flow) {
	_ = n.link.Write(n.front.ErrorFor(flow, packets.NobodyThere))
}

// carryDatagrams carries datagrams both ways until the keeper ends the flow, which has no other end. What does not fit at once
// is lost, as datagrams may be.
func carryDatagrams(ctx context.Context, endpoint tcpip.Endpoint, queue *waiter.Queue, s *upstream.Stream) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	defer context.AfterFunc(s.Broken(), stop)()
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		sendDatagrams(ctx, endpoint, queue, s)
	}()
	inbox := s.Inbox()
	for {
		data, ok, err := inbox.Next(ctx)
		if err != nil || !ok {
			break
		}
		_, _ = endpoint.Write(bytes.NewReader(data), tcpip.WriteOptions{})
		inbox.Consumed(len(data))
	}
	stop()
	<-sent
	s.Cancel()
}

func sendDatagrams(ctx context.Context, endpoint tcpip.Endpoint, queue *waiter.Queue, s *upstream.Stream) {
	readable, notify := waiter.NewChannelEntry(waiter.ReadableEvents | waiter.EventErr)
	queue.EventRegister(&readable)
	defer queue.EventUnregister(&readable)
	for {
		credit, err := s.Allowance(ctx)
		if err != nil {
			return
		}
		if endpoint.Readiness(waiter.ReadableEvents) == 0 {
			select {
			case <-notify:
				continue
			case <-ctx.Done():
				return
			}
		}
		buffer := buffers.Get().(*[]byte)
		to := tcpip.SliceWriter((*buffer)[:maxDatagram])
		result, failed := endpoint.Read(&to, tcpip.ReadOptions{})
		if _, again := failed.(*tcpip.ErrWouldBlock); failed != nil && !again {
			buffers.Put(buffer)
			return
		}
		// Frames with data are never empty, so neither are the datagrams that get through.
		if failed == nil && result.Count > 0 && result.Count <= credit {
			err = s.Send((*buffer)[:result.Count])
		}
		buffers.Put(buffer)
		if err != nil {
			return
		}
	}
}
