//go:build integration

package itest

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"dev.sandboxed/native/itest/client"
)

// call makes a request, with input if it is not nil.
func (b *box) call(t *testing.T, input []byte, op string, members ...any) (*client.Stream, client.Result) {
	t.Helper()
	request := map[string]any{"op": op}
	for i := 0; i < len(members); i += 2 {
		request[members[i].(string)] = members[i+1]
	}
	s, err := b.Open(request, false)
	if err != nil {
		t.Fatal(err)
	}
	if input != nil {
		if _, err := s.Write(input); err == nil {
			_ = s.End()
		}
	}
	r, err := s.Result()
	if err != nil {
		t.Fatalf("%v: %+v", err, b.exited(t))
	}
	return s, r
}

func ok[T any](t *testing.T, r client.Result) T {
	t.Helper()
	var value T
	if r.Error != nil {
		t.Fatalf("%+v", *r.Error)
	}
	if err := json.Unmarshal(r.Ok, &value); err != nil {
		t.Fatal(err)
	}
	return value
}

func TestFilesAreWrittenReadListedAndRemoved(t *testing.T) {
	b := start(t)
	content := bytes.Repeat([]byte("0123456789abcdef\x00\xff"), 200_000)
	_, r := b.call(t, content, "write", "path", "/tmp/a/b/file", "mode", "create", "parents", true, "perm", 0o640)
	if n := ok[map[string]int](t, r)["size"]; n != len(content) {
		t.Fatalf("wrote %d", n)
	}
	s, r := b.call(t, nil, "read", "path", "/tmp/a/b/file")
	if n := ok[map[string]int](t, r)["size"]; n != len(content) || s.Output(1) != string(content) {
		t.Fatalf("read %d", n)
	}
	s, r = b.call(t, nil, "read", "path", "/tmp/a/b/file", "offset", 18, "length", 16)
	if ok[map[string]int](t, r)["size"] != 16 || s.Output(1) != "0123456789abcdef" {
		t.Fatalf("read %q", s.Output(1))
	}
	_, r = b.call(t, []byte("more"), "write", "path", "/tmp/a/b/file", "mode", "append")
	ok[any](t, r)
	_, r = b.call(t, nil, "stat", "path", "/tmp/a/b/file")
	stat := ok[struct{ Stat map[string]any }](t, r).Stat
	if stat["type"] != "file" || stat["size"] != float64(len(content)+4) || stat["mode"] != float64(0o640) || stat["name"] != "file" {
		t.Fatalf("%v", stat)
	}
	_, r = b.call(t, nil, "mkdir", "path", "/tmp/a/c", "perm", 0o1777)
	ok[any](t, r)
	s, r = b.call(t, nil, "list", "path", "/tmp/a")
	if ok[map[string]int](t, r)["count"] != 2 || strings.Count(s.Output(1), "\n") != 2 || !strings.Contains(s.Output(1), `"mode":1023`) {
		t.Fatalf("%s", s.Output(1))
	}
	_, r = b.call(t, nil, "remove", "path", "/tmp/a", "recursive", true)
	ok[any](t, r)
	_, r = b.call(t, nil, "stat", "path", "/tmp/a")
	if r.Error == nil || r.Error.Kind != "NOT_FOUND" || r.Error.Path != "/tmp/a" {
		t.Fatalf("%+v", r.Error)
	}
}

