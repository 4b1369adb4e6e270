package network

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
	"gvisor.dev/gvisor/pkg/buffer"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/adapters/gonet"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/link/channel"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv6"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/udp"

	"dev.sandboxed/native/agent/network/device"
	"dev.sandboxed/native/agent/upstream"
	"dev.sandboxed/native/frame"
	"dev.sandboxed/native/itest/peer"
)

const testMTU = 9000

// patience is how long a test waits for what must come, on a machine that may be busy with much else.
const patience = 2 * time.Minute

// wire is a network and the programs' end of its device.
type wire struct {
	network  *Network
	programs *os.File
	peer     *peer.Peer
}

// newWire makes a network whose keeper answers as told.
func newWire(t testing.TB, answer func(*peer.Stream)) *wire {
	t.Helper()
	pair, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_SEQPACKET|syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{programs: os.NewFile(uintptr(pair[1]), "programs")}
	agentIn, toAgent, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	fromAgent, agentOut, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := frame.NewWriter(agentOut)
	if err != nil {
		t.Fatal(err)
	}
	table := upstream.New(out)
	served := make(chan error, 1)
	go func() { served <- serve(agentIn, out, table) }()
	if w.peer, err = peer.Connect(toAgent, fromAgent, nil, answer); err != nil {
		t.Fatal(err)
	}
	if w.network, err = New(os.NewFile(uintptr(pair[0]), "device"), testMTU, true, table); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		w.network.Close()
		w.programs.Close()
		toAgent.Close()
		if err := <-served; err != nil {
			t.Error(err)
		}
		agentOut.Close()
		if err := w.peer.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// serve is what an agent does with its keeper's frames.
func serve(in *os.File, out *frame.Writer, table *upstream.Table) error {
	defer table.Close()
	reader := frame.NewReader(in)
	if _, err := reader.Next(); err != nil {
		return err
	}
	if err := out.WriteJSON(0, frame.Hello, frame.Greeting{Protocol: frame.Protocol, Role: "agent"}); err != nil {
		return err
	}
	for {
		f, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = table.Accept(f)
		}
		if err != nil {
			return err
		}
	}
}

// programStack is a second stack, with which programs speak.
func (w *wire) programStack(t *testing.T) *stack.Stack {
	t.Helper()
	s := stack.New(stack.Options{
		NetworkProtocols:   []stack.NetworkProtocolFactory{ipv4.NewProtocol, ipv6.NewProtocol},
		TransportProtocols: []stack.TransportProtocolFactory{tcp.NewProtocol, udp.NewProtocol},
	})
	end := channel.New(1024, testMTU, "")
	if err := s.CreateNIC(1, end); err != nil {
		t.Fatal(err)
	}
	for _, a := range []struct {
		protocol tcpip.NetworkProtocolNumber
		address  netip.Addr
	}{{ipv4.ProtocolNumber, device.SandboxV4}, {ipv6.ProtocolNumber, device.SandboxV6}} {
		if err := s.AddProtocolAddress(1, tcpip.ProtocolAddress{
			Protocol: a.protocol, AddressWithPrefix: tcpip.AddrFromSlice(a.address.AsSlice()).WithPrefix(),
		}, stack.AddressProperties{}); err != nil {
			t.Fatal(err)
		}
	}
	s.SetRouteTable([]tcpip.Route{{Destination: header.IPv4EmptySubnet, NIC: 1}, {Destination: header.IPv6EmptySubnet, NIC: 1}})
	ctx, stop := context.WithCancel(context.Background())
	var pumps sync.WaitGroup
	pumps.Go(func() {
		for pkt := end.ReadContext(ctx); pkt != nil; pkt = end.ReadContext(ctx) {
			_, _ = w.programs.Write(pkt.ToView().AsSlice())
			pkt.DecRef()
		}
	})
	pumps.Go(func() {
		packet := make([]byte, 1<<16)
		for {
			n, err := w.programs.Read(packet)
			if err != nil || n == 0 {
				return
			}
			protocol := ipv4.ProtocolNumber
			if packet[0]>>4 == 6 {
				protocol = ipv6.ProtocolNumber
			}
			pkt := stack.NewPacketBuffer(stack.PacketBufferOptions{Payload: buffer.MakeWithData(bytes.Clone(packet[:n]))})
			end.InjectInbound(protocol, pkt)
			pkt.DecRef()
		}
	})
	t.Cleanup(func() {
		stop()
		_ = w.programs.SetReadDeadline(time.Unix(1, 0))
		pumps.Wait()
		s.Close()
	})
	return s
}

