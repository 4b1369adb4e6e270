//go:build integration

package itest

import (
	"bufio"
	"crypto/tls"
	"encoding/binary"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"dev.sandboxed/native/frame"
	"dev.sandboxed/native/keeper/resolve/dnstest"
)

// withNetwork starts a sandbox with a network device.
func withNetwork(network map[string]any) settings {
	return func(l *launch) {
		l.message["network"] = network
		l.message["runsc"] = append(l.message["runsc"].([]string), "--net-raw")
		process := l.message["spec"].(map[string]any)["process"].(map[string]any)
		all := append([]string{"CAP_NET_ADMIN"}, capabilities...)
		process["capabilities"] = map[string]any{"bounding": all, "effective": all, "permitted": all}
	}
}

// web is where the names of these tests lead: an address of the loopback that one rule opens.
const web = "127.0.0.5"

// reaching starts a sandbox that may reach the names below example at that address.
func reaching(t *testing.T, zone dnstest.Zone, change ...settings) *box {
	t.Helper()
	dns := dnstest.Start(t, zone)
	all := append([]settings{withNetwork(map[string]any{"policy": openPolicy, "dns": []string{dns.Address.String()}, "hostname": "box"})}, change...)
	return start(t, all...)
}

var (
	openPolicy = json.RawMessage(`{"allow":[{"text":"*.example","domain":"*.example","protocols":["tcp","udp"]},{"text":"web","cidr":"127.0.0.5","protocols":["tcp","udp"]}]}`)
	openZone   = dnstest.Zone{Addresses: map[string][][]string{"www.example": {{web}}, "rebind.example": {{web}, {"127.0.0.1"}}, "six.example": {{"2001:db8::1"}}}}
)

// probe runs netprobe and returns what it printed.
func (b *box) probe(t *testing.T, arguments ...string) string {
	t.Helper()
	s, r := b.exec(t, map[string]any{"argv": append([]string{"/netprobe"}, arguments...)})
	if c, reason := code(t, r); c != 0 {
		t.Fatalf("%v: %d %s %s", arguments, c, reason, s.Output(2))
	}
	return strings.TrimSpace(s.Output(1))
}

// serve listens on an address of the host.
func serve(t *testing.T, at string, handle func(conn *net.TCPConn)) (port string) {
	t.Helper()
	l, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(netip.MustParseAddrPort(at)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.AcceptTCP()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				handle(conn)
			}()
		}
	}()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}

func echoAll(conn *net.TCPConn) { _, _ = io.Copy(conn, conn) }

// event is one of the connections that a keeper reports.
type event struct {
	Kind, Protocol, Host, Address, Rule, Message string
	Port                                         int
	Count, BytesIn, BytesOut                     int64
}

// tried is what the sandbox has tried to reach.
func (b *box) tried(t *testing.T) []event {
	t.Helper()
	s, err := b.Open(map[string]any{"op": "connections"}, false)
	if err != nil {
		t.Fatal(err)
	}
	if r, err := s.Result(); err != nil || r.Error != nil {
		t.Fatal(r, err)
	}
	var events []event
	lines := bufio.NewScanner(strings.NewReader(s.Output(1)))
	for lines.Scan() {
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			t.Fatal(err)
		}
		events = append(events, e)
	}
	return events
}

func TestEgressByName(t *testing.T) {
	everyone(t, func(t *testing.T, who settings) {
		port := serve(t, web+":0", echoAll)
		b := reaching(t, openZone, who)
		if got := b.probe(t, "echo", "www.example:"+port, "1048576"); !strings.HasPrefix(got, "1048576 true 198.18.0.") {
			t.Error(got)
		}
		events := b.tried(t)
		if !slices.ContainsFunc(events, func(e event) bool {
			return e.Kind == "closed" && e.Host == "www.example" && e.Address == web && e.Rule == "web" && e.BytesIn == 1<<20 && e.BytesOut == 1<<20
		}) {
			t.Errorf("%+v", events)
		}
	})
}

