package egress

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"dev.sandboxed/native/frame"
	"dev.sandboxed/native/keeper/proxy"
	"dev.sandboxed/native/keeper/resolve/dnstest"
	"dev.sandboxed/native/keeper/stream"
)

// startProxy is an HTTP proxy that wants credentials, knows one name, and tells what it was asked for.
func startProxy(t *testing.T, knows string, at netip.AddrPort) (address netip.AddrPort, asked chan string) {
	t.Helper()
	asked = make(chan string, 100)
	address = listen(t, "127.0.0.1:0", func(conn *net.TCPConn) {
		request, err := http.ReadRequest(bufio.NewReader(conn))
		if err != nil {
			return
		}
		asked <- request.RequestURI
		if request.Header.Get("Proxy-Authorization") != "Basic dXNlcjpnZWhlaW0=" {
			_, _ = io.WriteString(conn, "HTTP/1.1 407 Who are you\r\n\r\n")
			return
		}
		if request.RequestURI != knows {
			_, _ = io.WriteString(conn, "HTTP/1.1 502 Unknown\r\n\r\n")
			return
		}
		server, err := net.DialTCP("tcp", nil, net.TCPAddrFromAddrPort(at))
		if err != nil {
			return
		}
		defer server.Close()
		_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\n")
		go func() {
			_, _ = io.Copy(server, conn)
			_ = server.CloseWrite()
		}()
		_, _ = io.Copy(conn, server)
	})
	return address, asked
}

func through(t *testing.T, credentials string, at netip.AddrPort) *proxy.Proxy {
	t.Helper()
	p, err := proxy.Parse([]byte(fmt.Sprintf(`{"url":"http://%s%s","noProxy":["direct.example","203.0.113.0/24"]}`, credentials, at)))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestNamesGoThroughTheProxy(t *testing.T) {
	server := listen(t, "127.0.0.5:0", echo)
	at, asked := startProxy(t, "hidden.example:443", server)
	dns := dnstest.Start(t, dnstest.Zone{Addresses: map[string][][]string{"direct.example": {{"127.0.0.5"}}, "hidden.example": {{"127.0.0.5"}}}})
	rules := `{"allow":[{"domain":"*.example"},{"cidr":"127.0.0.5"},{"cidr":"203.0.113.0/24"},{"cidr":"9.9.9.9"}]}`
	a := start(t, Settings{Policy: parsed(t, rules), Servers: []netip.AddrPort{dns.Address}, Proxy: through(t, "user:geheim@", at)})

	hidden := a.addressOf(t, "hidden.example")
	if answer := a.resolve(t, "hidden.example", "AAAA"); answer != `{"addresses":[],"ttlSeconds":60}` {
		t.Error(answer)
	}
	s := a.connect(t, "tcp", hidden, 443).connected()
	s.grant(100)
	s.expect(frame.Credit)
	s.write("hello")
	s.end()
	if got := s.data(6); got != "hello!" {
		t.Fatal(got)
	}
	s.expect(frame.End)
	if answer, message := s.result(); answer != "{}" {
		t.Fatal(answer, message)
	}
	if got := <-asked; got != "hidden.example:443" {
		t.Fatal(got)
	}
	if n := dns.Asked("hidden.example"); n != 0 {
		t.Fatalf("the host looked the name up %d times", n)
	}

	answer, _ := a.connect(t, "tcp", hidden, 80).result()
	if e := a.events(t, 3)[2]; answer != stream.Unreachable || !strings.Contains(e.Message, "502 Unknown") {
		t.Fatalf("%s %+v", answer, e)
	}
	<-asked
	// An address is checked here, and means the same to the proxy only if it is public.
	if answer, _ := a.connect(t, "tcp", "9.9.9.9", 53).result(); answer != stream.Unreachable {
		t.Fatal(answer)
	}
	if got := <-asked; got != "9.9.9.9:53" {
		t.Fatal(got)
	}
	for _, refused := range []string{"10.1.2.3", "127.0.0.1", "169.254.169.254"} {
		if answer, _ := a.connect(t, "tcp", refused, 53).result(); answer != stream.Refused {
			t.Fatal(answer)
		}
	}
	direct := a.connect(t, "tcp", a.addressOf(t, "direct.example"), server.Port()).connected()
	direct.send(frame.Frame{Type: frame.Control, Payload: []byte(`{"cancel":true}`)})
	direct = a.connect(t, "tcp", "127.0.0.5", server.Port()).connected()
	direct.send(frame.Frame{Type: frame.Control, Payload: []byte(`{"cancel":true}`)})
	if len(asked) > 0 {
		t.Fatalf("the proxy was asked for %s", <-asked)
	}
	// What the proxy is told of who asks appears nowhere.
	content, err := json.Marshal(a.events(t, 8))
	if err != nil || strings.Contains(string(content), "geheim") || strings.Contains(string(content), "dXNlcj") {
		t.Fatalf("%s %v", content, err)
	}
	if cut := a.egress.replace(parsed(t, `{}`), nil); cut > 2 {
		t.Fatal(cut)
	}
}

func TestProxyThatRefusesIsTold(t *testing.T) {
	at, _ := startProxy(t, "", netip.AddrPort{})
	a := start(t, Settings{Policy: parsed(t, `{"everything":true}`), Proxy: through(t, "", at)})
	answer, _ := a.connect(t, "tcp", a.addressOf(t, "a.example"), 443).result()
	if e := a.events(t, 1)[0]; answer != stream.Refused || !strings.Contains(e.Message, "user name and password") {
		t.Fatalf("%s %+v", answer, e)
	}
}

func TestProxiedConnectionsAreCutByName(t *testing.T) {
	server := listen(t, "127.0.0.5:0", echo)
	at, _ := startProxy(t, "hidden.example:443", server)
	a := start(t, Settings{Policy: parsed(t, `{"everything":true}`), Proxy: through(t, "user:geheim@", at)})
	s := a.connect(t, "tcp", a.addressOf(t, "hidden.example"), 443).connected()
	if cut := a.egress.replace(parsed(t, `{"everything":true,"deny":[{"domain":"other.example"}]}`), nil); cut != 0 {
		t.Fatal(cut)
	}
	if cut := a.egress.replace(parsed(t, `{"everything":true,"deny":[{"domain":"hidden.example"}]}`), nil); cut != 1 {
		t.Fatal(cut)
	}
	if answer, _ := s.result(); answer != stream.Reset {
		t.Fatal(answer)
	}
}