func at(s string) (tcpip.FullAddress, tcpip.NetworkProtocolNumber) {
	a := netip.MustParseAddrPort(s)
	protocol := ipv4.ProtocolNumber
	if a.Addr().Is6() {
		protocol = ipv6.ProtocolNumber
	}
	return tcpip.FullAddress{NIC: 1, Addr: tcpip.AddrFromSlice(a.Addr().AsSlice()), Port: a.Port()}, protocol
}

func dial(t *testing.T, s *stack.Stack, address string) (*gonet.TCPConn, error) {
	t.Helper()
	ctx, stop := context.WithTimeout(context.Background(), patience)
	defer stop()
	to, protocol := at(address)
	return gonet.DialContextTCP(ctx, s, to, protocol)
}

// echo answers what it gets, once connected.
func echo(s *peer.Stream) {
	s.Accept()
	_, _ = io.Copy(struct{ io.Writer }{s}, struct{ io.Reader }{s})
	_ = s.CloseWrite()
	s.Answer(struct{}{})
}

func TestTCPIsCarriedAsAskedFor(t *testing.T) {
	asked := make(chan peer.Request, 2)
	w := newWire(t, func(s *peer.Stream) { asked <- s.Request; echo(s) })
	programs := w.programStack(t)
	for _, address := range []string{"198.18.0.7:443", "[fd53:616e:6462:1::7]:443"} {
		c, err := dial(t, programs, address)
		if err != nil {
			t.Fatal(err)
		}
		sent := bytes.Repeat([]byte("0123456789"), 300_000)
		go func() {
			_, _ = c.Write(sent)
			_ = c.CloseWrite()
		}()
		got, err := io.ReadAll(c)
		if err != nil || !bytes.Equal(got, sent) {
			t.Fatalf("%d bytes came back: %v", len(got), err)
		}
		c.Close()
		r := <-asked
		if r.Op != "connect" || r.Protocol != "tcp" || net.JoinHostPort(r.Address, fmt.Sprint(r.Port)) != address {
			t.Fatalf("%+v", r)
		}
	}
}

func TestAHandshakeIsOnlyFinishedOnceTheKeeperIsConnected(t *testing.T) {
	accept := make(chan struct{})
	w := newWire(t, func(s *peer.Stream) { <-accept; echo(s) })
	programs := w.programStack(t)
	connected := make(chan error, 1)
	go func() {
		c, err := dial(t, programs, "198.18.0.7:443")
		if err == nil {
			c.Close()
		}
		connected <- err
	}()
	select {
	case err := <-connected:
		t.Fatalf("connected too early: %v", err)
	case <-time.After(200 * time.Millisecond):
	}
	close(accept)
	if err := <-connected; err != nil {
		t.Fatal(err)
	}
}

func TestAProgramIsToldWhyItIsNotConnected(t *testing.T) {
	for kind, want := range map[string]string{
		"REFUSED": "connection was refused", "CONNECTION_REFUSED": "connection was refused", "UNREACHABLE": "no route to host",
		"TIMED_OUT": "no route to host", "TOO_MANY": "connection was refused", "RESET": "connection was refused",
	} {
		t.Run(kind, func(t *testing.T) {
			w := newWire(t, func(s *peer.Stream) { s.Fail(kind, "as the test wants") })
			if _, err := dial(t, w.programStack(t), "203.0.113.9:443"); err == nil || !strings.Contains(err.Error(), want) {
				t.Fatal(err)
			}
		})
	}
}

func TestABrokenOutsideResetsTheProgram(t *testing.T) {
	w := newWire(t, func(s *peer.Stream) {
		s.Accept()
		_, _ = s.Read(make([]byte, 1))
		s.Fail("RESET", "as the test wants")
	})
	c, err := dial(t, w.programStack(t), "203.0.113.9:443")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(c); err == nil || !strings.Contains(err.Error(), "reset") {
		t.Fatal(err)
	}
}

// program is a program's end of a connection, packet by packet.
type program struct {
	*wire
	port      uint16
	next, ack uint32
}

const programPort = 40000

// open sends the packet that begins a connection and waits for the answer to this very one.
func (w *wire) open(t *testing.T, sequence uint32) *program {
	t.Helper()
	p := &program{wire: w, port: programPort, next: sequence}
	p.send(t, header.TCPFlagSyn)
	p.next++
	p.await(t, "an answer", header.TCPFlagSyn|header.TCPFlagAck)
	p.send(t, header.TCPFlagAck)
	return p
}