func TestEgressToServersOfAllKinds(t *testing.T) {
	handler := http.NewServeMux()
	handler.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello") })
	handler.HandleFunc("/slow", func(w http.ResponseWriter, r *http.Request) {
		for range 5 {
			fmt.Fprint(w, "drop ")
			_ = http.NewResponseController(w).Flush()
			select {
			case <-time.After(100 * time.Millisecond):
			case <-r.Context().Done():
			}
		}
	})
	handler.HandleFunc("/reset", func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			below := conn.(*tls.Conn).NetConn().(*net.TCPConn)
			_ = below.SetLinger(0)
			below.Close()
		}
	})
	server := httptest.NewUnstartedServer(handler)
	server.Listener.Close()
	var err error
	if server.Listener, err = net.Listen("tcp", web+":0"); err != nil {
		t.Fatal(err)
	}
	server.StartTLS()
	t.Cleanup(server.Close)
	_, port, _ := net.SplitHostPort(server.Listener.Addr().String())
	trusted := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))

	// The name is the one in the certificate of these servers.
	dns := dnstest.Start(t, dnstest.Zone{Addresses: map[string][][]string{"real.example.com": {{web}}}, CNAMEs: map[string]string{"example.com": "real.example.com"}})
	rules := json.RawMessage(`{"allow":[{"domain":"example.com"},{"cidr":"127.0.0.5"}]}`)
	b := start(t, withNetwork(map[string]any{"policy": rules, "dns": []string{dns.Address.String()}}))
	for path, want := range map[string]string{"/": "200 hello", "/slow": "200 drop drop drop drop drop", "/reset": "connection reset by peer"} {
		if got := b.probe(t, "get", "https://example.com:"+port+path, trusted); !strings.HasSuffix(got, want) {
			t.Errorf("%s: %s", path, got)
		}
	}
	if got := b.probe(t, "resolve", "udp", "ip4", "real.example.com"); !strings.HasPrefix(got, "not found: true") {
		t.Error(got)
	}
}

func TestEgressRefusesTheRestAtOnce(t *testing.T) {
	seen := make(chan bool, 100)
	port := serve(t, "127.0.0.1:0", func(*net.TCPConn) { seen <- true })
	pulse := serve(t, web+":0", echoAll)
	b := reaching(t, openZone)
	for _, c := range []struct{ network, to string }{
		{"tcp", "203.0.113.5:" + port},
		{"tcp", "[2001:db8::5]:" + port},
		{"tcp", "169.254.169.254:80"},
		{"tcp", "10.1.2.3:" + port},
		{"tcp", "198.18.99.99:" + port},
		{"tcp", "[::ffff:169.254.169.254]:80"},
		{"udp", "203.0.113.53:53"}, // somebody else's resolver
		{"udp", "169.254.169.254:53"},
	} {
		got := b.probe(t, "try", c.network, c.to, "www.example:"+pulse)
		if got != "connection refused" && got != "no route to host" && got != "network is unreachable" && got != "permission denied" {
			t.Errorf("%s %s: %s", c.network, c.to, got)
		}
	}
	for _, name := range []string{"www.example.org", "host.sandbox", "secret.data.evil.org"} {
		if got := b.probe(t, "resolve", "udp", "ip", name); !strings.HasPrefix(got, "not found: true") {
			t.Errorf("%s: %s", name, got)
		}
	}
	if len(seen) > 0 {
		t.Error("the host's loopback was reached")
	}
	for _, e := range b.tried(t) {
		if e.Host != "www.example" && (e.Kind != "refused" || e.Message == "") {
			t.Errorf("%+v", e)
		}
	}
}

