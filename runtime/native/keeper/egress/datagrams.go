package egress

import (
	"context"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"time"

	"dev.sandboxed/native/keeper/stream"
)

// maxDatagram is what a UDP packet over IPv4 can carry.
const maxDatagram = 65_507

// datagrams carries them both ways until the agent ends its side, or nothing has come or gone for a while. It closes conn.
func (e *Egress) datagrams(ctx context.Context, r *stream.Request, conn net.Conn) (stream.Carried, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	quiet := time.AfterFunc(e.idle, func() { cancel(errQuiet) })
	defer quiet.Stop()
	var in, out atomic.Int64
	received := make(chan struct{})
	go func() {
		defer close(received)
		buffer := make([]byte, maxDatagram)
		for {
			n, err := conn.Read(buffer)
			if err == nil {
				quiet.Reset(e.idle)
				var sent bool // what there is no credit for is lost, as datagrams may be
				if sent, err = r.SendDatagram(ctx, buffer[:n]); sent {
					in.Add(int64(n))
				}
			}
			if err != nil {
				cancel(err)
				return
			}
		}
	}()
	err := sendAll(ctx, r, conn, func(n int) {
		quiet.Reset(e.idle)
		out.Add(int64(n))
	})
	cancel(err)
	conn.Close()
	<-received
	r.End()
	if errors.Is(err, errQuiet) {
		err = nil
	}
	return stream.Carried{ToPeer: in.Load(), FromPeer: out.Load()}, err
}

var errQuiet = errors.New("nothing was sent or received")

// sendAll sends what the agent's program sends, until that ends.
func sendAll(ctx context.Context, r *stream.Request, conn net.Conn, sent func(n int)) error {
	for {
		datagram, err := r.Receive(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if len(datagram) > maxDatagram {
			return stream.Errorf(stream.Invalid, "a datagram of %d bytes, where %d are the limit", len(datagram), maxDatagram)
		}
		if _, err := conn.Write(datagram); err != nil {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			return err
		}
		sent(len(datagram))
	}
}
