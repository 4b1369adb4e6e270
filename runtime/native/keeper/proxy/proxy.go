// Package proxy connects through an HTTP proxy of the host. What it is given to prove who asks never leaves it, but to the
// proxy.
package proxy

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// maxAnswer bounds the head of a proxy's answer.
const maxAnswer = 16 << 10

// Proxy is where connections go through. It never changes.
type Proxy struct {
	address       string
	authorization string
	direct        []exception
}

// Parse reads {"url":"http://user:password@host:port","noProxy":["…"]}. No error repeats the url, which has the password.
func Parse(content []byte) (*Proxy, error) {
	var encoded struct {
		URL     string   `json:"url"`
		NoProxy []string `json:"noProxy"`
	}
	if err := json.Unmarshal(content, &encoded); err != nil {
		return nil, errors.New(`the proxy is no object with a "url" and "noProxy"`)
	}
	u, err := url.Parse(encoded.URL)
	if err != nil {
		return nil, errors.New("the url of the proxy cannot be read; write http://host:port")
	}
	if u.Scheme != "http" || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("the proxy at host %q is not given as http://host:port", u.Hostname())
	}
	port := u.Port()
	if port == "" {
		port = "80"
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return nil, fmt.Errorf("the port of the proxy is %q: it needs 1 to 65535", port)
	}
	p := &Proxy{address: net.JoinHostPort(u.Hostname(), port)}
	if u.User != nil {
		password, _ := u.User.Password()
		p.authorization = "Basic " + base64.StdEncoding.EncodeToString([]byte(u.User.Username()+":"+password))
	}
	for _, text := range encoded.NoProxy {
		p.direct = append(p.direct, parseException(text))
	}
	return p, nil
}

// String is the proxy without its secrets.
func (p *Proxy) String() string { return p.address }

// GoString keeps %#v from showing more.
func (p *Proxy) GoString() string { return p.address }

// exception is one entry of noProxy.
type exception struct {
	all    bool
	prefix netip.Prefix
	name   string // without a leading dot
	below  bool   // only names below it
	front  string // what names and addresses start with, as in 192.168.*
	port   uint16 // 0 for all
}

func parseException(text string) exception {
	text = strings.ToLower(strings.TrimSuffix(strings.TrimSpace(text), "."))
	var e exception
	host := text
	if h, p, err := net.SplitHostPort(text); err == nil {
		if n, err := strconv.ParseUint(p, 10, 16); err == nil {
			host, e.port = h, uint16(n)
		}
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if address, err := netip.ParseAddr(host); err == nil {
		address = address.Unmap().WithZone("")
		e.prefix = netip.PrefixFrom(address, address.BitLen())
		return e
	}
	if prefix, err := netip.ParsePrefix(host); err == nil {
		e.prefix = prefix.Masked()
		return e
	}
	switch {
	case host == "*":
		e.all = true
	case strings.HasSuffix(host, "*"):
		e.front = strings.TrimSuffix(host, "*")
	case strings.HasPrefix(host, "*."), strings.HasPrefix(host, "."):
		e.name, e.below = strings.TrimPrefix(strings.TrimPrefix(host, "*"), "."), true
	default:
		e.name = host
	}
	return e
}

func (e exception) matches(name string, address netip.Addr, port uint16) bool {
	if e.port != 0 && e.port != port {
		return false
	}
	text := name
	if text == "" {
		text = address.String()
	}
	switch {
	case e.all:
		return true
	case e.prefix.IsValid():
		return name == "" && e.prefix.Contains(address)
	case e.front != "":
		return strings.HasPrefix(text, e.front)
	case e.name == "":
		return false
	default:
		return strings.HasSuffix(name, "."+e.name) || !e.below && name == e.name
	}
}

// ForName says whether a name, in the form of names.Normal, is reached through the proxy. The host's own names never are.
func (p *Proxy) ForName(name string, port uint16) bool {
	if name == "localhost" || strings.HasSuffix(name, ".localhost") {
		return false
	}
	return !p.excepts(name, netip.Addr{}, port)
}

// ForAddress says whether a public address is reached through the proxy.
func (p *Proxy) ForAddress(address netip.Addr, port uint16) bool {
	return !p.excepts("", address.Unmap(), port)
}

func (p *Proxy) excepts(name string, address netip.Addr, port uint16) bool {
	for _, e := range p.direct {
		if e.matches(name, address, port) {
			return true
		}
	}
	return false
}

// Error is what a proxy answered instead of connecting.
type Error struct {
	Proxy  string
	Status int
	Reason string
}

func (e *Error) Error() string {
	message := fmt.Sprintf("the proxy %s answered %d", e.Proxy, e.Status)
	if e.Reason != "" {
		message += " " + e.Reason
	}
	if e.Status == 407 {
		message += ": it wants a user name and password, or others"
	}
	return message
}

// Dial asks the proxy to connect to a host, which is a name or an address, and returns the way through it.
func (p *Proxy) Dial(ctx context.Context, host string, port uint16) (*net.TCPConn, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", p.address)
	if err != nil {
		return nil, fmt.Errorf("connect to the proxy: %w", err)
	}
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		conn.Close()
		return nil, errors.New("connect to the proxy: it is no TCP connection")
	}
	stop := context.AfterFunc(ctx, func() { _ = tcp.SetDeadline(time.Unix(1, 0)) })
	err = p.ask(tcp, net.JoinHostPort(host, strconv.Itoa(int(port))))
	if !stop() && err == nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		tcp.Close()
		return nil, err
	}
	return tcp, nil
}

