// Package nonblock reads from and writes to descriptors that do not block: a call returns at once, with EAGAIN where it would
// have had to wait. Go is not told of these calls. It would take each for one that may block, wake its monitor and give other
// threads what this one was about to go on with, which outside costs next to nothing and inside a sandbox several system calls,
// each of them many times as expensive as outside. A descriptor that blocks would hold up everything.
package nonblock

import (
	"errors"
	"io"
	"os"
	"syscall"
	"unsafe"
)

// Read reads what is there; 0 without an error is the end.
func Read(fd uintptr, to []byte) (int, error) {
	if len(to) == 0 {
		return 0, nil
	}
	for {
		n, _, errno := syscall.RawSyscall(syscall.SYS_READ, fd, uintptr(unsafe.Pointer(&to[0])), uintptr(len(to)))
		switch errno {
		case 0:
			return int(n), nil
		case syscall.EINTR:
		default:
			return 0, errno
		}
	}
}

// Write writes as much as is taken of at most 1,024 pieces, of which there must be one.
func Write(fd uintptr, pieces []syscall.Iovec) (int, error) {
	for {
		n, _, errno := syscall.RawSyscall(syscall.SYS_WRITEV, fd, uintptr(unsafe.Pointer(&pieces[0])), uintptr(len(pieces)))
		switch errno {
		case 0:
			return int(n), nil
		case syscall.EINTR:
		default:
			return 0, errno
		}
	}
}

// Reader reads from a descriptor and waits in Go's poller, where no thread waits.
type Reader struct {
	from   syscall.RawConn
	to     []byte
	n      int
	failed error
}

// NewReader reads from a pipe or socket that Go's poller handles. One goroutine reads.
func NewReader(from syscall.Conn) (*Reader, error) {
	raw, err := from.SyscallConn()
	if err != nil {
		return nil, err
	}
	return &Reader{from: raw}, nil
}

// Read implements io.Reader.
func (r *Reader) Read(to []byte) (int, error) {
	if len(to) == 0 {
		return 0, nil
	}
	r.to = to
	err := r.from.Read(r.attempt)
	r.to = nil
	switch {
	case err != nil:
		return 0, err
	case r.failed != nil:
		return 0, os.NewSyscallError("read", r.failed)
	case r.n == 0:
		return 0, io.EOF
	}
	return r.n, nil
}

func (r *Reader) attempt(fd uintptr) (done bool) {
	r.n, r.failed = Read(fd, r.to)
	return !errors.Is(r.failed, syscall.EAGAIN)
}
