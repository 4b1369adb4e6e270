package egress

import (
	"context"
	"errors"
	"net"
	"syscall"

	"dev.sandboxed/native/keeper/proxy"
	"dev.sandboxed/native/keeper/resolve"
	"dev.sandboxed/native/keeper/stream"
)

// failureOf says what a program is told of why it was not connected, or not any more.
func failureOf(err error) *stream.Error {
	var failure *stream.Error
	var ofProxy *proxy.Error
	var ofNetwork net.Error
	kind := stream.IO
	switch {
	case errors.As(err, &failure):
		return failure
	case errors.As(err, &ofProxy):
		kind = kindOf(ofProxy)
	case errors.Is(err, syscall.ECONNREFUSED):
		kind = stream.ConnectionRefused
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		kind = stream.Reset
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE), errors.Is(err, syscall.ENOBUFS):
		kind = stream.TooMany
	case errors.Is(err, context.Canceled):
		kind = stream.Cancelled
	case errors.Is(err, resolve.ErrNotFound), errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH),
		errors.Is(err, syscall.EADDRNOTAVAIL), errors.Is(err, syscall.EACCES), errors.Is(err, syscall.EPERM):
		kind = stream.Unreachable
	case errors.As(err, &ofNetwork) && ofNetwork.Timeout(), errors.Is(err, context.DeadlineExceeded):
		kind = stream.TimedOut
	}
	return stream.Errorf(kind, "%v", err)
}

// inside is what the agent is told of a failure. Why it failed may tell of the host: its rules, its addresses and those that
// names have in its network.
func inside(failure *stream.Error) *stream.Error {
	return stream.Errorf(failure.Kind, "the sandbox's list of connections says why")
}

// kindOf reads the status of a proxy as a gateway means it.
func kindOf(e *proxy.Error) string {
	switch e.Status {
	case 403, 407:
		return stream.Refused
	case 504, 408:
		return stream.TimedOut
	default:
		return stream.Unreachable
	}
}
