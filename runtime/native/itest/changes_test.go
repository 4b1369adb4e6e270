//go:build integration

package itest

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"dev.sandboxed/native/itest/client"
)

func (b *box) changes(t *testing.T, file string) client.Result {
	t.Helper()
	s, err := b.Open(map[string]any{"op": "changes", "file": file}, false)
	if err != nil {
		t.Fatal(err)
	}
	result, err := s.Result()
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// emptyFile makes a file that belongs to whoever runs the sandbox.
func (b *box) emptyFile(t *testing.T) string {
	t.Helper()
	path := filepath.Join(b.launch.directory(), "changes")
	if err := os.WriteFile(path, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o666); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Remove(path) })
	return path
}

func members(t *testing.T, path string) map[string][]byte {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	found := map[string][]byte{}
	reader := tar.NewReader(file)
	for {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return found
		}
		if err != nil {
			t.Fatal(err)
		}
		if found[header.Name], err = io.ReadAll(reader); err != nil {
			t.Fatal(err)
		}
	}
}

func TestChangesAreWrittenWhileProgramsGoOn(t *testing.T) {
	everyone(t, func(t *testing.T, who settings) {
		b := start(t, who, with("foreign", []string{"/etc/secret"}))
		_, r := b.exec(t, argv("fill", "/filled", "3"))
		if c, _ := code(t, r); c != 0 {
			t.Fatal(c)
		}
		request := argv("cat")
		request["op"], request["stdin"] = "exec", true
		s, err := b.Open(request, false)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Write([]byte("before ")); err != nil {
			t.Fatal(err)
		}
		path := b.emptyFile(t)
		result := b.changes(t, path)
		if result.Error != nil {
			t.Fatalf("%+v", *result.Error)
		}
		var done struct {
			Size, PausedMicros int64
			Foreign            []string
		}
		info, err := os.Stat(path)
		if err != nil || json.Unmarshal(result.Ok, &done) != nil || done.Size != info.Size() || done.PausedMicros <= 0 {
			t.Fatalf("%+v, and the file %v %v", done, info, err)
		}
		if !slices.Equal(done.Foreign, []string{"/proc", "/tmp", "/etc/secret"}) {
			t.Fatalf("foreign are %q", done.Foreign)
		}
		if filled := members(t, path)["./filled"]; !bytes.Equal(filled, bytes.Repeat([]byte{1}, 3<<20)) {
			t.Fatalf("%d bytes of the file", len(filled))
		}
		if _, err := s.Write([]byte("after")); err != nil {
			t.Fatal(err)
		}
		if err := s.End(); err != nil {
			t.Fatal(err)
		}
		result, err = s.Result()
		if err != nil {
			t.Fatal(err)
		}
		if c, _ := code(t, result); c != 0 || s.Output(1) != "before after" {
			t.Fatalf("%d %q", c, s.Output(1))
		}
	})
}

func TestChangesNeedAnEmptyFileOfTheirOwn(t *testing.T) {
	b := start(t)
	path := b.emptyFile(t)
	link := path + ".link"
	if err := errors.Join(os.Symlink(path, link), os.WriteFile(path, []byte("precious"), 0o600)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Remove(link) })
	for _, file := range []string{"relative", "", path, link, path + ".missing", "/dev/null", b.launch.directory()} {
		result := b.changes(t, file)
		if result.Error == nil {
			t.Fatalf("%q was taken", file)
		}
		if message := result.Error.Message; strings.Contains(message, "stop the programs") {
			t.Fatalf("%q: %s", file, message)
		}
	}
	if content, err := os.ReadFile(path); err != nil || string(content) != "precious" {
		t.Fatalf("%q %v", content, err)
	}
}
