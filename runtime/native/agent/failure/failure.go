// Package failure names what went wrong in the words of the protocol.
package failure

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
)

// Kind is one of the protocol's kinds of errors.
type Kind string

// The kinds of docs/protocol.md.
const (
	NotFound             Kind = "NOT_FOUND"
	Exists               Kind = "EXISTS"
	NotADirectory        Kind = "NOT_A_DIRECTORY"
	IsADirectory         Kind = "IS_A_DIRECTORY"
	NotEmpty             Kind = "NOT_EMPTY"
	Permission           Kind = "PERMISSION"
	TooLarge             Kind = "TOO_LARGE"
	NoSpace              Kind = "NO_SPACE"
	Invalid              Kind = "INVALID"
	CommandNotFound      Kind = "COMMAND_NOT_FOUND"
	CommandNotExecutable Kind = "COMMAND_NOT_EXECUTABLE"
	WorkdirNotFound      Kind = "WORKDIR_NOT_FOUND"
	UserNotFound         Kind = "USER_NOT_FOUND"
	Cancelled            Kind = "CANCELLED"
	TooMany              Kind = "TOO_MANY"
	IO                   Kind = "IO"

	Refused           Kind = "REFUSED"
	ConnectionRefused Kind = "CONNECTION_REFUSED"
	Unreachable       Kind = "UNREACHABLE"
	TimedOut          Kind = "TIMED_OUT"
	Reset             Kind = "RESET"
)

// Error is an answer to a request that could not be done.
type Error struct {
	Kind    Kind   `json:"kind"`
	Message string `json:"message"`
	Path    string `json:"path,omitempty"`
}

func (e *Error) Error() string { return e.Message }

// Newf makes an error of a kind.
func Newf(kind Kind, format string, args ...any) error {
	return &Error{Kind: kind, Message: clip(fmt.Sprintf(format, args...))}
}

// AtPath makes an error of a kind that is about a path.
func AtPath(kind Kind, path, format string, args ...any) error {
	return &Error{Kind: kind, Path: clip(path), Message: clip(fmt.Sprintf(format, args...))}
}

// clip keeps an answer far below the size of a frame.
func clip(s string) string { return s[:min(len(s), 8<<10)] }

// Of finds the kind of an error that came from the system.
func Of(err error, path string) *Error {
	var known *Error
	if errors.As(err, &known) {
		return known
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, os.ErrClosed) {
		return &Error{Kind: Cancelled, Message: "cancelled", Path: clip(path)}
	}
	message := err.Error()
	var at *os.PathError
	if errors.As(err, &at) {
		message = at.Op + " " + at.Path + ": " + at.Err.Error()
		if path == "" {
			path = at.Path
		}
	}
	return &Error{Kind: kindOf(err), Message: clip(message), Path: clip(path)}
}

var kinds = map[syscall.Errno]Kind{
	syscall.ENOENT:       NotFound,
	syscall.EEXIST:       Exists,
	syscall.ENOTDIR:      NotADirectory,
	syscall.EISDIR:       IsADirectory,
	syscall.ENOTEMPTY:    NotEmpty,
	syscall.EACCES:       Permission,
	syscall.EPERM:        Permission,
	syscall.EROFS:        Permission,
	syscall.EFBIG:        TooLarge,
	syscall.EOVERFLOW:    TooLarge,
	syscall.ENOSPC:       NoSpace,
	syscall.EDQUOT:       NoSpace,
	syscall.EINVAL:       Invalid,
	syscall.ENAMETOOLONG: Invalid,

	syscall.ECONNREFUSED:  ConnectionRefused,
	syscall.EADDRNOTAVAIL: Unreachable,
	syscall.EAFNOSUPPORT:  Unreachable,
	syscall.ENETUNREACH:   Unreachable,
	syscall.EHOSTUNREACH:  Unreachable,
	syscall.ETIMEDOUT:     TimedOut,
	syscall.ECONNRESET:    Reset,
	syscall.ECONNABORTED:  Reset,
	syscall.EPIPE:         Reset,
}

func kindOf(err error) Kind {
	var errno syscall.Errno
	if errors.As(err, &errno) {
		if kind, known := kinds[errno]; known {
			return kind
		}
	}
	return IO
}
