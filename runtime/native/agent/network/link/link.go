// Package link is the network stack's end of a device file that carries one packet in every read and write.
package link

import (
	"errors"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"syscall"

	"gvisor.dev/gvisor/pkg/buffer"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/stack"

	"dev.sandboxed/native/agent/network/packets"
	"dev.sandboxed/native/frame"
	"dev.sandboxed/native/nonblock"
)

// small is the size up to which a packet is copied into memory of its own size rather than keeping the memory of a large one.
const small = 4 << 10

// turn is how many packets are read one after the other before others have their turn.
const turn = 64

// Endpoint gives the stack the packets that it may see and refuses the others.
type Endpoint struct {
	file    *os.File
	raw     syscall.RawConn
	front   *packets.Front
	opened  func(packets.Flow)
	refused func(packet []byte)
	mtu     uint32
	closed  atomic.Bool

	mutex      sync.RWMutex
	dispatcher stack.NetworkDispatcher
	served     sync.WaitGroup
}

// New makes an end of a device whose packets are at most mtu bytes. It calls opened before it gives the stack a packet that begins
// a connection, and refused with each packet that it told the sender is refused, which is valid during the call only.
func New(
	file *os.File, mtu uint32, front *packets.Front, opened func(packets.Flow), refused func(packet []byte),
) (*Endpoint, error) {
	raw, err := file.SyscallConn()
	if err != nil {
		return nil, err
	}
	return &Endpoint{file: file, raw: raw, front: front, opened: opened, refused: refused, mtu: mtu}, nil
}

// Start reads packets in a goroutine of its own until the endpoint is closed. It calls failed if reading ends before.
func (e *Endpoint) Start(failed func(error)) {
	e.served.Go(func() {
		if err := e.serve(); err != nil {
			failed(err)
		}
	})
}

func (e *Endpoint) serve() error {
	piece := buffer.NewViewSize(int(e.mtu))
	defer func() { piece.Release() }()
	var failed error
	// The function is called again whenever there is something to read, and all of it is read then: while there is nothing, the
	// poller waits and no thread does.
	err := e.raw.Read(func(fd uintptr) bool {
		for count := 1; ; count++ {
			n, err := read(fd, piece.AsSlice(), count%turn == 0)
			switch {
			case errors.Is(err, syscall.EAGAIN):
				return false
			case err == nil && n == 0:
				failed = io.EOF
				return true
			case err != nil:
				failed = os.NewSyscallError("read", err)
				return true
			default:
				if e.deliver(piece, n) {
					piece = buffer.NewViewSize(int(e.mtu))
				}
			}
		}
	})
	switch {
	case e.closed.Load() || errors.Is(failed, io.EOF):
		return nil
	case failed != nil:
		return failed
	default:
		return err
	}
}

// read reads one packet. A flood of them must not keep the processor from everything else the agent does: a call that Go knows
// of wakes its monitor, which sees to that.
func read(fd uintptr, to []byte, monitored bool) (int, error) {
	if !monitored {
		return nonblock.Read(fd, to)
	}
	for {
		if n, err := syscall.Read(int(fd), to); !errors.Is(err, syscall.EINTR) {
			return n, err
		}
	}
}

// deliver handles one packet and says whether it keeps the memory.
func (e *Endpoint) deliver(piece *buffer.View, n int) (kept bool) {
	packet := piece.AsSlice()[:n]
	verdict, protocol := e.front.Classify(packet)
	switch verdict {
	case packets.Pass:
	case packets.Refuse:
		_ = e.Write(e.front.Error(packet, packets.ReasonOf(packet)))
		e.refused(packet)
		return false
	default:
		return false
	}
	e.mutex.RLock()
	dispatcher := e.dispatcher
	e.mutex.RUnlock()
	if dispatcher == nil {
		return false
	}
	if flow, opens := packets.Opens(packet); opens {
		e.opened(flow)
	}
	kept = n > small
	view := piece
	if kept {
		view.CapLength(n)
	} else {
		view = buffer.NewViewWithData(packet)
	}
	pkt := stack.NewPacketBuffer(stack.PacketBufferOptions{Payload: buffer.MakeWithView(view)})
	// The packet was in this machine's memory all the way, so there is nothing for a checksum to find.
	pkt.RXChecksumValidated = true
	dispatcher.DeliverNetworkPacket(protocol, pkt)
	pkt.DecRef()
	return kept
}

// Write sends one packet to the programs. One that does not fit at once is lost, as on any wire.
func (e *Endpoint) Write(packet ...[]byte) error {
	var failed error
	if err := e.raw.Control(func(fd uintptr) { _, failed = frame.TryWrite(fd, packet...) }); err != nil {
		return err
	}
	return failed
}

// WritePackets implements stack.LinkWriter.
func (e *Endpoint) WritePackets(list stack.PacketBufferList) (int, tcpip.Error) {
	for i, pkt := range list.AsSlice() {
		if err := e.Write(pkt.AsSlices()...); err != nil {
			if i == 0 {
				return 0, &tcpip.ErrClosedForSend{}
			}
			return i, nil
		}
	}
	return list.Len(), nil
}

// Attach implements stack.NetworkLinkEndpoint.
func (e *Endpoint) Attach(dispatcher stack.NetworkDispatcher) {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	e.dispatcher = dispatcher
}

// IsAttached implements stack.NetworkLinkEndpoint.
func (e *Endpoint) IsAttached() bool {
	e.mutex.RLock()
	defer e.mutex.RUnlock()
	return e.dispatcher != nil
}

// Close implements stack.NetworkLinkEndpoint: the device goes away.
func (e *Endpoint) Close() {
	e.closed.Store(true)
	_ = e.file.Close()
}

// Wait implements stack.NetworkLinkEndpoint.
func (e *Endpoint) Wait() { e.served.Wait() }

// MTU implements stack.NetworkLinkEndpoint.
func (e *Endpoint) MTU() uint32 { return e.mtu }

// SetMTU implements stack.NetworkLinkEndpoint; nobody changes it.
func (*Endpoint) SetMTU(uint32) {}

// Capabilities implements stack.NetworkLinkEndpoint.
func (*Endpoint) Capabilities() stack.LinkEndpointCapabilities {
	return stack.CapabilityRXChecksumOffload
}

// MaxHeaderLength implements stack.NetworkLinkEndpoint: there is no header below IP.
func (*Endpoint) MaxHeaderLength() uint16 { return 0 }

// LinkAddress implements stack.NetworkLinkEndpoint.
func (*Endpoint) LinkAddress() tcpip.LinkAddress { return "" }

// SetLinkAddress implements stack.NetworkLinkEndpoint.
func (*Endpoint) SetLinkAddress(tcpip.LinkAddress) {}

// ARPHardwareType implements stack.NetworkLinkEndpoint.
func (*Endpoint) ARPHardwareType() header.ARPHardwareType { return header.ARPHardwareNone }

// AddHeader implements stack.NetworkLinkEndpoint.
func (*Endpoint) AddHeader(*stack.PacketBuffer) {}

// ParseHeader implements stack.NetworkLinkEndpoint.
func (*Endpoint) ParseHeader(*stack.PacketBuffer) bool { return true }

// SetOnCloseAction implements stack.NetworkLinkEndpoint.
func (*Endpoint) SetOnCloseAction(func()) {}