func TestEgressDoesNotFollowANameToTheLoopback(t *testing.T) {
	seen := make(chan bool, 100)
	port := serve(t, web+":0", func(conn *net.TCPConn) { _, _ = io.WriteString(conn, "web") })
	serve(t, "127.0.0.1:"+port, func(conn *net.TCPConn) { seen <- true })
	b := reaching(t, openZone)
	// The first look-up is for the name, the second one for the connection.
	if got := b.probe(t, "try", "tcp", "rebind.example:"+port); got != "connection refused" {
		t.Error(got)
	}
	if len(seen) > 0 {
		t.Error("the loopback was reached")
	}
	events := b.tried(t)
	if e := events[len(events)-1]; e.Kind != "refused" || e.Host != "rebind.example" || e.Address != "127.0.0.1" || !strings.Contains(e.Message, "loopback") {
		t.Errorf("%+v", e)
	}
}

func TestEgressHostsLoopbackByItsName(t *testing.T) {
	port := serve(t, "127.0.0.1:0", echoAll)
	number, _ := strconv.Atoi(port)
	rules := map[string]any{"allow": []any{map[string]any{"domain": "host.sandbox", "ports": [][]int{{number, number}}}}}
	b := start(t, withNetwork(map[string]any{"policy": rules}))
	if got := b.probe(t, "echo", "host.sandbox:"+port, "1600"); !strings.HasPrefix(got, "1600 true") {
		t.Error(got)
	}
	if got := b.probe(t, "try", "tcp", "host.sandbox:22"); got != "connection refused" {
		t.Error(got)
	}
}

func TestEgressManyConnections(t *testing.T) {
	port := serve(t, web+":0", echoAll)
	// The server ends first, so that it is the one to remember the connections.
	brief := serve(t, web+":0", func(conn *net.TCPConn) { _, _ = io.WriteString(conn, "x") })
	b := reaching(t, openZone)
	if got := b.probe(t, "steady", "www.example:"+port, "www.example:"+brief, "500", "read"); got != "0" {
		t.Errorf("%s of the connections stalled", got)
	}
	if got := b.probe(t, "many", "www.example:"+port, "1000"); got != "1000" {
		t.Error(got)
	}
}

func TestEgressDatagrams(t *testing.T) {
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort(web+":0")))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	go func() {
		buffer := make([]byte, 1<<16)
		for {
			n, from, err := conn.ReadFromUDPAddrPort(buffer)
			if err != nil {
				return
			}
			_, _ = conn.WriteToUDPAddrPort(buffer[:n], from)
		}
	}()
	b := reaching(t, openZone)
	if got := b.probe(t, "udp", "www.example:"+strconv.Itoa(conn.LocalAddr().(*net.UDPAddr).Port), "1200"); got != "1200 true <nil>" {
		t.Error(got)
	}
}

func TestEgressPolicyIsReplaced(t *testing.T) {
	port := serve(t, web+":0", func(conn *net.TCPConn) {
		_, _ = io.WriteString(conn, "hello")
		_, _ = io.Copy(io.Discard, conn)
	})
	b := reaching(t, openZone)
	reading, err := b.Open(map[string]any{"op": "exec", "argv": []string{"/netprobe", "read", "www.example:" + port}}, false)
	if err != nil {
		t.Fatal(err)
	}
	// Until then the program would be refused the connection.
	if err := reading.Await(func() bool { return reading.Counts[frame.ErrorOutput] > 0 }); err != nil {
		t.Fatal(err)
	}
	if r := b.ask(t, map[string]any{"op": "policy", "policy": json.RawMessage(`{}`)}); string(r.Ok) != `{"cut":1}` {
		t.Fatalf("%s %+v", r.Ok, r.Error)
	}
	if _, err := reading.Result(); err != nil {
		t.Fatal(err)
	}
	if got := strings.TrimSpace(reading.Output(1)); !strings.HasSuffix(got, "connection reset by peer") {
		t.Error(got)
	}
	if got := b.probe(t, "resolve", "udp", "ip", "www.example"); !strings.HasPrefix(got, "not found: true") {
		t.Error(got)
	}
	if r := b.ask(t, map[string]any{"op": "policy", "policy": openPolicy}); string(r.Ok) != `{"cut":0}` {
		t.Fatalf("%s %+v", r.Ok, r.Error)
	}
	if got := b.probe(t, "resolve", "udp", "ip4", "www.example"); got != "[198.18.0.2]" {
		t.Error(got)
	}
}

