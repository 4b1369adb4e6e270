// Package dnstest is a DNS server for tests.
package dnstest

import (
	"encoding/binary"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// Zone says what the server answers. Names are in lower case and without a dot at the end.
type Zone struct {
	// Addresses of names, of both families. Every look-up gets the next list, and the last one again and again.
	Addresses map[string][][]string
	// CNAMEs lead from one name to another.
	CNAMEs map[string]string
	// Failing names get SERVFAIL, silent ones no answer, and slow ones an answer after some time.
	Failing map[string]bool
	Silent  map[string]bool
	Slow    map[string]time.Duration
}

// Server serves a zone by UDP and TCP.
type Server struct {
	Address netip.AddrPort

	mutex sync.Mutex
	zone  Zone
	asked map[query]int
}

type query struct {
	name string
	kind dnsmessage.Type
}

// Start serves the zone on the loopback until the test ends.
func Start(t testing.TB, zone Zone) *Server {
	t.Helper()
	udp, tcp := listen(t)
	s := &Server{Address: udp.LocalAddr().(*net.UDPAddr).AddrPort(), zone: zone, asked: map[query]int{}}
	var serving sync.WaitGroup
	serving.Go(func() { s.serveUDP(udp) })
	serving.Go(func() { s.serveTCP(tcp) })
	t.Cleanup(func() {
		udp.Close()
		tcp.Close()
		serving.Wait()
	})
	return s
}

// listen finds a port that is free for both protocols, on an address where the connections of other tests leave none behind.
func listen(t testing.TB) (*net.UDPConn, net.Listener) {
	t.Helper()
	for range 100 {
		udp, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.53:0")))
		if err != nil {
			t.Fatal(err)
		}
		if tcp, err := net.Listen("tcp", udp.LocalAddr().String()); err == nil {
			return udp, tcp
		}
		udp.Close()
	}
	t.Fatal("there is no port that is free for UDP and TCP")
	return nil, nil
}

// Asked is how often the IPv4 addresses of the name were asked for.
func (s *Server) Asked(name string) int {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.asked[query{name, dnsmessage.TypeA}]
}

func (s *Server) serveUDP(conn *net.UDPConn) {
	buffer := make([]byte, 4096)
	for {
		n, from, err := conn.ReadFromUDPAddrPort(buffer)
		if err != nil {
			return
		}
		query := append([]byte(nil), buffer[:n]...)
		go func() {
			answer := s.answer(query)
			if len(answer) > 512 {
				answer = truncated(answer)
			}
			if answer != nil {
				_, _ = conn.WriteToUDPAddrPort(answer, from)
			}
		}()
	}
}

func (s *Server) serveTCP(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		go func() {
			defer conn.Close()
			var length [2]byte
			for {
				if _, err := io.ReadFull(conn, length[:]); err != nil {
					return
				}
				query := make([]byte, binary.BigEndian.Uint16(length[:]))
				if _, err := io.ReadFull(conn, query); err != nil {
					return
				}
				answer := s.answer(query)
				if _, err := conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(answer))), answer...)); err != nil {
					return
				}
			}
		}()
	}
}

// truncated is the beginning of an answer, which says that there is more.
func truncated(answer []byte) []byte {
	var m dnsmessage.Message
	if m.Unpack(answer) != nil {
		return nil
	}
	m.Truncated, m.Answers = true, nil
	short, _ := m.Pack()
	return short
}

func (s *Server) answer(query []byte) []byte {
	var m dnsmessage.Message
	if m.Unpack(query) != nil || len(m.Questions) != 1 {
		return nil
	}
	question := m.Questions[0]
	name := strings.ToLower(strings.TrimSuffix(question.Name.String(), "."))
	s.mutex.Lock()
	slow, silent, failing := s.zone.Slow[name], s.zone.Silent[name], s.zone.Failing[name]
	answer := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: m.ID, Response: true, RecursionAvailable: true, RecursionDesired: m.RecursionDesired},
		Questions: m.Questions,
	}
	if failing {
		answer.RCode = dnsmessage.RCodeServerFailure
	} else {
		s.resolve(&answer, question, name)
	}
	s.mutex.Unlock()
	if silent {
		return nil
	}
	if slow > 0 {
		<-time.After(slow)
	}
	packed, err := answer.Pack()
	if err != nil {
		return nil
	}
	return packed
}

// resolve needs the lock.
func (s *Server) resolve(answer *dnsmessage.Message, question dnsmessage.Question, name string) {
	for range 8 {
		to, found := s.zone.CNAMEs[name]
		if !found {
			break
		}
		answer.Answers = append(answer.Answers, dnsmessage.Resource{
			Header: header(name, dnsmessage.TypeCNAME),
			Body:   &dnsmessage.CNAMEResource{CNAME: dnsmessage.MustNewName(to + ".")},
		})
		name = to
	}
	lists, found := s.zone.Addresses[name]
	if !found {
		answer.RCode = dnsmessage.RCodeNameError
		return
	}
	query := query{name, question.Type}
	turn := min(s.asked[query], len(lists)-1)
	s.asked[query]++
	for _, address := range addresses(lists[turn], question.Type) {
		answer.Answers = append(answer.Answers, resource(name, address))
	}
}

func addresses(list []string, t dnsmessage.Type) []netip.Addr {
	var all []netip.Addr
	for _, text := range list {
		if address := netip.MustParseAddr(text); address.Is4() && t == dnsmessage.TypeA || address.Is6() && t == dnsmessage.TypeAAAA {
			all = append(all, address)
		}
	}
	return all
}

func header(name string, t dnsmessage.Type) dnsmessage.ResourceHeader {
	return dnsmessage.ResourceHeader{Name: dnsmessage.MustNewName(name + "."), Type: t, Class: dnsmessage.ClassINET, TTL: 1}
}

func resource(name string, address netip.Addr) dnsmessage.Resource {
	if address.Is4() {
		return dnsmessage.Resource{Header: header(name, dnsmessage.TypeA), Body: &dnsmessage.AResource{A: address.As4()}}
	}
	return dnsmessage.Resource{Header: header(name, dnsmessage.TypeAAAA), Body: &dnsmessage.AAAAResource{AAAA: address.As16()}}
}