func (p *program) send(t *testing.T, flags header.TCPFlags) {
	t.Helper()
	packet := make([]byte, header.IPv4MinimumSize+header.TCPMinimumSize)
	h := header.IPv4(packet)
	h.Encode(&header.IPv4Fields{
		TotalLength: uint16(len(packet)), TTL: 64, Protocol: uint8(tcp.ProtocolNumber),
		SrcAddr: tcpip.AddrFromSlice(device.SandboxV4.AsSlice()), DstAddr: tcpip.AddrFrom4([4]byte{203, 0, 113, 9}),
	})
	h.SetChecksum(^h.CalculateChecksum())
	header.TCP(packet[header.IPv4MinimumSize:]).Encode(&header.TCPFields{
		SrcPort: p.port, DstPort: 443, SeqNum: p.next, AckNum: p.ack, DataOffset: header.TCPMinimumSize, Flags: flags, WindowSize: 60000,
	})
	if _, err := p.programs.Write(packet); err != nil {
		t.Fatal(err)
	}
}

// await reads packets until one has these flags and acknowledges all that was sent.
func (p *program) await(t *testing.T, what string, flags header.TCPFlags) {
	t.Helper()
	_ = p.programs.SetReadDeadline(time.Now().Add(patience))
	packet := make([]byte, 1<<16)
	for {
		n, err := p.programs.Read(packet)
		if err != nil {
			t.Fatalf("%s did not come: %v", what, err)
		}
		got := header.TCP(packet[header.IPv4MinimumSize:n])
		if packet[9] != uint8(tcp.ProtocolNumber) || got.DestinationPort() != p.port || got.AckNumber() != p.next || got.Flags() != flags {
			continue
		}
		p.ack = got.SequenceNumber() + uint32(len(got.Payload()))
		if flags&(header.TCPFlagSyn|header.TCPFlagFin) != 0 {
			p.ack++
		}
		return
	}
}

func (p *program) end(t *testing.T) {
	t.Helper()
	p.send(t, header.TCPFlagFin|header.TCPFlagAck)
	p.next++
}

func TestAConnectionGivesWayToANewOneFromTheSamePort(t *testing.T) {
	endless := func(s *peer.Stream) {
		s.Accept()
		_, _ = s.Write([]byte("x"))
		<-s.Cancelled
		s.Fail("CANCELLED", "as the agent wants")
	}
	brief := func(s *peer.Stream) {
		s.Accept()
		_ = s.CloseWrite()
		_, _ = io.Copy(io.Discard, struct{ io.Reader }{s})
		s.Answer(struct{}{})
	}
	for name, c := range map[string]struct {
		answer func(*peer.Stream)
		before func(t *testing.T, p *program)
	}{
		"that is open": {endless, func(t *testing.T, p *program) {
			p.await(t, "what the outside says", header.TCPFlagPsh|header.TCPFlagAck)
		}},
		"that the program has ended": {endless, func(t *testing.T, p *program) {
			p.end(t)
			p.await(t, "the word that the end has come", header.TCPFlagAck)
		}},
		"that the outside has ended": {brief, func(t *testing.T, p *program) {
			p.await(t, "the end", header.TCPFlagFin|header.TCPFlagAck)
			p.send(t, header.TCPFlagAck)
		}},
		"that both have ended, the outside first": {brief, func(t *testing.T, p *program) {
			p.await(t, "the end", header.TCPFlagFin|header.TCPFlagAck)
			p.end(t)
			p.await(t, "the word that the end has come", header.TCPFlagAck)
		}},
		"whose last word is not read yet": {brief, func(t *testing.T, p *program) {
			p.await(t, "the end", header.TCPFlagFin|header.TCPFlagAck)
			p.end(t)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWire(t, c.answer)
			sequence := uint32(1000)
			for range 20 {
				c.before(t, w.open(t, sequence))
				sequence += 100_000
			}
		})
	}
}

func TestAConnectionThatAProgramGivesUpMakesRoomForTheNextFromTheSamePort(t *testing.T) {
	asked := make(chan *peer.Stream, 10)
	w := newWire(t, func(s *peer.Stream) { asked <- s })
	p := &program{wire: w, port: programPort, next: 1000}
	for range 5 {
		p.send(t, header.TCPFlagSyn)
		s := <-asked
		p.next += 100_000
		p.send(t, header.TCPFlagSyn)
		<-s.Cancelled
		s.Fail("CANCELLED", "as the agent wants")
		s = <-asked
		s.Accept()
		p.next++
		p.await(t, "an answer", header.TCPFlagSyn|header.TCPFlagAck)
		p.send(t, header.TCPFlagAck)
		p.end(t)
		p.await(t, "the word that the end has come", header.TCPFlagAck)
		_ = s.CloseWrite()
		s.Answer(struct{}{})
		p.await(t, "the end", header.TCPFlagFin|header.TCPFlagAck)
		p.send(t, header.TCPFlagAck)
		p.next += 100_000
	}
}

