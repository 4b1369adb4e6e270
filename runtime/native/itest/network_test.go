//go:build integration

package itest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"dev.sandboxed/native/frame"
	"dev.sandboxed/native/itest/peer"
)

// networked starts a sandbox whose agent makes a network, with this process as its keeper.
func networked(t *testing.T, answer func(*peer.Stream)) *peer.Peer {
	t.Helper()
	return networkedAs(t, os.Getuid(), &frame.Network{Hostname: "box", Names: true}, answer)
}

func networkedAs(t *testing.T, uid int, network *frame.Network, answer func(*peer.Stream)) *peer.Peer {
	t.Helper()
	sandbox, err := launchNetworked(t, uid, append([]string{"CAP_NET_ADMIN"}, capabilities...), network, answer)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := sandbox.Close(); err != nil {
			t.Error(err)
		}
	})
	return sandbox.Peer
}

func launchNetworked(t *testing.T, uid int, capable []string, network *frame.Network, answer func(*peer.Stream)) (*peer.Sandbox, error) {
	t.Helper()
	id := fmt.Sprintf("net-%d-%d", os.Getpid(), time.Now().UnixNano())
	bundle := filepath.Join(built.directory, id)
	if uid == ordinaryUser {
		bundle = filepath.Join(built.directory, "user", id)
	}
	if err := os.MkdirAll(filepath.Join(bundle, "state"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(bundle) })
	spec := newLaunch(t).message["spec"].(map[string]any)
	spec["process"].(map[string]any)["capabilities"] = map[string]any{"bounding": capable, "effective": capable, "permitted": capable}
	content, err := json.Marshal(spec)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(bundle, "config.json"), content, 0o600); err != nil {
		t.Fatal(err)
	}
	if uid != os.Getuid() {
		for _, path := range []string{bundle, filepath.Join(bundle, "state"), filepath.Join(bundle, "config.json")} {
			if err := os.Chown(path, uid, uid); err != nil {
				t.Fatal(err)
			}
		}
	}
	// Raw sockets are for hostile programs: real sandboxes have none.
	return peer.Launch(peer.Program{
		Keeper: built.keeper, User: uid, Bundle: bundle, Network: network, Answer: answer,
		Runsc: []string{built.runsc, "--network=none", "--net-raw", "--ignore-cgroups", "--in-sandbox-cgroup=v2", "--overlay2=root:memory"},
	})
}

// routes is a keeper's policy: what becomes of each "protocol address:port" and "A name"; the rest is refused.
type routes map[string]func(*peer.Stream)

func (r routes) answer(s *peer.Stream) {
	key := s.Request.Type + " " + s.Request.Name
	if s.Request.Op == "connect" {
		key = s.Request.Protocol + " " + net.JoinHostPort(s.Request.Address, fmt.Sprint(s.Request.Port))
	}
	if route, known := r[key]; known {
		route(s)
		return
	}
	s.Fail("REFUSED", key+" is not allowed")
}

// server runs a TCP server and returns the route to it.
func server(t testing.TB, handle func(*net.TCPConn)) func(*peer.Stream) {
	t.Helper()
	l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.AcceptTCP()
			if err != nil {
				return
			}
			go handle(c)
		}
	}()
	return func(s *peer.Stream) {
		c, err := net.DialTCP("tcp", nil, l.Addr().(*net.TCPAddr))
		if err != nil {
			s.Fail("CONNECTION_REFUSED", err.Error())
			return
		}
		s.Carry(c)
	}
}

func echoing(c *net.TCPConn) {
	defer c.Close()
	_, _ = io.CopyBuffer(struct{ io.Writer }{c}, struct{ io.Reader }{c}, make([]byte, 256<<10))
	_ = c.CloseWrite()
}

func failing(kind string) func(*peer.Stream) {
	return func(s *peer.Stream) { s.Fail(kind, "as the test wants") }
}

