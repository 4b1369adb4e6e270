package device

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func TestDescribeReplacesLinksAndFilesWithoutFollowing(t *testing.T) {
	root := t.TempDir()
	outside := filepath.Join(t.TempDir(), "outside")
	if err := os.WriteFile(outside, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	etc := filepath.Join(root, "etc")
	if err := os.Mkdir(etc, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"resolv.conf", ".resolv.conf.sandboxed", ".hosts.sandboxed"} {
		if err := os.Symlink(outside, filepath.Join(etc, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(etc, "hosts"), []byte("203.0.113.9 old\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := Describe(root, "box-1", true); err != nil {
		t.Fatal(err)
	}
	if got := read(t, outside); got != "mine" {
		t.Fatalf("the link was followed: %q", got)
	}
	if got := read(t, filepath.Join(etc, "resolv.conf")); got != "nameserver 198.19.255.1\n" {
		t.Fatal(got)
	}
	if got := read(t, filepath.Join(etc, "hosts")); got != "127.0.0.1 localhost box-1\n::1 localhost ip6-localhost ip6-loopback\n" {
		t.Fatal(got)
	}
	entries, _ := os.ReadDir(etc)
	if len(entries) != 2 {
		t.Fatalf("left behind: %v", entries)
	}
}

func TestDescribeMakesEtcAndLeavesNamesAlone(t *testing.T) {
	root := t.TempDir()
	if err := Describe(root, "", false); err != nil {
		t.Fatal(err)
	}
	if got := read(t, filepath.Join(root, "etc", "hosts")); !strings.HasPrefix(got, "127.0.0.1 localhost\n") {
		t.Fatal(got)
	}
	if _, err := os.Lstat(filepath.Join(root, "etc", "resolv.conf")); !os.IsNotExist(err) {
		t.Fatal(err)
	}
}

func TestDescribeRefusesWhatItCannotWriteSafely(t *testing.T) {
	linked := t.TempDir()
	if err := os.Symlink(t.TempDir(), filepath.Join(linked, "etc")); err != nil {
		t.Fatal(err)
	}
	if err := Describe(linked, "box", true); err == nil || !strings.Contains(err.Error(), "open /etc") {
		t.Fatal(err)
	}
	for _, hostname := range []string{"two words", "line\nbreak", "#", "ü", strings.Repeat("a", 65)} {
		if err := Describe(t.TempDir(), hostname, true); err == nil || !strings.Contains(err.Error(), "is not a host name") {
			t.Errorf("%q: %v", hostname, err)
		}
	}
}

func TestANameIsAddedToWhatProgramsHaveWritten(t *testing.T) {
	root := t.TempDir()
	if err := os.Mkdir(filepath.Join(root, "etc"), 0o755); err != nil {
		t.Fatal(err)
	}
	hosts := filepath.Join(root, "etc/hosts")
	if err := os.WriteFile(hosts, []byte("10.0.0.1 theirs"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := AddName(root, "copy-1"); err != nil {
		t.Fatal(err)
	}
	if content, err := os.ReadFile(hosts); err != nil || string(content) != "10.0.0.1 theirs\n127.0.0.1 copy-1\n" {
		t.Fatalf("%q %v", content, err)
	}
	if err := AddName(root, "no name"); err == nil {
		t.Fatal("a name with a space was taken")
	}
	if err := errors.Join(os.Remove(hosts), os.Symlink("/etc/passwd", hosts), AddName(root, "copy-2")); err != nil {
		t.Fatal(err)
	}
	if content, err := os.ReadFile(hosts); err != nil || string(content) != "127.0.0.1 copy-2\n" {
		t.Fatalf("%q %v", content, err)
	}
}