func (p *Proxy) ask(conn io.ReadWriter, target string) error {
	request := "CONNECT " + target + " HTTP/1.1\r\nHost: " + target + "\r\n"
	if p.authorization != "" {
		request += "Proxy-Authorization: " + p.authorization + "\r\n"
	}
	if _, err := io.WriteString(conn, request+"\r\n"); err != nil {
		return fmt.Errorf("ask the proxy %s: %w", p.address, err)
	}
	head, err := readHead(conn)
	if err != nil {
		return fmt.Errorf("read the answer of the proxy %s: %w", p.address, err)
	}
	status, reason, err := parseStatus(head)
	if err != nil {
		return fmt.Errorf("read the answer of the proxy %s: %w", p.address, err)
	}
	if status < 200 || status > 299 {
		return &Error{Proxy: p.address, Status: status, Reason: reason}
	}
	return nil
}

// readHead reads up to the empty line and not a byte further: what follows is from behind the proxy.
func readHead(from io.Reader) ([]byte, error) {
	var head []byte
	var next [1]byte
	for len(head) < maxAnswer {
		if _, err := io.ReadFull(from, next[:]); err != nil {
			return nil, err
		}
		head = append(head, next[0])
		if next[0] == '\n' && (bytes.HasSuffix(head, []byte("\r\n\r\n")) || bytes.HasSuffix(head, []byte("\n\n"))) {
			return head, nil
		}
	}
	return nil, fmt.Errorf("its head is longer than %d bytes", maxAnswer)
}

func parseStatus(head []byte) (status int, reason string, err error) {
	line, _, _ := strings.Cut(string(head), "\n")
	version, rest, _ := strings.Cut(strings.TrimSuffix(line, "\r"), " ")
	code, reason, _ := strings.Cut(rest, " ")
	status, err = strconv.Atoi(code)
	if err != nil || len(code) != 3 || status < 100 || !strings.HasPrefix(version, "HTTP/1.") {
		return 0, "", errors.New("it is no answer of HTTP/1.1")
	}
	return status, printable(reason), nil
}

func printable(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, strings.ToValidUTF8(text, "?"))
	if runes := []rune(text); len(runes) > 100 {
		return string(runes[:100])
	}
	return text
}