// run runs netprobe.
func run(t *testing.T, p *peer.Peer, arguments ...string) string {
	t.Helper()
	var out string
	var err error
	within(t, patience, strings.Join(arguments, " "), func() { out, err = p.Run(append([]string{"/netprobe"}, arguments...)...) })
	if err != nil {
		t.Fatalf("%v: %v", arguments, err)
	}
	return strings.TrimSpace(out)
}

func TestNetworkCarriesTCP(t *testing.T) {
	for _, uid := range []int{os.Getuid(), ordinaryUser} {
		t.Run(fmt.Sprint("uid ", uid), func(t *testing.T) {
			if uid != os.Getuid() && os.Getuid() != 0 {
				t.Skip("only root can be somebody else")
			}
			echo := server(t, echoing)
			p := networkedAs(t, uid, &frame.Network{Hostname: "box", Names: true}, routes{
				"tcp 198.18.0.7:80":              echo,
				"tcp [fd53:616e:6462:1::7]:8080": echo,
			}.answer)
			if got := run(t, p, "echo", "198.18.0.7:80", "16"); got != "16 true 198.18.0.7:80" {
				t.Error(got)
			}
			if got := run(t, p, "echo", "198.18.0.7:80", "16777216"); got != "16777216 true 198.18.0.7:80" {
				t.Error(got)
			}
			if got := run(t, p, "echo", "[fd53:616e:6462:1::7]:8080", "16777216"); got != "16777216 true [fd53:616e:6462:1::7]:8080" {
				t.Error(got)
			}
			if got := run(t, p, "echo", "[::ffff:198.18.0.7]:80", "160"); !strings.HasPrefix(got, "160 true") {
				t.Error(got)
			}
		})
	}
}

func TestNetworkThatCannotBeMadeFailsTheStart(t *testing.T) {
	sandbox, err := launchNetworked(t, os.Getuid(), capabilities, &frame.Network{Hostname: "box", Names: true}, nil)
	if err == nil {
		_ = sandbox.Close()
		t.Fatal("started")
	}
	if !strings.Contains(err.Error(), "the sandbox's network: make tun0: operation not permitted") {
		t.Fatal(err)
	}
}

func TestNetworkTellsProgramsOfItself(t *testing.T) {
	p := networked(t, nil)
	want := "nameserver 198.19.255.1\n127.0.0.1 localhost box\n::1 localhost ip6-localhost ip6-loopback"
	if got := run(t, p, "files"); got != want {
		t.Error(got)
	}
}

func TestNetworkRefusesAtOnceAndReadably(t *testing.T) {
	p := networked(t, routes{
		"tcp 198.18.0.1:1":            failing("CONNECTION_REFUSED"),
		"tcp 198.18.0.1:2":            failing("UNREACHABLE"),
		"tcp [fd53:616e:6462:1::1]:2": failing("UNREACHABLE"),
		"tcp 198.18.0.1:3":            failing("TIMED_OUT"),
		"tcp 198.18.0.1:4":            failing("TOO_MANY"),
		"udp 198.18.0.1:5":            failing("UNREACHABLE"),
		"tcp 198.18.0.7:80":           server(t, echoing),
	}.answer)
	for _, c := range []struct{ network, address, want string }{
		{"tcp", "203.0.113.9:443", "connection refused"},
		{"tcp", "[2001:db8::1]:443", "connection refused"},
		{"tcp", "198.18.0.1:1", "connection refused"},
		{"tcp", "198.18.0.1:2", "no route to host"},
		{"tcp", "[fd53:616e:6462:1::1]:2", "network is unreachable"},
		{"tcp", "198.18.0.1:3", "no route to host"},
		{"tcp", "198.18.0.1:4", "connection refused"},
		{"tcp", "198.19.255.1:80", "connection refused"},
		{"tcp", "169.254.169.254:80", "connection refused"},
		{"udp", "203.0.113.9:53", "connection refused"},
		{"udp", "[2001:db8::1]:53", "connection refused"},
		{"udp", "198.18.0.1:5", "connection refused"},
		{"udp", "224.0.0.251:5353", "connection refused"},
		{"udp", "255.255.255.255:67", "connection refused"},
		{"udp", "240.0.0.1:53", "connection refused"},
		{"udp", "0.1.2.3:53", "connection refused"},
		{"udp", "[ff02::1%tun0]:53", "connection refused"},
		{"udp", "[ff0e::1]:53", "connection refused"},
		{"tcp", "224.0.0.1:80", "no route to host"},
		{"tcp", "239.1.2.3:80", "no route to host"},
		{"tcp", "255.255.255.255:80", "no route to host"},
		{"tcp", "240.0.0.1:80", "connection refused"},
		{"tcp", "0.1.2.3:80", "connection refused"},
		{"tcp", "0.0.0.0:80", "connection refused"},
		{"tcp", "[::]:80", "connection refused"},
		{"tcp", "[ff02::1%tun0]:80", "network is unreachable"},
		{"tcp", "[ff0e::1]:80", "network is unreachable"},
		{"tcp", "[fe80::1%tun0]:80", "connection refused"},
		{"tcp", "[::ffff:224.0.0.1]:80", "no route to host"},
		{"tcp", "[::ffff:0:0]:80", "connection refused"},
		{"tcp", "[64:ff9b::1]:80", "connection refused"},
	} {
		if got := run(t, p, "try", c.network, c.address, "198.18.0.7:80"); got != c.want {
			t.Errorf("%s %s: %s", c.network, c.address, got)
		}
	}
}

