package frame

import (
	"errors"
	"os"
	"testing"
)

func pipeWriter(t *testing.T) (*Writer, *Reader) {
	t.Helper()
	in, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = in.Close(), out.Close() })
	w, err := NewWriter(out)
	if err != nil {
		t.Fatal(err)
	}
	return w, NewReader(in)
}

func expect(t *testing.T, r *Reader, stream uint32) {
	t.Helper()
	if f, err := r.Next(); err != nil || f.Stream != stream {
		t.Fatalf("stream %d, not %d: %v", f.Stream, stream, err)
	}
}

func TestNothingIsWrittenBehindTheLastFrame(t *testing.T) {
	w, r := pipeWriter(t)
	if err := errors.Join(w.HoldJSON(1, Event, struct{}{}), w.Freeze(Frame{Stream: 2, Type: End})); err != nil {
		t.Fatal(err)
	}
	expect(t, r, 1)
	expect(t, r, 2)
	later := make(chan error, 1)
	go func() { later <- w.Write(Frame{Stream: 3, Type: End}) }()
	select {
	case err := <-later:
		t.Fatal("written", err)
	default:
	}
	w.Thaw()
	expect(t, r, 3)
	if err := <-later; err != nil {
		t.Fatal(err)
	}
}

func TestARetiredWriterTellsItsSuccessorsPeerNothing(t *testing.T) {
	w, r := pipeWriter(t)
	if err := w.Freeze(Frame{Stream: 1, Type: End}); err != nil {
		t.Fatal(err)
	}
	waiting := make(chan error, 1)
	go func() { waiting <- w.Write(Frame{Stream: 2, Type: End}) }()
	next := w.Retire()
	if err := <-waiting; !errors.Is(err, ErrRetired) {
		t.Fatal(err)
	}
	if err := w.HoldJSON(2, Event, struct{}{}); !errors.Is(err, ErrRetired) {
		t.Fatal(err)
	}
	if err := next.Write(Frame{Stream: 3, Type: End}); err != nil {
		t.Fatal(err)
	}
	expect(t, r, 1)
	expect(t, r, 3)
}
