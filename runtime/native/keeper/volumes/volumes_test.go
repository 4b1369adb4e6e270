package volumes

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestListsThatAreWrongAreRefused(t *testing.T) {
	good := Volume{Name: "v", Lock: "/v/lock", Data: "/v/data", Path: "a/b"}
	if err := Check([]Volume{good, {Name: "w", Lock: "/w/lock", Data: "/w/data"}}); err != nil {
		t.Errorf("a right one: %v", err)
	}
	tests := map[string]func(v *Volume){
		"a relative lock":    func(v *Volume) { v.Lock = "lock" },
		"relative data":      func(v *Volume) { v.Data = "data" },
		"data that climbs":   func(v *Volume) { v.Data = "/v/../data" },
		"a path that climbs": func(v *Volume) { v.Path = "../b" },
		"one that hides it":  func(v *Volume) { v.Path = "a/../../b" },
		"an absolute path":   func(v *Volume) { v.Path = "/etc" },
		"the path .":         func(v *Volume) { v.Path = "." },
		"a doubled slash":    func(v *Volume) { v.Path = "a//b" },
	}
	for name, change := range tests {
		v := good
		change(&v)
		if err := Check([]Volume{v}); err == nil || !strings.Contains(err.Error(), `"v"`) {
			t.Errorf("%s: %v, want an error that names the volume", name, err)
		}
	}
	if err := Check(make([]Volume, max+1)); err == nil {
		t.Error("more than the limit: no error")
	}
}

func TestAVolumeInUseIsLockedForOthers(t *testing.T) {
	v := volume(t)
	first, err := Hold([]Volume{v})
	if err != nil {
		t.Fatal(err)
	}
	second, err := Hold([]Volume{v})
	if err != nil {
		t.Fatalf("a second user: %v", err)
	}
	first.Release()
	if removable(t, v) {
		t.Error("it can be removed while the second uses it")
	}
	second.Release()
	if !removable(t, v) {
		t.Error("it cannot be removed when nobody uses it any more")
	}
	(*Held)(nil).Release()
}

func TestAVolumeThatIsBeingRemovedCannotBeUsed(t *testing.T) {
	v := volume(t)
	other, err := os.OpenFile(v.Lock, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if err := unix.FcntlFlock(other.Fd(), unix.F_OFD_SETLK, &unix.Flock_t{Type: unix.F_WRLCK}); err != nil {
		t.Fatal(err)
	}
	if _, err := Hold([]Volume{v}); err == nil || !strings.Contains(err.Error(), "removed") {
		t.Errorf("while it is locked: %v", err)
	}
	if err := os.Remove(v.Lock); err != nil {
		t.Fatal(err)
	}
	if _, err := Hold([]Volume{v}); err == nil || !strings.Contains(err.Error(), "removed") {
		t.Errorf("when it is gone: %v", err)
	}
}

func TestALockThatWasReplacedIsNotTheVolumes(t *testing.T) {
	v := volume(t)
	file, err := os.Open(v.Lock)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if !isStill(file, v.Lock) {
		t.Error("the same file is taken for another")
	}
	if err := os.Rename(v.Lock, v.Lock+".old"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(v.Lock, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if isStill(file, v.Lock) {
		t.Error("another file is taken for the same")
	}
}

func TestOnlyPartsOfVolumesArePinned(t *testing.T) {
	whole := volume(t)
	part := volume(t)
	part.Path = "a/b"
	directory := filepath.Join(t.TempDir(), "volumes")
	if pins, err := Pins([]Volume{whole}, directory); err != nil || len(pins) != 0 {
		t.Errorf("a whole one: %v, %v", pins, err)
	}
	if _, err := os.Stat(directory); err == nil {
		t.Error("room is made for nothing")
	}
	pins, err := Pins([]Volume{whole, part}, directory)
	if err != nil || len(pins) != 1 || pins[0].At != filepath.Join(directory, "1") {
		t.Errorf("a part: %v, %v", pins, err)
	}
}

func TestNoLinkLeadsOutOfAVolume(t *testing.T) {
	v := volume(t)
	outside := t.TempDir()
	must(t, os.MkdirAll(filepath.Join(v.Data, "a/b"), 0o755))
	must(t, os.MkdirAll(filepath.Join(outside, "b"), 0o755))
	must(t, os.Symlink(outside, filepath.Join(v.Data, "out")))
	must(t, os.Symlink("a", filepath.Join(v.Data, "in")))
	must(t, os.Symlink(outside, filepath.Join(v.Data, "a/last")))
	must(t, os.WriteFile(filepath.Join(v.Data, "file"), nil, 0o644))
	for _, path := range []string{"out/b", "in/b", "a/last", "file", "a/none"} {
		name := path[strings.LastIndex(path, "/")+1:]
		if path == "out/b" || path == "in/b" {
			name = path[:strings.Index(path, "/")]
		}
		fd, err := Pin{Name: "v", Data: v.Data, Path: path}.open()
		if err == nil {
			unix.Close(fd)
		}
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v, want an error that names %s", path, err, name)
		}
	}
	fd, err := Pin{Name: "v", Data: v.Data, Path: "a/b"}.open()
	if err != nil {
		t.Fatal(err)
	}
	unix.Close(fd)
}

func TestAPinStaysWhereItIsWhateverHappensInTheVolume(t *testing.T) {
	v := volume(t)
	must(t, os.MkdirAll(filepath.Join(v.Data, "a"), 0o755))
	must(t, os.WriteFile(filepath.Join(v.Data, "a/mine"), []byte("mine"), 0o644))
	pins, err := Pins([]Volume{{Name: "v", Lock: v.Lock, Data: v.Data, Path: "a"}}, filepath.Join(t.TempDir(), "volumes"))
	must(t, err)
	if os.Getuid() != 0 {
		t.Skip("only root may mount; the tests of the runtime do the same as an ordinary user")
	}
	runtime.LockOSThread() // never unlocked: the thread ends with the namespace
	if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
		t.Skipf("no mount namespaces here: %v", err)
	}
	must(t, unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""))
	must(t, pins[0].Mount())
	defer func() { must(t, unix.Unmount(pins[0].At, unix.MNT_DETACH)) }()
	must(t, os.Rename(filepath.Join(v.Data, "a"), filepath.Join(v.Data, "elsewhere")))
	must(t, os.Symlink("/etc", filepath.Join(v.Data, "a")))
	content, err := os.ReadFile(filepath.Join(pins[0].At, "mine"))
	if err != nil || string(content) != "mine" {
		t.Errorf("%q, %v", content, err)
	}
}

func volume(t *testing.T) Volume {
	t.Helper()
	directory := t.TempDir()
	v := Volume{Name: "v", Lock: filepath.Join(directory, "lock"), Data: filepath.Join(directory, "data")}
	must(t, os.Mkdir(v.Data, 0o755))
	must(t, os.WriteFile(v.Lock, nil, 0o600))
	return v
}

// removable says whether another process could lock the volume alone.
func removable(t *testing.T, v Volume) bool {
	t.Helper()
	file, err := os.OpenFile(v.Lock, os.O_RDWR, 0)
	must(t, err)
	defer file.Close()
	return unix.FcntlFlock(file.Fd(), unix.F_OFD_SETLK, &unix.Flock_t{Type: unix.F_WRLCK}) == nil
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