func TestNetworkResolvesNames(t *testing.T) {
	found := func(addresses ...string) func(*peer.Stream) {
		return func(s *peer.Stream) { s.Answer(map[string]any{"addresses": addresses, "ttlSeconds": 60}) }
	}
	p := networked(t, routes{
		"A repo.example.org": found("198.18.0.7"), "AAAA repo.example.org": found("fd53:616e:6462:1::7"),
		"A four.example.org": found("198.18.0.8"), "AAAA four.example.org": found(),
		"A down.example.org": failing("IO"), "AAAA down.example.org": failing("IO"),
		"A nothing.example.org": failing("NOT_FOUND"), "AAAA nothing.example.org": failing("NOT_FOUND"),
	}.answer)
	for _, transport := range []string{"udp", "tcp"} {
		for _, c := range []struct{ family, name, want string }{
			{"ip4", "repo.example.org.", "[198.18.0.7]"},
			{"ip6", "REPO.Example.org.", "[fd53:616e:6462:1::7]"},
			{"ip", "repo.example.org.", "[198.18.0.7 fd53:616e:6462:1::7]"},
			{"ip", "four.example.org.", "[198.18.0.8]"},
			{"ip", "nothing.example.org.", "not found: true temporary: false no such host"},
			{"ip", "refused.example.org.", "not found: true temporary: false no such host"},
			{"ip4", "down.example.org.", "not found: false temporary: true server misbehaving"},
		} {
			if got := run(t, p, "resolve", transport, c.family, c.name); got != c.want {
				t.Errorf("%s %s by %s: %s", c.family, c.name, transport, got)
			}
		}
	}
}

func TestNetworkCarriesDatagrams(t *testing.T) {
	echo := func(s *peer.Stream) {
		s.Accept()
		for {
			data, err := s.Datagram()
			if err != nil {
				return
			}
			_, _ = s.Write(data)
		}
	}
	p := networked(t, routes{"udp 198.18.0.7:123": echo, "udp [fd53:616e:6462:1::7]:123": echo}.answer)
	for _, address := range []string{"198.18.0.7:123", "[fd53:616e:6462:1::7]:123"} {
		for _, size := range []string{"1", "1400", "9000", "65507"} {
			if got := run(t, p, "udp", address, size); got != size+" true <nil>" {
				t.Errorf("%s: %s bytes: %s", address, size, got)
			}
		}
	}
}

