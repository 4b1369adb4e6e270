// Package dial connects the keeper to a port inside the sandbox, for tunnels.
package dial

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"

	"dev.sandboxed/native/agent/failure"
	"dev.sandboxed/native/agent/stream"
	"dev.sandboxed/native/frame"
)

// patience is how long a program may leave its queue of new connections full.
const patience = 10 * time.Second

// Request is a dial request.
type Request struct {
	Port int `json:"port"`
}

// Check refuses what is no port.
func (r Request) Check() error {
	if r.Port < 1 || r.Port > 65535 {
		return failure.Newf(failure.Invalid, "%d is not a port: ports are 1 to 65535", r.Port)
	}
	return nil
}

// Run connects to the port on the sandbox's loopback and carries bytes both ways until both ends have ended theirs.
func Run(s *stream.Stream, r Request) (any, error) {
	conn, err := connect(s, r.Port)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	defer s.OnCancel(func() { reset(conn) })()
	if err := s.Event(map[string]any{"connected": map[string]any{}}); err != nil {
		return nil, err
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil, err
	}
	var first error
	var once sync.Once
	fail := func(err error) {
		if s.Context.Err() != nil {
			err = context.Canceled // What closing the connection broke is no news.
		}
		once.Do(func() { first = err })
		s.Cancel() // The other direction would wait for ever.
	}
	received := make(chan struct{})
	go func() {
		defer close(received)
		if err := s.Feed(raw); err != nil {
			fail(err)
			return
		}
		// A program that has gone already needs not be told.
		_ = control(raw, func(fd int) error { return syscall.Shutdown(fd, syscall.SHUT_WR) })
	}()
	err = s.Pump(s.Context, frame.Output, raw)
	if err == nil {
		err = s.End(frame.Output)
	}
	if err != nil {
		fail(err)
	}
	<-received
	if first != nil && !errors.Is(first, context.Canceled) {
		first = failure.Newf(failure.Of(first, "").Kind, "the connection to port %d in the sandbox broke: %v", r.Port, first)
	}
	return struct{}{}, first
}

// connect tries both loopback addresses, since programs listen on either.
func connect(s *stream.Stream, port int) (*os.File, error) {
	conn, err := connectTo(s, syscall.AF_INET, &syscall.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}})
	if err == nil || s.Context.Err() != nil {
		return conn, err
	}
	conn, errSix := connectTo(s, syscall.AF_INET6, &syscall.SockaddrInet6{Port: port, Addr: [16]byte{15: 1}})
	if errSix == nil {
		return conn, nil
	}
	if failure.Of(err, "").Kind == failure.ConnectionRefused {
		return nil, failure.Newf(failure.ConnectionRefused, "nothing listens on port %d of 127.0.0.1 or ::1 in the sandbox", port)
	}
	return nil, failure.Newf(failure.Of(err, "").Kind, "port %d of 127.0.0.1 in the sandbox: %v", port, err)
}

func connectTo(s *stream.Stream, family int, address syscall.Sockaddr) (*os.File, error) {
	fd, err := syscall.Socket(family, syscall.SOCK_STREAM|syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	// Small writes are answers that someone waits for.
	_ = syscall.SetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1)
	err = syscall.Connect(fd, address)
	if err != nil && !errors.Is(err, syscall.EINPROGRESS) && !errors.Is(err, syscall.EINTR) {
		_ = syscall.Close(fd)
		return nil, os.NewSyscallError("connect", err)
	}
	conn := os.NewFile(uintptr(fd), "socket")
	if err == nil {
		return conn, nil
	}
	stop := s.OnCancel(func() { _ = conn.Close() })
	err = awaitConnected(conn)
	if !stop() && s.Context.Err() != nil {
		err = s.Context.Err()
	}
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	return conn, nil
}

func awaitConnected(conn *os.File) error {
	if err := conn.SetWriteDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = raw.Write(func(fd uintptr) bool {
		errno, err := syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_ERROR)
		switch {
		case err != nil:
			failed = os.NewSyscallError("getsockopt", err)
		case errno != 0:
			failed = os.NewSyscallError("connect", syscall.Errno(errno))
		default:
			_, err := syscall.Getpeername(int(fd))
			return err == nil
		}
		return true
	})
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("no answer within %s: %w", patience, syscall.ETIMEDOUT)
	case err != nil:
		return err
	case failed != nil:
		return failed
	}
	return conn.SetWriteDeadline(time.Time{})
}

// reset ends the connection at once; the program inside sees that it broke.
func reset(conn *os.File) {
	if raw, err := conn.SyscallConn(); err == nil {
		_ = control(raw, func(fd int) error {
			return syscall.SetsockoptLinger(fd, syscall.SOL_SOCKET, syscall.SO_LINGER, &syscall.Linger{Onoff: 1})
		})
	}
	_ = conn.Close()
}

func control(raw syscall.RawConn, do func(fd int) error) error {
	var failed error
	if err := raw.Control(func(fd uintptr) { failed = do(int(fd)) }); err != nil {
		return err
	}
	return failed
}
