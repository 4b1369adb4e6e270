// Package dial connects the keeper to a port inside the sandbox, for tunnels.
package dial

import (
	"context"
	"errors"
	"os"
	"sync"
	"syscall"
	"time"

	"dev.sandboxed/native/agent/failure"
	"dev.sandboxed/native/agent/loopback"
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
	conn, err := loopback.Connect(s.Context, r.Port, patience)
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