func TestTheBeginningOfAConnectionMayComeTwice(t *testing.T) {
	ask := make(chan struct{})
	w := newWire(t, func(s *peer.Stream) { <-ask; echo(s) })
	p := &program{wire: w, port: programPort, next: 1000}
	p.send(t, header.TCPFlagSyn)
	p.send(t, header.TCPFlagSyn)
	close(ask)
	p.next++
	p.await(t, "an answer", header.TCPFlagSyn|header.TCPFlagAck)
	p.next--
	p.send(t, header.TCPFlagSyn)
	p.next++
	p.send(t, header.TCPFlagAck)
	p.end(t)
	p.await(t, "the end", header.TCPFlagFin|header.TCPFlagAck)
}

func TestTheNetworkForgetsWhatHasEnded(t *testing.T) {
	const connections = 50
	answered := make(chan bool, connections)
	w := newWire(t, func(s *peer.Stream) { echo(s); answered <- true })
	programs := w.programStack(t)
	for range connections {
		c, err := dial(t, programs, "203.0.113.9:443")
		if err != nil {
			t.Fatal(err)
		}
		_ = c.CloseWrite()
		if _, err := io.ReadAll(c); err != nil {
			t.Fatal(err)
		}
		c.Close()
	}
	late := time.After(patience)
	for range maxFlows {
		select {
		case w.network.flows <- struct{}{}:
		case <-late:
			t.Fatal("connections are left")
		}
	}
	for range connections {
		<-answered
	}
	if open := w.peer.Open(); open > 0 {
		t.Fatalf("%d streams are left", open)
	}
}

func TestMoreConnectionsThanThereMayBeAreRefusedAtOnce(t *testing.T) {
	w := newWire(t, echo)
	programs := w.programStack(t)
	for range maxFlows {
		w.network.flows <- struct{}{}
	}
	if _, err := dial(t, programs, "203.0.113.9:443"); err == nil || !strings.Contains(err.Error(), "refused") {
		t.Fatal(err)
	}
	w.network.flows.give()
	c, err := dial(t, programs, "203.0.113.9:443")
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
}

func TestDatagramsAreCarriedOneByOneUntilTheKeeperEndsThem(t *testing.T) {
	end := make(chan struct{})
	w := newWire(t, func(s *peer.Stream) {
		if s.Request.Protocol != "udp" || s.Request.Port != 123 {
			s.Fail("REFUSED", "as the test wants")
			return
		}
		s.Accept()
		for range 2 {
			data, err := s.Datagram()
			if err != nil {
				return
			}
			_, _ = s.Write(append([]byte("re: "), data...))
		}
		<-end
		_ = s.CloseWrite()
		s.Answer(struct{}{})
	})
	programs := w.programStack(t)
	to, protocol := at("198.18.0.7:123")
	c, err := gonet.DialUDP(programs, nil, &to, protocol)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	got := make([]byte, 100)
	for _, message := range []string{"one", "two"} {
		if _, err := c.Write([]byte(message)); err != nil {
			t.Fatal(err)
		}
		if n, err := c.Read(got); err != nil || string(got[:n]) != "re: "+message {
			t.Fatalf("%q: %v", got[:n], err)
		}
	}
	close(end)
	late := time.After(patience)
	for range maxDatagramFlows {
		select {
		case w.network.pairs <- struct{}{}:
		case <-late:
			t.Fatal("the flow is left")
		}
	}
}

func TestMoreDatagramFlowsThanThereMayBeAreRefusedAtOnce(t *testing.T) {
	w := newWire(t, echo)
	for range maxDatagramFlows {
		w.network.pairs <- struct{}{}
	}
	packet := query(t, 1, "example.org.")
	packet[19]++ // not the name server
	header.IPv4(packet).SetChecksum(0)
	header.IPv4(packet).SetChecksum(^header.IPv4(packet).CalculateChecksum())
	if _, err := w.programs.Write(packet); err != nil {
		t.Fatal(err)
	}
	_ = w.programs.SetReadDeadline(time.Now().Add(patience))
	answer := make([]byte, 1<<16)
	n, err := w.programs.Read(answer)
	if err != nil || n < 28 {
		t.Fatal(n, err)
	}
	icmp := header.ICMPv4(answer[header.IPv4MinimumSize:n])
	if answer[9] != uint8(header.ICMPv4ProtocolNumber) || icmp.Type() != header.ICMPv4DstUnreachable || icmp.Code() != header.ICMPv4PortUnreachable {
		t.Fatalf("%x", answer[:n])
	}
}

