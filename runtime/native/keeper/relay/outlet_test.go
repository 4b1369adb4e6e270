package relay

import (
	"errors"
	"os"
	"testing"

	"dev.sandboxed/native/frame"
	"dev.sandboxed/native/keeper/stream"
)

// TestNothingPassesAPause sends in all the ways there are, small frames and large ones.
func TestNothingPassesAPause(t *testing.T) {
	in, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = in.Close(), out.Close() })
	o, err := newOutlet(out, out.Close, limits{relayed: 1 << 62, own: 1 << 20}, stream.NewRoom(4, 1<<20))
	if err != nil {
		t.Fatal(err)
	}
	large := make([]byte, frame.MaxPayload)
	data := func(number uint32, payload []byte) frame.Frame {
		return frame.Frame{Stream: number, Type: frame.Data, Payload: payload}
	}
	// The first is larger than the pipe, so that those behind it are queued.
	err = errors.Join(o.relay(data(1, large)), o.hold(data(2, large[:1])), o.pause(frame.Frame{Type: frame.Control, Payload: freeze}),
		o.hold(data(3, large[:1])), o.letGo(), o.relay(data(4, large[:1])), o.Send(data(5, large[:1])), o.Lend(data(6, large), func() {}))
	if err != nil {
		t.Fatal(err)
	}
	read := make(chan uint32)
	go func() {
		defer close(read)
		reader := frame.NewReader(in)
		for {
			f, err := reader.Next()
			if err != nil {
				return
			}
			read <- f.Stream
		}
	}()
	for _, wanted := range []uint32{1, 2, 0} {
		if got := <-read; got != wanted {
			t.Fatalf("%d before %d", got, wanted)
		}
	}
	select {
	case got := <-read:
		t.Fatalf("%d has passed", got)
	default:
	}
	if err := o.goOn(frame.Frame{Type: frame.Control, Payload: thaw}); err != nil {
		t.Fatal(err)
	}
	for _, wanted := range []uint32{0, 3, 4, 5, 6} {
		if got := <-read; got != wanted {
			t.Fatalf("%d before %d", got, wanted)
		}
	}
	<-o.finish()
}