func TestNetworkKeepsHalfClosesAndResets(t *testing.T) {
	cut := make(chan *peer.Stream, 1)
	closed := make(chan error, 1)
	p := networked(t, routes{
		// The outside ends its direction first and still hears.
		"tcp 198.18.0.1:1": server(t, func(c *net.TCPConn) {
			_, _ = c.Write(bytes.Repeat([]byte("x"), 100_000))
			_ = c.CloseWrite()
			_, err := io.Copy(io.Discard, c)
			c.Close()
			closed <- err
		}),
		// The outside breaks off.
		"tcp 198.18.0.1:2": server(t, func(c *net.TCPConn) {
			_, _ = c.Write([]byte("hello"))
			_, _ = io.ReadFull(c, make([]byte, 1<<20))
			_ = c.SetLinger(0)
			c.Close()
		}),
		// The program breaks off.
		"tcp 198.18.0.1:3": func(s *peer.Stream) {
			s.Accept()
			_, _ = io.ReadFull(s, make([]byte, 2))
			cut <- s
		},
		// The keeper's policy changes.
		"tcp 198.18.0.1:4": func(s *peer.Stream) {
			s.Accept()
			_, _ = io.ReadFull(s, make([]byte, 2))
			s.Fail("RESET", "no longer allowed")
		},
	}.answer)
	if got := run(t, p, "read", "198.18.0.1:1"); got != "100000 <nil>" {
		t.Error(got)
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
	if got := run(t, p, "send", "198.18.0.1:2"); got != "connection reset by peer" && got != "broken pipe" {
		t.Error(got)
	}
	if got := run(t, p, "send", "198.18.0.1:4"); got != "connection reset by peer" && got != "broken pipe" {
		t.Error(got)
	}
	run(t, p, "deaf", "198.18.0.1:3", "1")
	within(t, patience, "the cancel", func() {
		s := <-cut
		<-s.Cancelled
		s.Fail("CANCELLED", "cancelled")
	})
}

func TestNetworkServesManyConnectionsAtOnce(t *testing.T) {
	p := networked(t, routes{"tcp 198.18.0.7:80": server(t, echoing)}.answer)
	if got := run(t, p, "many", "198.18.0.7:80", "1000"); got != "1000" {
		t.Error(got)
	}
}

// A burst of packets before would let some of them be lost where nothing here can help: between the programs and the agent is a
// queue of 1,024 packets in the runtime, which throws away what a starved agent does not read in time.
func TestNetworkConnectsManyTimesInARowWithoutAStall(t *testing.T) {
	p := networked(t, routes{
		"tcp 198.18.0.7:80": server(t, echoing),
		"tcp 198.18.0.7:81": server(t, func(c *net.TCPConn) { c.Close() }),
	}.answer)
	// Whoever ends a connection first has to remember it for a while.
	for what, arguments := range map[string][]string{
		"the program ends first": {"198.18.0.7:80", "500"},
		"the outside ends first": {"198.18.0.7:81", "1000", "wait"},
	} {
		if got := run(t, p, append([]string{"steady", "198.18.0.7:80"}, arguments...)...); got != "0" {
			t.Errorf("%s: %s connections stalled", what, got)
		}
	}
}

func TestNetworkStandsHostilePrograms(t *testing.T) {
	hold := make(chan struct{})
	p := networked(t, routes{
		"tcp 198.18.0.7:80": server(t, echoing),
		"tcp 198.18.0.9:9":  func(s *peer.Stream) { <-hold; s.Fail("TIMED_OUT", "no answer") },
		"udp 198.18.0.9:9":  func(s *peer.Stream) { <-hold; s.Fail("TIMED_OUT", "no answer") },
	}.answer)
	alive := func() {
		t.Helper()
		if got := run(t, p, "echo", "198.18.0.7:80", "160"); got != "160 true 198.18.0.7:80" {
			t.Fatal(got)
		}
	}
	t.Log(run(t, p, "raw", "20000"))
	alive()
	run(t, p, "datagrams", "198.18.0.9:9", "3000")
	if open := p.Open(); open > 256 {
		t.Errorf("%d requests wait", open)
	}
	close(hold)
	alive()
}