func TestFileErrorsHaveKinds(t *testing.T) {
	b := start(t)
	_, r := b.call(t, []byte("x"), "write", "path", "/tmp/file")
	ok[any](t, r)
	_, r = b.call(t, nil, "mkdir", "path", "/tmp/dir/sub", "parents", true)
	ok[any](t, r)
	for _, c := range []struct {
		kind  string
		input []byte
		op    string
		more  []any
	}{
		{"NOT_FOUND", nil, "read", []any{"path", "/tmp/missing"}},
		{"IS_A_DIRECTORY", nil, "read", []any{"path", "/tmp/dir"}},
		{"NOT_A_DIRECTORY", nil, "read", []any{"path", "/tmp/file/x"}},
		{"EXISTS", []byte("x"), "write", []any{"path", "/tmp/file", "mode", "new"}},
		{"NOT_FOUND", []byte("x"), "write", []any{"path", "/tmp/none/file"}},
		{"IS_A_DIRECTORY", []byte("x"), "write", []any{"path", "/tmp/dir"}},
		{"INVALID", nil, "write", []any{"path", "/tmp/x", "mode", "sideways"}},
		{"EXISTS", nil, "mkdir", []any{"path", "/tmp/dir"}},
		{"EXISTS", nil, "mkdir", []any{"path", "/tmp/file", "parents", true}},
		{"NOT_A_DIRECTORY", nil, "mkdir", []any{"path", "/tmp/file/x", "parents", true}},
		{"NOT_EMPTY", nil, "remove", []any{"path", "/tmp/dir"}},
		{"NOT_FOUND", nil, "remove", []any{"path", "/tmp/none", "recursive", true}},
		{"NOT_A_DIRECTORY", nil, "list", []any{"path", "/tmp/file"}},
		{"INVALID", nil, "stat", []any{"path", "tmp"}},
		{"INVALID", nil, "stat", []any{"path", "/a\x00b"}},
		{"NOT_FOUND", nil, "tar", []any{"path", "/tmp/none"}},
		{"NOT_FOUND", nil, "watch", []any{"path", "/tmp/none"}},
		{"INVALID", nil, "dance", []any{"path", "/"}},
		{"INVALID", []byte("no tar at all, but long enough to be read as one" + strings.Repeat("x", 1024)), "untar", []any{"path", "/tmp"}},
	} {
		_, r := b.call(t, c.input, c.op, c.more...)
		if r.Error == nil || r.Error.Kind != c.kind || r.Error.Message == "" {
			t.Errorf("%s %v: want %s, got %s %+v", c.op, c.more, c.kind, r.Ok, r.Error)
		}
	}
}

