// Command netprobe is what tests of the network run inside sandboxes. It prints what it found.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

func main() {
	action, known := actions[os.Args[1]]
	if !known {
		fmt.Fprintln(os.Stderr, "unknown action", os.Args[1])
		os.Exit(2)
	}
	if err := action(os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

var actions = map[string]func(a []string) error{
	"echo": echo, "try": try, "row": row, "steady": steady, "many": many, "resolve": resolve, "udp": udp, "read": read, "send": send,
	"throughput": throughput, "latency": latency, "files": files, "raw": raw, "flood": flood, "listen": listen, "deaf": deaf,
	"datagrams": datagrams,
}

func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		panic(err)
	}
	return n
}

// patience is how long this waits for what must come, on a machine that may be busy with much else.
const patience = 2 * time.Minute

func dial(address string) (*net.TCPConn, error) {
	c, err := net.DialTimeout("tcp", address, patience)
	if err != nil {
		return nil, err
	}
	return c.(*net.TCPConn), nil
}

// echo sends so many bytes, ends, and compares what comes back.
func echo(a []string) error {
	c, err := dial(a[0])
	if err != nil {
		return err
	}
	defer c.Close()
	sent := bytes.Repeat([]byte("0123456789abcdef"), number(a[1])/16)
	failed := make(chan error, 1)
	go func() {
		_, err := c.Write(sent)
		failed <- errors.Join(err, c.CloseWrite())
	}()
	got, err := io.ReadAll(c)
	if err := errors.Join(err, <-failed); err != nil {
		return err
	}
	fmt.Println(len(got), bytes.Equal(got, sent), c.RemoteAddr())
	return nil
}

// try prints how a connection fails. With a third argument, an address that echoes, it says so if that came late.
func try(a []string) error {
	if len(a) < 3 {
		fmt.Println(attempt(a[0], a[1], func() {}))
		return nil
	}
	p, err := feel(a[2])
	if err != nil {
		return err
	}
	began := p.now()
	late := ""
	failed := attempt(a[0], a[1], func() {
		if p.stalledSince(began) {
			late = ", but late"
		}
	})
	fmt.Printf("%v%s\n", failed, late)
	return p.stop()
}

func attempt(network, address string, tried func()) error {
	c, err := net.DialTimeout(network, address, patience)
	if err == nil {
		defer c.Close()
		if strings.HasPrefix(network, "udp") {
			_, err = c.Write([]byte("hello"))
			if err == nil {
				_ = c.SetReadDeadline(time.Now().Add(patience))
				_, err = c.Read(make([]byte, 10))
			}
		}
	}
	tried()
	var number syscall.Errno
	if errors.As(err, &number) {
		return number
	}
	return err
}

// row connects so many times, one after the other, and prints median and maximum in microseconds.
func row(a []string) error {
	var all []int64
	var began time.Time
	err := connects(a, func() { began = time.Now() }, func() { all = append(all, time.Since(began).Microseconds()) })
	if err != nil {
		return err
	}
	slices.Sort(all)
	fmt.Println(all[len(all)/2], all[len(all)-1])
	return nil
}

// steady connects like row and prints how many of the connections stalled: the first argument is an address that echoes.
func steady(a []string) error {
	p, err := feel(a[0])
	if err != nil {
		return err
	}
	stalls := 0
	var began moment
	err = connects(a[1:], func() { began = p.now() }, func() {
		if p.stalledSince(began) {
			stalls++
		}
	})
	fmt.Println(stalls)
	return errors.Join(err, p.stop())
}

// connects connects to an address so many times. With a third argument the other end ends first, so that it is the one to
// remember the connection.
func connects(a []string, before, after func()) error {
	for i := range number(a[1]) {
		before()
		c, err := dial(a[0])
		if err != nil {
			return fmt.Errorf("after %d: %w", i, err)
		}
		after()
		if len(a) > 2 {
			if _, err := io.ReadAll(c); err != nil {
				return err
			}
		}
		c.Close()
	}
	return nil
}

// many holds so many connections at once, sends a line on each and reads it back.
func many(a []string) error {
	var ready, done sync.WaitGroup
	var good atomic.Int64
	var first atomic.Pointer[error]
	n := number(a[1])
	ready.Add(n)
	done.Add(n)
	for i := range n {
		go func() {
			defer done.Done()
			c, err := dial(a[0])
			ready.Done()
			if err == nil {
				defer c.Close()
				ready.Wait() // until all are open
				line := fmt.Appendf(nil, "connection %06d", i)
				got := make([]byte, len(line))
				if _, err = c.Write(line); err == nil {
					_, err = io.ReadFull(c, got)
				}
				if err == nil && bytes.Equal(line, got) {
					good.Add(1)
				}
			}
			if err != nil {
				first.CompareAndSwap(nil, &err)
			}
		}()
	}
	done.Wait()
	fmt.Println(good.Load())
	if err := first.Load(); err != nil {
		return *err
	}
	return nil
}

