package stream

import (
	"context"
	"errors"
	"net"
	"time"
)

// leastWait and mostWait are how long a listener waits while the host is short of descriptors or memory.
const (
	leastWait = 5 * time.Millisecond
	mostWait  = time.Second
)

// AcceptAll hands over every connection of a listener, until the listener is closed or ctx ends.
func AcceptAll[C net.Conn](ctx context.Context, accept func() (C, error), take func(conn C)) {
	wait := time.Duration(0)
	for {
		conn, err := accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err == nil:
			wait = 0
			take(conn)
		default:
			// The kernel keeps those who wait, until there are descriptors again.
			wait = min(max(2*wait, leastWait), mostWait)
			select {
			case <-time.After(wait):
			case <-ctx.Done():
				return
			}
		}
	}
}
