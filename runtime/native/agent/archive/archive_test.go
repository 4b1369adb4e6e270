package archive

import (
	"archive/tar"
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"
)

func archived(t testing.TB, headers ...tar.Header) []byte {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, h := range headers {
		h.Uid, h.Gid, h.Format = os.Getuid(), os.Getgid(), tar.FormatPAX
		if h.Typeflag == tar.TypeReg {
			h.Size = int64(len(h.Name))
		}
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if h.Typeflag == tar.TypeReg {
			if _, err := io.WriteString(w, h.Name); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

var moment = time.Unix(1_500_000_000, 987_654_321)

func TestTreeComesOutAsItWentIn(t *testing.T) {
	in := archived(t,
		tar.Header{Name: "./", Typeflag: tar.TypeDir, Mode: 0o755, ModTime: moment},
		tar.Header{Name: "./d/", Typeflag: tar.TypeDir, Mode: 0o700, ModTime: moment},
		tar.Header{Name: "./d/f", Typeflag: tar.TypeReg, Mode: 0o640, ModTime: moment},
		tar.Header{Name: "./d/hard", Typeflag: tar.TypeLink, Linkname: "./d/f", Mode: 0o640, ModTime: moment},
		tar.Header{Name: "./s", Typeflag: tar.TypeSymlink, Linkname: "/nowhere", Mode: 0o777, ModTime: moment},
	)
	target := t.TempDir()
	if n, err := Unpack(context.Background(), target, bytes.NewReader(in)); err != nil || n != 5 {
		t.Fatal(n, err)
	}
	var out bytes.Buffer
	if n, err := Pack(context.Background(), target, &out); err != nil || n != 5 {
		t.Fatal(n, err)
	}
	want, got := tar.NewReader(bytes.NewReader(in)), tar.NewReader(&out)
	for {
		w, errW := want.Next()
		g, errG := got.Next()
		if errW == io.EOF && errG == io.EOF {
			return
		}
		if errW != nil || errG != nil {
			t.Fatal(errW, errG)
		}
		if w.Name != g.Name || w.Typeflag != g.Typeflag || w.Mode != g.Mode || w.Linkname != g.Linkname ||
			w.Size != g.Size || !w.ModTime.Equal(g.ModTime) {
			t.Errorf("want %+v\ngot  %+v", w, g)
		}
	}
}

func TestEntriesReplaceWhatIsInTheirWay(t *testing.T) {
	target := t.TempDir()
	outside := filepath.Join(t.TempDir(), "outside")
	if err := os.WriteFile(outside, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, to := range map[string]string{"file": outside, "dir": filepath.Dir(outside)} {
		if err := os.Symlink(to, filepath.Join(target, name)); err != nil {
			t.Fatal(err)
		}
	}
	in := archived(t,
		tar.Header{Name: "file", Typeflag: tar.TypeReg, Mode: 0o600},
		tar.Header{Name: "dir/", Typeflag: tar.TypeDir, Mode: 0o700},
		tar.Header{Name: "dir/outside", Typeflag: tar.TypeReg, Mode: 0o600},
	)
	if _, err := Unpack(context.Background(), target, bytes.NewReader(in)); err != nil {
		t.Fatal(err)
	}
	if content, err := os.ReadFile(outside); err != nil || string(content) != "mine" {
		t.Fatalf("%q %v", content, err)
	}
	if content, err := os.ReadFile(filepath.Join(target, "dir", "outside")); err != nil || string(content) != "dir/outside" {
		t.Fatalf("%q %v", content, err)
	}
}

func TestFileThatShrinksIsFilledUp(t *testing.T) {
	p := &packing{tar: tar.NewWriter(io.Discard), buffer: make([]byte, 10)}
	if err := p.tar.WriteHeader(&tar.Header{Name: "f", Typeflag: tar.TypeReg, Size: 100}); err != nil {
		t.Fatal(err)
	}
	if err := p.content(bytes.NewReader(make([]byte, 30)), 100); err != nil {
		t.Fatal(err)
	}
	if err := p.tar.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestNames(t *testing.T) {
	for name, want := range map[string]string{
		"a": "a", "./a/./b/": "a/b", "a//b": "a/b", "./": "", "..a/b..": "..a/b..",
		"..": "!", "a/..": "!", "/a": "!", "a/../b": "!", "a\x00b": "!",
	} {
		got, err := cleanName(name)
		if (err != nil) != (want == "!") || (err == nil && got != want) {
			t.Errorf("%q: %q %v", name, got, err)
		}
	}
}

// FuzzUntar checks that no archive changes anything outside its directory.
func FuzzUntar(f *testing.F) {
	f.Add(archived(f, tar.Header{Name: "a", Typeflag: tar.TypeReg, Mode: 0o600}))
	f.Add(archived(f, tar.Header{Name: "../a", Typeflag: tar.TypeReg, Mode: 0o600}))
	f.Add(archived(f, tar.Header{Name: "l", Typeflag: tar.TypeSymlink, Linkname: ".."}, tar.Header{Name: "l/a", Typeflag: tar.TypeReg}))
	f.Add(archived(f, tar.Header{Name: "h", Typeflag: tar.TypeLink, Linkname: "../canary"}))
	f.Add(archived(f, tar.Header{Name: "d/", Typeflag: tar.TypeDir, Mode: 0o700}, tar.Header{Name: "d", Typeflag: tar.TypeSymlink, Linkname: ".."}))
	f.Fuzz(func(t *testing.T, input []byte) {
		around := t.TempDir()
		target := filepath.Join(around, "target")
		canary := filepath.Join(around, "canary")
		if err := os.Mkdir(target, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(canary, []byte("alive"), 0o600); err != nil {
			t.Fatal(err)
		}
		before, err := os.Lstat(canary)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = Unpack(context.Background(), target, bytes.NewReader(input))
		entries, err := os.ReadDir(around)
		if err != nil || len(entries) != 2 {
			t.Fatalf("%v %v", entries, err)
		}
		after, err := os.Lstat(canary)
		if err != nil || after.Mode() != before.Mode() || !after.ModTime().Equal(before.ModTime()) {
			t.Fatalf("%v %v", after, err)
		}
		if content, err := os.ReadFile(canary); err != nil || string(content) != "alive" {
			t.Fatalf("%q %v", content, err)
		}
	})
}