// resolve prints the addresses of a name, looked up over the given network.
func resolve(a []string) error {
	resolver := net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, address string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, a[0], address)
	}}
	addresses, err := resolver.LookupNetIP(context.Background(), a[1], a[2])
	var failed *net.DNSError
	if errors.As(err, &failed) {
		fmt.Println("not found:", failed.IsNotFound, "temporary:", failed.IsTemporary, failed.Err)
		return nil
	}
	slices.SortFunc(addresses, netip.Addr.Compare)
	fmt.Println(addresses)
	return err
}

func udp(a []string) error {
	c, err := net.Dial("udp", a[0])
	if err != nil {
		return err
	}
	defer c.Close()
	sent := bytes.Repeat([]byte("x"), number(a[1]))
	if _, err := c.Write(sent); err != nil {
		return err
	}
	got := make([]byte, 1<<16)
	_ = c.SetReadDeadline(time.Now().Add(patience))
	n, err := c.Read(got)
	fmt.Println(n, bytes.Equal(got[:n], sent), err)
	return nil
}

// read reads until the end and prints how it came. It says on stderr when it is connected.
func read(a []string) error {
	c, err := dial(a[0])
	if err != nil {
		return err
	}
	defer c.Close()
	fmt.Fprintln(os.Stderr, "connected")
	n, err := io.Copy(io.Discard, c)
	var number syscall.Errno
	if errors.As(err, &number) {
		err = number
	}
	fmt.Println(n, err)
	return nil
}

// send writes until it fails and prints how.
func send(a []string) error {
	c, err := dial(a[0])
	if err != nil {
		return err
	}
	defer c.Close()
	chunk := make([]byte, 1<<16)
	for {
		if _, err = c.Write(chunk); err != nil {
			break
		}
	}
	var number syscall.Errno
	if errors.As(err, &number) {
		err = number
	}
	fmt.Println(err)
	return nil
}

// deaf connects, says so, reads nothing and closes with a reset when told.
func deaf(a []string) error {
	c, err := dial(a[0])
	if err != nil {
		return err
	}
	_, _ = c.Write([]byte("go"))
	time.Sleep(time.Duration(number(a[1])) * time.Millisecond)
	_ = c.SetLinger(0)
	return c.Close()
}

// throughput moves so many megabytes up or down and prints megabits per second.
func throughput(a []string) error {
	c, err := dial(a[0])
	if err != nil {
		return err
	}
	defer c.Close()
	total := int64(number(a[2])) << 20
	began := time.Now()
	if a[1] == "up" {
		chunk := make([]byte, 1<<18)
		for left := total; left > 0; left -= int64(len(chunk)) {
			if _, err := c.Write(chunk); err != nil {
				return err
			}
		}
		_ = c.CloseWrite()
		_, err = io.Copy(io.Discard, c)
	} else {
		_, err = io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{c}, make([]byte, 1<<18))
	}
	fmt.Printf("%.0f\n", float64(total)*8/1e6/time.Since(began).Seconds())
	return err
}

// latency sends a byte to and fro and prints median and maximum in microseconds.
func latency(a []string) error {
	c, err := dial(a[0])
	if err != nil {
		return err
	}
	defer c.Close()
	var all []int64
	b := []byte{1}
	for range number(a[1]) {
		began := time.Now()
		if _, err := c.Write(b); err != nil {
			return err
		}
		if _, err := io.ReadFull(c, b); err != nil {
			return err
		}
		all = append(all, time.Since(began).Microseconds())
	}
	slices.Sort(all)
	fmt.Println(all[len(all)/2], all[len(all)-1])
	return nil
}

func files([]string) error {
	for _, name := range []string{"/etc/resolv.conf", "/etc/hosts"} {
		content, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		fmt.Printf("%s", content)
	}
	return nil
}

// listen echoes on a port until it is killed.
func listen(a []string) error {
	l, err := net.Listen("tcp", a[0])
	if err != nil {
		return err
	}
	fmt.Println("listening")
	for {
		c, err := l.Accept()
		if err != nil {
			return err
		}
		go func() {
			_, _ = io.Copy(c, c)
			c.Close()
		}()
	}
}

// flood tries so many connections at once and prints how many were refused.
func flood(a []string) error {
	var refused, other atomic.Int64
	var all sync.WaitGroup
	for range number(a[1]) {
		all.Go(func() {
			c, err := dial(a[0])
			switch {
			case errors.Is(err, syscall.ECONNREFUSED):
				refused.Add(1)
			case err != nil:
				other.Add(1)
			default:
				c.Close()
			}
		})
	}
	all.Wait()
	fmt.Println(refused.Load(), other.Load())
	return nil
}

// datagrams sends a datagram from each of so many ports.
func datagrams(a []string) error {
	for range number(a[1]) {
		c, err := net.Dial("udp", a[0])
		if err != nil {
			return err
		}
		defer c.Close()
		if _, err := c.Write([]byte("x")); err != nil {
			return err
		}
	}
	return nil
}