// query is a packet with a question for the name server.
func query(t testing.TB, id uint16, name string) []byte {
	t.Helper()
	message := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: id},
		Questions: []dnsmessage.Question{{Name: dnsmessage.MustNewName(name), Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET}},
	}
	packed, err := message.Pack()
	if err != nil {
		t.Fatal(err)
	}
	size := header.IPv4MinimumSize + header.UDPMinimumSize
	packet := make([]byte, size, size+len(packed))
	h := header.IPv4(packet)
	h.Encode(&header.IPv4Fields{
		TotalLength: uint16(size + len(packed)), TTL: 64, Protocol: uint8(udp.ProtocolNumber),
		SrcAddr: tcpip.AddrFromSlice(device.SandboxV4.AsSlice()), DstAddr: tcpip.AddrFromSlice(device.NamesV4.AsSlice()),
	})
	h.SetChecksum(^h.CalculateChecksum())
	header.UDP(packet[header.IPv4MinimumSize:]).Encode(&header.UDPFields{
		SrcPort: 5353, DstPort: namesPort, Length: uint16(header.UDPMinimumSize + len(packed)),
	})
	return append(packet, packed...)
}

// FuzzPackets sends what hostile programs could, and checks that the network still answers.
func FuzzPackets(f *testing.F) {
	w := newWire(f, func(s *peer.Stream) {
		if s.Request.Port%2 == 0 {
			echo(s)
			return
		}
		s.Fail("REFUSED", "as the test wants")
	})
	syn := query(f, 1, "example.org.")
	syn[9] = 6
	f.Add(append([]byte{byte(len(syn))}, syn...))
	f.Add(append([]byte{byte(len(syn))}, query(f, 2, "localhost.")...))
	f.Add([]byte{60, 0x60, 0, 0, 0, 0, 20, 44, 64})
	f.Add([]byte{3, 0x45, 0, 0, 40, 0x45, 1})
	answered := make(chan uint16, 1<<16)
	go func() {
		packet := make([]byte, 1<<16)
		for {
			n, err := w.programs.Read(packet)
			if err != nil || n == 0 {
				return
			}
			if n > 30 && packet[0] == 0x45 && packet[9] == 17 {
				answered <- binary.BigEndian.Uint16(packet[28:])
			}
		}
	}()
	next := uint16(0)
	f.Fuzz(func(t *testing.T, input []byte) {
		for len(input) > 0 {
			n := min(int(input[0]), len(input)-1)
			packet := bytes.Clone(input[1 : 1+n])
			input = input[1+n:]
			comeFromTheSandbox(packet)
			if len(packet) > 0 {
				_, _ = w.programs.Write(packet)
			}
		}
		next++
		if _, err := w.programs.Write(query(t, next, "localhost.")); err != nil {
			t.Fatal(err)
		}
		late := time.After(patience)
		for id := next - 1; id != next; {
			select {
			case id = <-answered:
			case <-late:
				t.Fatal("no answer any more")
			}
		}
		if len(w.network.flows) > maxFlows || len(w.network.pairs) > maxDatagramFlows {
			t.Fatal("too many flows")
		}
	})
}

// comeFromTheSandbox makes a packet pass the first check, so that more than one in millions does.
func comeFromTheSandbox(packet []byte) {
	switch {
	case len(packet) >= 20 && packet[0]>>4 == 4:
		packet[2], packet[3] = byte(len(packet)>>8), byte(len(packet))
		copy(packet[12:16], device.SandboxV4.AsSlice())
		h := header.IPv4(packet)
		if int(h.HeaderLength()) <= len(packet) && h.HeaderLength() >= header.IPv4MinimumSize {
			h.SetChecksum(0)
			h.SetChecksum(^h.CalculateChecksum())
		}
	case len(packet) >= 40 && packet[0]>>4 == 6:
		packet[4], packet[5] = byte((len(packet)-40)>>8), byte(len(packet)-40)
		copy(packet[8:24], device.SandboxV6.AsSlice())
	}
}
