package output

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func read(t *testing.T, r *Reader) string {
	t.Helper()
	var all bytes.Buffer
	for {
		piece, _, err := r.Next(t.Context())
		if errors.Is(err, io.EOF) {
			return all.String()
		}
		if err != nil {
			t.Fatal(err)
		}
		all.Write(piece[HeaderSize:])
	}
}

func TestALogIsReadFromItsBeginningAndFollowed(t *testing.T) {
	l := New(filepath.Join(t.TempDir(), "log"))
	l.Append(t.Context(), 1, time.UnixMilli(7), []byte("one "))
	late := l.Reader(0, true, false)
	now := l.Reader(0, false, false)
	l.Append(t.Context(), 2, time.Now(), []byte("two"))
	if text := read(t, now); text != "one " {
		t.Fatalf("%q", text)
	}
	piece, channel, err := late.Next(t.Context())
	if err != nil || channel != 1 || !bytes.Equal(piece, []byte("\x00\x00\x00\x00\x00\x00\x00\x07\x01\x00\x00\x00\x04one ")) {
		t.Fatalf("%q %d %v", piece, channel, err)
	}
	go l.Close()
	if text := read(t, late); text != "two" {
		t.Fatalf("%q", text)
	}
}

func TestOnlyTheEndIsKeptOfMuch(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	l := New(path)
	block := bytes.Repeat([]byte("x"), 1<<20)
	for range 20 {
		l.Append(t.Context(), 1, time.Now(), block)
	}
	l.Append(t.Context(), 1, time.Now(), []byte("end"))
	l.Close()
	text := read(t, l.Reader(0, true, false))
	if len(text) < fileSize || len(text) > 2*fileSize+MaxPiece || text[len(text)-3:] != "end" {
		t.Fatalf("%d bytes", len(text))
	}
	var total int64
	for _, name := range []string{path, path + OldSuffix} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		total += info.Size()
	}
	if total > 2*(fileSize+MaxPiece+HeaderSize) {
		t.Fatalf("%d bytes on disk", total)
	}
}

func TestAWriterWaitsForAReaderThatHoldsIt(t *testing.T) {
	l := New(filepath.Join(t.TempDir(), "log"))
	holder := l.Reader(0, true, true)
	const blocks = 12
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range blocks {
			l.Append(context.Background(), 1, time.Now(), bytes.Repeat([]byte("x"), 1<<20))
		}
		l.Close()
	}()
	if text := read(t, holder); len(text) != blocks<<20 {
		t.Fatalf("%d bytes", len(text))
	}
	<-done
	holder.Close()
	l.Idle(time.Minute)
}

func TestAHolderThatGoesLetsTheWriterGoOn(t *testing.T) {
	l := New(filepath.Join(t.TempDir(), "log"))
	holder := l.Reader(0, true, true)
	done := make(chan struct{})
	go func() {
		defer close(done)
		l.Append(context.Background(), 1, time.Now(), bytes.Repeat([]byte("x"), 20<<20))
	}()
	if _, _, err := holder.Next(t.Context()); err != nil {
		t.Fatal(err)
	}
	holder.Close()
	<-done
}

func TestAReaderStopsWithItsContext(t *testing.T) {
	l := New(filepath.Join(t.TempDir(), "log"))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := l.Reader(0, true, false).Next(ctx); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}

func TestWhatCannotBeWrittenIsDropped(t *testing.T) {
	l := New(filepath.Join(t.TempDir(), "no", "such", "directory"))
	l.Append(t.Context(), 1, time.Now(), []byte("lost"))
	l.Close()
	if text := read(t, l.Reader(0, true, false)); text != "" {
		t.Fatalf("%q", text)
	}
}

func TestNotesAreLinesOfTheirOwnAndGiveWayToReadersThatHoldTheLog(t *testing.T) {
	l := New(filepath.Join(t.TempDir(), "log"))
	l.Append(t.Context(), 1, time.Now(), []byte("out "))
	l.Note(time.UnixMilli(7), "exec a\nb\r: done\xff")
	l.Note(time.Now(), "")
	l.Note(time.Now(), strings.Repeat("x", MaxNote+1))
	r := l.Reader(0, false, false)
	for _, want := range []struct {
		channel uint8
		text    string
	}{{1, "out "}, {Noted, "exec a b : done\n"}, {Noted, strings.Repeat("x", MaxNote) + "\n"}} {
		piece, channel, err := r.Next(t.Context())
		if err != nil || channel != want.channel || string(piece[HeaderSize:]) != want.text {
			t.Fatalf("%d %q %v", channel, piece, err)
		}
	}
	if _, _, err := r.Next(t.Context()); !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}

	holder := l.Reader(0, true, true)
	for range 2 * fileSize / MaxNote {
		l.Note(time.Now(), strings.Repeat("n", MaxNote))
	}
	if piece, _, err := holder.Next(t.Context()); err != nil || string(piece[HeaderSize:]) != "out " {
		t.Fatalf("%q %v", piece, err)
	}
}