func archived(t *testing.T, headers ...*tar.Header) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, h := range headers {
		content := []byte(nil)
		if h.Typeflag == tar.TypeReg {
			content = []byte("content of " + h.Name)
			h.Size = int64(len(content))
		}
		h.Format = tar.FormatPAX
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestTreesKeepEverythingOnTheWayInAndOut(t *testing.T) {
	b := start(t)
	moment := time.Unix(1_600_000_000, 123_456_789)
	want := []*tar.Header{
		{Name: "./", Typeflag: tar.TypeDir, Mode: 0o755, ModTime: moment},
		{Name: "./dir/", Typeflag: tar.TypeDir, Mode: 0o1751, Uid: 12, Gid: 13, ModTime: moment},
		{Name: "./dir/file", Typeflag: tar.TypeReg, Mode: 0o4711, Uid: 1000, Gid: 1001, ModTime: moment},
		{Name: "./dir/hard", Typeflag: tar.TypeLink, Linkname: "./dir/file", Mode: 0o4711, Uid: 1000, Gid: 1001, ModTime: moment},
		{Name: "./fifo", Typeflag: tar.TypeFifo, Mode: 0o600, ModTime: moment},
		{Name: "./null", Typeflag: tar.TypeChar, Devmajor: 1, Devminor: 3, Mode: 0o666, ModTime: moment},
		{Name: "./soft", Typeflag: tar.TypeSymlink, Linkname: "../../etc/passwd", Mode: 0o777, ModTime: moment},
	}
	_, r := b.call(t, archived(t, want...), "untar", "path", "/tmp/tree", "parents", true)
	if n := ok[map[string]int](t, r)["entries"]; n != len(want) {
		t.Fatalf("%d entries", n)
	}
	s, r := b.call(t, nil, "tar", "path", "/tmp/tree")
	if n := ok[map[string]int](t, r)["entries"]; n != len(want) || !s.Ended(1) {
		t.Fatalf("%d entries", n)
	}
	got := tar.NewReader(strings.NewReader(s.Output(1)))
	for _, w := range want {
		g, err := got.Next()
		if err != nil {
			t.Fatal(err)
		}
		describe := func(h *tar.Header) string {
			return fmt.Sprint(h.Name, h.Typeflag, h.Linkname, h.Mode, h.Uid, h.Gid, h.Devmajor, h.Devminor, h.ModTime.UnixNano())
		}
		if describe(g) != describe(w) {
			t.Errorf("want %s\ngot  %s", describe(w), describe(g))
		}
	}
	if _, err := got.Next(); !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	s, r = b.call(t, nil, "tar", "path", "/tmp/tree/dir/file")
	one, err := tar.NewReader(strings.NewReader(s.Output(1))).Next()
	if ok[map[string]int](t, r)["entries"] != 1 || err != nil || one.Name != "file" {
		t.Fatalf("%+v %v", one, err)
	}
}

func TestHostileArchivesStayInTheirDirectory(t *testing.T) {
	b := start(t)
	regular := func(name string) *tar.Header { return &tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644} }
	link := func(name, to string) *tar.Header {
		return &tar.Header{Name: name, Typeflag: tar.TypeSymlink, Linkname: to}
	}
	for name, content := range map[string][]byte{
		"dots":             archived(t, regular("../out")),
		"dots inside":      archived(t, regular("a/../../out")),
		"absolute":         archived(t, regular("/out")),
		"through a link":   archived(t, link("l", "/tmp"), regular("l/out")),
		"through two":      archived(t, link("l", "/"), regular("l/tmp/out")),
		"hard link out":    archived(t, &tar.Header{Name: "h", Typeflag: tar.TypeLink, Linkname: "../secret"}),
		"hard link by way": archived(t, link("l", "/tmp"), &tar.Header{Name: "h", Typeflag: tar.TypeLink, Linkname: "l/secret"}),
		"cut off":          archived(t, regular("a"), regular("b"))[:700],
	} {
		t.Run(name, func(t *testing.T) {
			_, r := b.call(t, content, "untar", "path", "/tmp/target", "parents", true)
			if r.Error == nil || r.Error.Kind != "INVALID" {
				t.Fatalf("%s %+v", r.Ok, r.Error)
			}
			_, r = b.call(t, nil, "stat", "path", "/tmp/out")
			if r.Error == nil {
				t.Fatal("a file was written outside")
			}
			_, r = b.call(t, nil, "remove", "path", "/tmp/target", "recursive", true)
			ok[any](t, r)
		})
	}
}

func TestWatchReportsChanges(t *testing.T) {
	b := start(t)
	_, r := b.call(t, nil, "mkdir", "path", "/tmp/w/sub", "parents", true)
	ok[any](t, r)
	s, err := b.Open(map[string]any{"op": "watch", "path": "/tmp/w", "recursive": true}, false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Event("watching"); err != nil {
		t.Fatal(err)
	}
	_, r = b.call(t, []byte("x"), "write", "path", "/tmp/w/sub/new/file", "parents", true)
	ok[any](t, r)
	_, r = b.call(t, nil, "remove", "path", "/tmp/w/sub", "recursive", true)
	ok[any](t, r)
	for _, line := range []string{
		`{"kind":"CREATED","path":"/tmp/w/sub/new"}`,
		`{"kind":"CREATED","path":"/tmp/w/sub/new/file"}`,
		`{"kind":"DELETED","path":"/tmp/w/sub"}`,
	} {
		within(t, patience, line, func() {
			for !strings.Contains(s.Output(1), line+"\n") {
				time.Sleep(5 * time.Millisecond)
			}
		})
	}
	if err := s.Control(map[string]bool{"cancel": true}); err != nil {
		t.Fatal(err)
	}
	r, err = s.Result()
	if err != nil || r.Error != nil {
		t.Fatalf("%v %+v", err, r.Error)
	}
}