func TestEgressFloodIsBoundedAndTold(t *testing.T) {
	port := serve(t, web+":0", echoAll)
	b := reaching(t, openZone)
	for range 3 {
		got := b.probe(t, "flood", "203.0.113.5:7", "1000")
		var refused, other int
		if _, err := fmt.Sscan(got, &refused, &other); err != nil || refused != 1000 {
			t.Error(got, err)
		}
	}
	if got := b.probe(t, "echo", "www.example:"+port, "16"); !strings.HasPrefix(got, "16 true") {
		t.Error(got)
	}
	events := b.tried(t)
	if len(events) > 2500 {
		t.Errorf("%d events", len(events))
	}
}

func TestEgressEndsWithItsSandbox(t *testing.T) {
	gone := make(chan error, 1)
	there := make(chan bool, 1)
	port := serve(t, web+":0", func(conn *net.TCPConn) {
		there <- true
		_, err := io.Copy(io.Discard, conn)
		gone <- err
	})
	b := reaching(t, openZone)
	following, err := b.Open(map[string]any{"op": "connections", "follow": true}, false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Open(map[string]any{"op": "exec", "argv": []string{"/netprobe", "read", "www.example:" + port}}, false); err != nil {
		t.Fatal(err)
	}
	<-there
	if err := b.Terminate(); err != nil {
		t.Fatal(err)
	}
	within(t, patience, "the end of the connection", func() { <-gone })
	b.exited(t)
	if r, err := following.Result(); err != nil || r.Error != nil || !strings.Contains(following.Output(1), `"closed"`) {
		t.Errorf("%+v %v %s", r, err, following.Output(1))
	}
}

// TestEgressToAddresses has addresses of its own, public and private ones and that of a metadata service, all of them served.
func TestEgressToAddresses(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can make a network namespace for one thread")
	}
	ownNetwork(t, "203.0.113.5", "203.0.113.6", "10.1.2.3", "169.254.169.254", "2001:db8::5", "fd00:ec2::254")
	var stolen atomic.Int64
	handler := http.NewServeMux()
	handler.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "hello") })
	handler.HandleFunc("/steal", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://"+r.URL.RawQuery+"/credentials", http.StatusFound)
	})
	handler.HandleFunc("/credentials", func(w http.ResponseWriter, r *http.Request) {
		stolen.Add(1)
		fmt.Fprint(w, "secret")
	})
	server := &http.Server{Handler: handler}
	t.Cleanup(func() { server.Close() })
	for _, at := range []string{"203.0.113.5:80", "203.0.113.6:80", "10.1.2.3:80", "169.254.169.254:80", "[2001:db8::5]:80", "[fd00:ec2::254]:80"} {
		l, err := net.Listen("tcp", at)
		if err != nil {
			t.Fatal(err)
		}
		go func() { _ = server.Serve(l) }()
	}
	dns := dnstest.Start(t, dnstest.Zone{Addresses: map[string][][]string{
		"www.example": {{"203.0.113.5", "2001:db8::5"}}, "six.example": {{"2001:db8::5"}}, "inner.example": {{"10.1.2.3"}}, "meta.example": {{"169.254.169.254"}},
	}})
	b := start(t, withNetwork(map[string]any{"policy": json.RawMessage(`{"everything":true,"deny":[{"cidr":"203.0.113.6"}]}`), "dns": []string{dns.Address.String()}}))
	for url, want := range map[string]string{
		"http://203.0.113.5/":                        "200 hello",
		"http://[2001:db8::5]/":                      "200 hello",
		"http://www.example/":                        "200 hello",
		"http://six.example/":                        "200 hello",
		"http://203.0.113.6/":                        "connection refused",
		"http://10.1.2.3/":                           "connection refused",
		"http://169.254.169.254/":                    "connection refused",
		"http://[fd00:ec2::254]/":                    "connection refused",
		"http://inner.example/":                      "connection refused",
		"http://meta.example/":                       "connection refused",
		"http://www.example/steal?169.254.169.254":   "connection refused",
		"http://www.example/steal?meta.example":      "connection refused",
		"http://203.0.113.5/steal?[fd00:ec2::254]":   "connection refused",
		"http://203.0.113.5/steal?[::ffff:10.1.2.3]": "connection refused",
	} {
		if got := b.probe(t, "get", url); !strings.HasSuffix(got, want) {
			t.Errorf("%s: %s", url, got)
		}
	}
	if n := stolen.Load(); n != 0 {
		t.Errorf("credentials were asked for %d times", n)
	}
	named := json.RawMessage(`{"allow":[{"cidr":"10.1.2.3/32"},{"domain":"inner.example"},{"cidr":"169.254.169.254"}]}`)
	if r := b.ask(t, map[string]any{"op": "policy", "policy": named}); r.Error != nil {
		t.Fatalf("%+v", r.Error)
	}
	for url, want := range map[string]string{
		"http://10.1.2.3/": "200 hello", "http://inner.example/": "200 hello", "http://169.254.169.254/": "200 hello", "http://203.0.113.5/": "connection refused",
	} {
		if got := b.probe(t, "get", url); !strings.HasSuffix(got, want) {
			t.Errorf("%s: %s", url, got)
		}
	}
}

