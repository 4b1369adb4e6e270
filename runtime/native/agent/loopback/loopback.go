// Package loopback connects to the ports that programs in the sandbox listen on.
package loopback

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"dev.sandboxed/native/agent/failure"
)

// Connect connects to a port on 127.0.0.1, or else on ::1, since programs listen on either. Patience is how long a program may
// leave its queue of new connections full.
func Connect(ctx context.Context, port int, patience time.Duration) (*os.File, error) {
	conn, err := connect(ctx, syscall.AF_INET, &syscall.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}}, patience)
	if err == nil || ctx.Err() != nil {
		return conn, err
	}
	conn, errSix := connect(ctx, syscall.AF_INET6, &syscall.SockaddrInet6{Port: port, Addr: [16]byte{15: 1}}, patience)
	if errSix == nil {
		return conn, nil
	}
	if failure.Of(err, "").Kind == failure.ConnectionRefused {
		return nil, failure.Newf(failure.ConnectionRefused, "nothing listens on port %d of 127.0.0.1 or ::1 in the sandbox", port)
	}
	return nil, failure.Newf(failure.Of(err, "").Kind, "port %d of 127.0.0.1 in the sandbox: %v", port, err)
}

func connect(ctx context.Context, family int, address syscall.Sockaddr, patience time.Duration) (*os.File, error) {
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
	if err != nil {
		stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
		err = awaitConnected(conn, patience)
		if !stop() && ctx.Err() != nil {
			err = ctx.Err()
		}
	}
	if err == nil && isOwnEnd(conn) {
		err = os.NewSyscallError("connect", syscall.ECONNREFUSED)
	}
	if err != nil {
		_ = conn.Close()
		return nil, err
	}
	return conn, nil
}

func awaitConnected(conn *os.File, patience time.Duration) error {
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

// isOwnEnd says whether a connection leads to itself: a socket whose own port happens to be the one it connects to finds itself
// where nobody listens.
func isOwnEnd(conn *os.File) bool {
	raw, err := conn.SyscallConn()
	if err != nil {
		return false
	}
	same := false
	err = raw.Control(func(fd uintptr) {
		own, err1 := syscall.Getsockname(int(fd))
		peer, err2 := syscall.Getpeername(int(fd))
		same = err1 == nil && err2 == nil && portOf(own) == portOf(peer)
	})
	return err == nil && same
}

func portOf(address syscall.Sockaddr) int {
	switch a := address.(type) {
	case *syscall.SockaddrInet4:
		return a.Port
	case *syscall.SockaddrInet6:
		return a.Port
	}
	return 0
}
