package flow

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// drained is a drain into a pipe.
type drained struct {
	*Drain
	reads, writes *os.File
	granted       atomic.Int64
	more          chan struct{} // something was granted
	ended         chan error
}

func newDrained(t *testing.T, window Window) *drained {
	t.Helper()
	reads, writes, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { reads.Close(); writes.Close() })
	raw, err := writes.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	d := &drained{reads: reads, writes: writes, more: make(chan struct{}, 1), ended: make(chan error, 1)}
	grant := func(n uint32) {
		d.granted.Add(int64(n))
		select {
		case d.more <- struct{}{}:
		default:
		}
	}
	d.Drain = NewDrain(raw, window, grant, func(err error) { d.ended <- err })
	d.Open()
	return d
}

func (d *drained) end(t *testing.T) error {
	t.Helper()
	select {
	case err := <-d.ended:
		return err
	case <-time.After(2 * time.Minute):
		t.Fatal("the drain did not end")
		return nil
	}
}

func TestDrainedDataArrivesInOrderWhateverItsPieces(t *testing.T) {
	d := newDrained(t, Window{Least: 256 << 10, Most: 256 << 10})
	random := rand.NewChaCha8([32]byte{7})
	data := make([]byte, 8<<20)
	_, _ = random.Read(data)
	got := make(chan []byte, 1)
	go func() {
		all, _ := io.ReadAll(d.reads)
		got <- all
	}()
	sizes := rand.New(random)
	for rest := data; len(rest) > 0; {
		n := min(1+sizes.IntN(100), len(rest))
		if sizes.IntN(10) == 0 {
			n = min(1+sizes.IntN(100<<10), len(rest))
		}
		for d.granted.Load() == int64(len(data)-len(rest)) {
			<-d.more
		}
		n = min(n, int(d.granted.Load())-(len(data)-len(rest))) // as a peer does: no more than it was granted
		if err := d.Put(rest[:n]); err != nil {
			t.Fatal(err)
		}
		rest = rest[n:]
	}
	d.Drain.End()
	if err := d.end(t); err != nil {
		t.Fatal(err)
	}
	d.writes.Close()
	if all := <-got; !bytes.Equal(all, data) {
		t.Fatalf("%d of %d bytes", len(all), len(data))
	}
	if written, _ := d.Close(); written != int64(len(data)) {
		t.Fatal(written)
	}
}

func TestDrainHoldsNoMoreThanItsWindow(t *testing.T) {
	const window = 1 << 20
	d := newDrained(t, Window{Least: window, Most: window})
	piece := make([]byte, 64<<10)
	sent := int64(0)
	for d.granted.Load() > sent {
		n := min(int64(len(piece)), d.granted.Load()-sent)
		if err := d.Put(piece[:n]); err != nil {
			t.Fatal(err)
		}
		sent += n
	}
	if sent > 2*window {
		t.Fatalf("%d bytes were taken, and nobody reads", sent)
	}
	if err := d.Put([]byte("x")); !errors.Is(err, ErrOverrun) {
		t.Fatal(err)
	}
	if _, err := io.CopyN(io.Discard, d.reads, sent); err != nil {
		t.Fatal(err)
	}
	d.Drain.End()
	if err := d.end(t); err != nil {
		t.Fatal(err)
	}
}

func TestWindowOfAReaderThatKeepsUpGrows(t *testing.T) {
	allowed := 3 << 10
	d := newDrained(t, Window{Least: 1 << 10, Most: 16 << 10, Widen: func(n int) bool {
		if n > allowed {
			return false
		}
		allowed -= n
		return true
	}})
	piece := make([]byte, 1<<10)
	for sent := int64(0); sent < 64<<10; sent += int64(len(piece)) {
		if err := d.Put(piece); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(d.reads, piece); err != nil {
			t.Fatal(err)
		}
	}
	if _, widened := d.Close(); widened != 3<<10 || allowed != 0 {
		t.Fatal(widened, allowed)
	}
}

func TestDrainThatBreaksSaysSoAndTakesTheRestOfWhatWasGranted(t *testing.T) {
	d := newDrained(t, Window{Least: 1 << 10, Most: 1 << 10})
	d.reads.Close()
	if err := d.Put([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if err := d.end(t); !errors.Is(err, syscall.EPIPE) {
		t.Fatal(err)
	}
	if err := d.Put([]byte("y")); err != nil {
		t.Fatal(err)
	}
	d.Drain.End()
	select {
	case err := <-d.ended:
		t.Fatal("ended twice, with", err)
	default:
	}
}

func TestNothingComesAfterTheEndOfADrain(t *testing.T) {
	d := newDrained(t, Window{Least: 10, Most: 10})
	d.Drain.End()
	d.Drain.End()
	if err := d.end(t); err != nil {
		t.Fatal(err)
	}
	if err := d.Put([]byte("x")); !errors.Is(err, ErrEnded) {
		t.Fatal(err)
	}
}