// ownNetwork gives a test's thread a network of its own, which processes and sockets have that are made on it.
func ownNetwork(t *testing.T, addresses ...string) {
	t.Helper()
	runtime.LockOSThread() // for good: the thread ends with the test's goroutine
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		t.Fatal("make a network namespace:", err)
	}
	fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.NETLINK_ROUTE)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	const loopback = 1
	up := binary.NativeEndian.AppendUint32([]byte{unix.AF_UNSPEC, 0, 0, 0}, loopback)
	up = binary.NativeEndian.AppendUint32(up, unix.IFF_UP)
	up = binary.NativeEndian.AppendUint32(up, unix.IFF_UP)
	tell(t, fd, unix.RTM_NEWLINK, up)
	for _, text := range addresses {
		address := netip.MustParseAddr(text)
		family := byte(unix.AF_INET)
		if address.Is6() {
			family = unix.AF_INET6
		}
		add := binary.NativeEndian.AppendUint32([]byte{family, byte(address.BitLen()), unix.IFA_F_NODAD, 0}, loopback)
		for _, attribute := range []uint16{unix.IFA_LOCAL, unix.IFA_ADDRESS} {
			add = binary.NativeEndian.AppendUint16(add, uint16(4+address.BitLen()/8))
			add = binary.NativeEndian.AppendUint16(add, attribute)
			add = append(add, address.AsSlice()...)
		}
		tell(t, fd, unix.RTM_NEWADDR, add)
	}
}

// tell sends the kernel a message about its network, and waits until it has done what it says.
func tell(t *testing.T, fd int, kind uint16, body []byte) {
	t.Helper()
	message := binary.NativeEndian.AppendUint32(nil, uint32(unix.SizeofNlMsghdr+len(body)))
	message = binary.NativeEndian.AppendUint16(message, kind)
	message = binary.NativeEndian.AppendUint16(message, unix.NLM_F_REQUEST|unix.NLM_F_ACK|unix.NLM_F_CREATE)
	message = append(message, make([]byte, 8)...) // a number for the message and one for its sender
	if _, err := unix.Write(fd, append(message, body...)); err != nil {
		t.Fatal(err)
	}
	answer := make([]byte, 4096)
	n, err := unix.Read(fd, answer)
	if err != nil || n < unix.SizeofNlMsghdr+4 {
		t.Fatal(n, err)
	}
	if errno := -int32(binary.NativeEndian.Uint32(answer[unix.SizeofNlMsghdr:])); errno != 0 {
		t.Fatalf("message %d to the kernel: %v", kind, unix.Errno(errno))
	}
}
