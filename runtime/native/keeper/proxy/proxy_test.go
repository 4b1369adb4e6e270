package proxy

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
)

func parse(t *testing.T, content string) *Proxy {
	t.Helper()
	p, err := Parse([]byte(content))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// serve answers one request for a connection and then does as asked.
func serve(t *testing.T, then func(request *http.Request, conn net.Conn)) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				if request, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
					then(request, conn)
				}
			}()
		}
	}()
	return l.Addr().String()
}

func TestProxyIsAskedByNameWithItsCredentials(t *testing.T) {
	asked := make(chan string, 1)
	at := serve(t, func(r *http.Request, conn net.Conn) {
		user, password, _ := (&http.Request{Header: http.Header{"Authorization": r.Header["Proxy-Authorization"]}}).BasicAuth()
		asked <- fmt.Sprint(r.Method, " ", r.RequestURI, " ", r.Host, " ", user, " ", password)
		_, _ = io.WriteString(conn, "HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\nhello")
	})
	p := parse(t, `{"url":"http://us%40er:p%3Aw@`+at+`"}`)
	conn, err := p.Dial(t.Context(), "repo.example", 443)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	// What follows the answer at once is not lost.
	if all, err := io.ReadAll(conn); err != nil || string(all) != "hello" {
		t.Fatalf("%q %v", all, err)
	}
	if got := <-asked; got != "CONNECT repo.example:443 repo.example:443 us@er p:w" {
		t.Fatal(got)
	}
	conn, err = p.Dial(t.Context(), "2001:db8::1", 80)
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	if got := <-asked; !strings.HasPrefix(got, "CONNECT [2001:db8::1]:80 ") {
		t.Fatal(got)
	}
}

func TestRefusalsOfAProxyAreTold(t *testing.T) {
	for answer, want := range map[string]string{
		"HTTP/1.1 403 Forbidden\r\nX: y\r\n\r\n":                      "answered 403 Forbidden",
		"HTTP/1.1 502 \x1b[31mBad\r\n\r\n":                            "answered 502 ?[31mBad",
		"HTTP/1.0 407\r\n\r\n":                                        "answered 407: it wants a user name and password",
		"HTTP/1.1 100 Continue\r\n\r\n":                               "answered 100",
		"HTTP/1.1 2000 OK\r\n\r\n":                                    "no answer of HTTP",
		"SSH-2.0-x\r\n\r\n":                                           "no answer of HTTP",
		"HTTP/1.1 -20 OK\n\n":                                         "no answer of HTTP",
		"HTTP/1.1 200 OK\r\n":                                         "EOF",
		"HTTP/1.1 200 OK\r\n" + strings.Repeat("a: b\r\n", maxAnswer): "longer than",
	} {
		at := serve(t, func(_ *http.Request, conn net.Conn) { _, _ = io.WriteString(conn, answer) })
		_, err := parse(t, `{"url":"http://user:geheim@`+at+`"}`).Dial(t.Context(), "a.example", 443)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "geheim") {
			t.Errorf("%.40q: %v", answer, err)
		}
	}
	var failure *Error
	at := serve(t, func(_ *http.Request, conn net.Conn) { _, _ = io.WriteString(conn, "HTTP/1.1 503 No\r\n\r\n") })
	if _, err := parse(t, `{"url":"http://`+at+`"}`).Dial(t.Context(), "a.example", 443); !errors.As(err, &failure) || failure.Status != 503 {
		t.Fatal(err)
	}
}

func TestSilentProxyIsGivenUp(t *testing.T) {
	asked := make(chan bool)
	at := serve(t, func(_ *http.Request, conn net.Conn) {
		asked <- true
		_, _ = io.Copy(io.Discard, conn)
	})
	ctx, cancel := context.WithCancelCause(t.Context())
	because := errors.New("nobody wants it any more")
	go func() {
		<-asked
		cancel(because)
	}()
	if _, err := parse(t, `{"url":"http://`+at+`"}`).Dial(ctx, "a.example", 443); err == nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	if _, err := parse(t, `{"url":"http://`+l.Addr().String()+`"}`).Dial(t.Context(), "a.example", 443); err == nil || !strings.Contains(err.Error(), "connect to the proxy") {
		t.Fatal(err)
	}
}

func TestExceptionsAreReachedDirectly(t *testing.T) {
	p := parse(t, `{"url":"http://proxy.example:3128","noProxy":["corp.example",".below.example","*.star.example","API.Other.example:8443","10.0.0.0/8",
		"192.168.7.9","[2001:db8::1]:80","172.16.*","dev*"," spaced.example ",""]}`)
	for _, c := range []struct {
		host   string
		port   uint16
		direct bool
	}{
		{"corp.example", 1, true}, {"a.corp.example", 1, true}, {"acorp.example", 1, false},
		{"below.example", 1, false}, {"a.below.example", 1, true}, {"star.example", 1, false}, {"a.b.star.example", 1, true},
		{"api.other.example", 8443, true}, {"api.other.example", 443, false}, {"spaced.example", 1, true}, {"dev7.example", 1, true},
		{"localhost", 1, true}, {"a.localhost", 1, true}, {"nolocalhost", 1, false}, {"www.example", 1, false},
		{"10.1.2.3", 1, true}, {"11.1.2.3", 1, false}, {"192.168.7.9", 1, true}, {"192.168.7.8", 1, false}, {"172.16.9.9", 1, true},
		{"2001:db8::1", 80, true}, {"2001:db8::1", 81, false}, {"::ffff:10.1.2.3", 1, true},
	} {
		direct := false
		if address, err := netip.ParseAddr(c.host); err == nil {
			direct = !p.ForAddress(address, c.port)
		} else {
			direct = !p.ForName(c.host, c.port)
		}
		if direct != c.direct {
			t.Errorf("%s:%d goes directly: %t", c.host, c.port, direct)
		}
	}
	if all := parse(t, `{"url":"http://proxy.example","noProxy":["*"]}`); all.ForName("www.example", 1) || all.address != "proxy.example:80" {
		t.Errorf("%+v", all)
	}
}

func TestWrongProxiesAreRefusedWithoutTheirSecrets(t *testing.T) {
	for _, content := range []string{
		``, `{}`, `{"url":7}`, `{"url":"socks5://user:geheim@proxy.example:1"}`, `{"url":"https://user:geheim@proxy.example"}`, `{"url":"user:geheim@proxy.example"}`,
		`{"url":"http://user:geheim@proxy.example:x"}`, `{"url":"http://user:geheim@proxy.example:0"}`, `{"url":"http://user:geheim@proxy.example:70000"}`,
		`{"url":"http://user:geheim@"}`, `{"url":"http://user:geheim@proxy.example/path"}`, `{"url":"http://user:gehe%zzim@proxy.example"}`,
		`{"url":"http://user:geheim@proxy.example?q"}`, `{"url":"http://proxy.example","noProxy":"geheim"}`,
	} {
		p, err := Parse([]byte(content))
		if err == nil || strings.Contains(err.Error(), "geheim") {
			t.Errorf("%s: %v %v", content, p, err)
		}
	}
	p := parse(t, `{"url":"http://user:geheim@proxy.example:3128"}`)
	for _, text := range []string{fmt.Sprint(p), fmt.Sprintf("%+v", p), fmt.Sprintf("%#v", p)} {
		if text != "proxy.example:3128" {
			t.Error(text)
		}
	}
}
