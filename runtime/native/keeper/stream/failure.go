package stream

import (
	"context"
	"errors"
	"fmt"
)

// Kinds of errors that a peer is told.
const (
	Refused           = "REFUSED"
	NotFound          = "NOT_FOUND"
	ConnectionRefused = "CONNECTION_REFUSED"
	Unreachable       = "UNREACHABLE"
	TimedOut          = "TIMED_OUT"
	Reset             = "RESET"
	TooMany           = "TOO_MANY"
	Invalid           = "INVALID"
	Cancelled         = "CANCELLED"
	NoSpace           = "NO_SPACE"
	IO                = "IO"
)

// Error is a failure that has a kind of its own in the protocol.
type Error struct {
	Kind    string `json:"kind"`
	Message string `json:"message"`
}

func (e *Error) Error() string { return e.Message }

// Ended is why everything ends that the keeper does for a sandbox.
var Ended = Errorf(Cancelled, "the sandbox has ended")

// Errorf makes an error of a kind.
func Errorf(kind, format string, args ...any) *Error {
	return &Error{Kind: kind, Message: fmt.Sprintf(format, args...)}
}

// failureOf says what the peer is told of an error.
func failureOf(err error) *Error {
	var failure *Error
	switch {
	case errors.As(err, &failure):
		return failure
	case errors.Is(err, context.Canceled):
		return Errorf(Cancelled, "the request was cancelled")
	case errors.Is(err, context.DeadlineExceeded):
		return Errorf(TimedOut, "the time for the request is over")
	default:
		return Errorf(IO, "%s", err)
	}
}
