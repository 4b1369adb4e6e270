package nonblock

import (
	"bytes"
	"errors"
	"io"
	"os"
	"syscall"
	"testing"
)

// pair is a pipe of which neither end blocks.
func pair(t *testing.T) (in, out uintptr) {
	t.Helper()
	var fds [2]int
	if err := syscall.Pipe2(fds[:], syscall.O_NONBLOCK|syscall.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Close(fds[0])
		_ = syscall.Close(fds[1])
	})
	return uintptr(fds[0]), uintptr(fds[1])
}

func vector(data []byte) syscall.Iovec {
	v := syscall.Iovec{Base: &data[0]}
	v.SetLen(len(data))
	return v
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	in, out := pair(t)
	buffer := make([]byte, 100)
	if _, err := Read(in, buffer); !errors.Is(err, syscall.EAGAIN) {
		t.Fatal("an empty pipe:", err)
	}
	if n, err := Write(out, []syscall.Iovec{vector([]byte("head, ")), vector([]byte("body"))}); n != 10 || err != nil {
		t.Fatal(n, err)
	}
	if n, err := Read(in, nil); n != 0 || err != nil {
		t.Fatal("no room:", n, err)
	}
	if n, err := Read(in, buffer); string(buffer[:n]) != "head, body" || err != nil {
		t.Fatalf("%q, %v", buffer[:n], err)
	}
}

func TestNoMoreIsWrittenThanFits(t *testing.T) {
	in, out := pair(t)
	large := make([]byte, 4<<20)
	n, err := Write(out, []syscall.Iovec{vector(large)})
	if n == 0 || n == len(large) || err != nil {
		t.Fatal(n, err)
	}
	if n, err := Write(out, []syscall.Iovec{vector(large)}); n != 0 || !errors.Is(err, syscall.EAGAIN) {
		t.Fatal("a full pipe:", n, err)
	}
	if got, err := Read(in, large); got != n || err != nil {
		t.Fatalf("%d of %d bytes, %v", got, n, err)
	}
}

func TestErrorsAreTold(t *testing.T) {
	in, out := pair(t)
	if _, err := Read(out, make([]byte, 1)); !errors.Is(err, syscall.EBADF) {
		t.Fatal(err)
	}
	if _, err := Write(in, []syscall.Iovec{vector([]byte("x"))}); !errors.Is(err, syscall.EBADF) {
		t.Fatal(err)
	}
}

func TestAReaderWaitsAndFindsTheEnd(t *testing.T) {
	in, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	reader, err := NewReader(in)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := reader.Read(nil); n != 0 || err != nil {
		t.Fatal(n, err)
	}
	sent := bytes.Repeat([]byte("0123456789"), 100_000)
	failed := make(chan error, 1)
	go func() {
		_, err := out.Write(sent)
		failed <- errors.Join(err, out.Close())
	}()
	got, err := io.ReadAll(reader)
	if err := errors.Join(err, <-failed); err != nil || !bytes.Equal(got, sent) {
		t.Fatal(len(got), err)
	}
}

func TestAReaderOfAClosedFileFails(t *testing.T) {
	in, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	reader, err := NewReader(in)
	if err != nil {
		t.Fatal(err)
	}
	in.Close()
	if _, err := reader.Read(make([]byte, 1)); err == nil || errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
}
