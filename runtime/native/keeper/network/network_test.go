package network

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"dev.sandboxed/native/keeper/config"
	"dev.sandboxed/native/keeper/relay"
	"dev.sandboxed/native/keeper/stream"
	"dev.sandboxed/native/keeper/testagent"
)

// server answers every connection with what it got in upper case, and returns its port.
func server(t *testing.T) int {
	t.Helper()
	listener, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.AcceptTCP()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				if all, err := io.ReadAll(conn); err == nil {
					_, _ = conn.Write(bytes.ToUpper(all))
				}
			}()
		}
	}()
	return listener.Addr().(*net.TCPAddr).Port
}

func directoryOf(t *testing.T) string {
	t.Helper()
	directory := filepath.Join(t.TempDir(), "net")
	if err := os.Mkdir(directory, 0o700); err != nil {
		t.Fatal(err)
	}
	return directory
}

func join(t *testing.T, directory, name string, ports ...int) *Networks {
	t.Helper()
	activity := relay.NewActivity()
	n, err := Join([]config.Membership{{Directory: directory, Name: name}}, ports, testagent.Start(t, activity), activity)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.Close)
	return n
}

func isRefused(err error) bool {
	var failure *stream.Error
	return errors.As(err, &failure) && failure.Kind == stream.ConnectionRefused
}

func TestMembersReachEachOthersDeclaredPorts(t *testing.T) {
	directory := directoryOf(t)
	port, undeclared := server(t), server(t)
	join(t, directory, "db", port)
	web := join(t, directory, "web")
	conn, err := web.Dial(t.Context(), "db", uint16(port))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, _ = conn.Write([]byte("question"))
	_ = conn.CloseWrite()
	if got, err := io.ReadAll(conn); err != nil || string(got) != "QUESTION" {
		t.Fatalf("%q %v", got, err)
	}
	if _, err := web.Dial(t.Context(), "db", uint16(undeclared)); !isRefused(err) || !strings.Contains(err.Error(), `"db"`) {
		t.Fatal(err)
	}
	if _, err := web.Dial(t.Context(), "nobody", 80); !isRefused(err) {
		t.Fatal(err)
	}
	// A member reaches itself by its name too, as hosts do.
	db := join(t, directory, "other", port)
	if conn, err = db.Dial(t.Context(), "other", uint16(port)); err != nil {
		t.Fatal(err)
	}
	conn.Close()
}

func TestDeclaredPortWithoutListenerIsRefused(t *testing.T) {
	directory := directoryOf(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := listener.Addr().(*net.TCPAddr).Port
	listener.Close()
	join(t, directory, "db", port)
	if _, err := join(t, directory, "web").Dial(t.Context(), "db", uint16(port)); !isRefused(err) {
		t.Fatal(err)
	}
}

func TestConnectionsOverTheLimitAreRefused(t *testing.T) {
	directory := directoryOf(t)
	port := server(t)
	db := join(t, directory, "db", port)
	db.mutex.Lock()
	db.most = 1
	db.mutex.Unlock()
	web := join(t, directory, "web")
	conn, err := web.Dial(t.Context(), "db", uint16(port))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := web.Dial(t.Context(), "db", uint16(port)); !isRefused(err) {
		t.Fatal(err)
	}
}

func TestNamesMeanMembers(t *testing.T) {
	n := join(t, directoryOf(t), "db")
	for name, want := range map[string]struct {
		member       string
		exists, ours bool
	}{
		"db":           {"db", true, true},
		"db.sandbox":   {"db", true, true},
		"web":          {"web", false, false},
		"web.sandbox":  {"web", false, true},
		"a.b.sandbox":  {"", false, true},
		".sandbox":     {"", false, true},
		"sandbox":      {"sandbox", false, false},
		"host":         {"", false, false},
		"host.sandbox": {"", false, false},
		"db.example":   {"", false, false},
		"../net/db":    {"", false, false},
		"":             {"", false, false},
	} {
		member, exists, ours := n.Lookup(name)
		if member != want.member || exists != want.exists || ours != want.ours {
			t.Errorf("%q: %q %v %v", name, member, exists, ours)
		}
	}
}

func TestNameOfALivingMemberIsTaken(t *testing.T) {
	directory := directoryOf(t)
	n := join(t, directory, "db")
	activity := relay.NewActivity()
	again := func() (*Networks, error) {
		return Join([]config.Membership{{Directory: directory, Name: "db"}}, nil, testagent.Start(t, activity), activity)
	}
	if _, err := again(); err == nil || !strings.Contains(err.Error(), `"db" is taken`) {
		t.Fatal(err)
	}
	if _, exists, _ := n.Lookup("db"); !exists {
		t.Fatal("the member lost its name")
	}
	n.Close()
	if _, err := os.Lstat(filepath.Join(directory, "db.sock")); !os.IsNotExist(err) {
		t.Fatal(err)
	}
	n, err := again()
	if err != nil {
		t.Fatal(err)
	}
	n.Close()
}

func TestSocketOfAKilledMemberIsReplaced(t *testing.T) {
	directory := directoryOf(t)
	dead, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(directory, "db.sock"), Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	dead.SetUnlinkOnClose(false)
	dead.Close()
	web := join(t, directory, "web")
	if _, exists, _ := web.Lookup("db"); !exists {
		t.Fatal("the name of a dead member resolves to something else")
	}
	if _, err := web.Dial(t.Context(), "db", 80); !isRefused(err) {
		t.Fatal(err)
	}
	port := server(t)
	join(t, directory, "db", port)
	conn, err := web.Dial(t.Context(), "db", uint16(port))
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
}

func TestDirectoryThatOthersMayWriteIsRefused(t *testing.T) {
	directory := directoryOf(t)
	if err := os.Chmod(directory, 0o770); err != nil {
		t.Fatal(err)
	}
	_, err := Join([]config.Membership{{Directory: directory, Name: "db"}}, nil, nil, nil)
	if err == nil || !strings.Contains(err.Error(), directory) || !strings.Contains(err.Error(), "770") {
		t.Fatal(err)
	}
	if _, err := Join([]config.Membership{{Directory: directory + "x", Name: "db"}}, nil, nil, nil); !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	link := directory + "-link"
	if err := os.Symlink(directory, link); err != nil {
		t.Fatal(err)
	}
	if _, err := Join([]config.Membership{{Directory: link, Name: "db"}}, nil, nil, nil); err == nil {
		t.Fatal("a link was followed")
	}
}

func TestDirectoryMayHaveALongPath(t *testing.T) {
	directory := filepath.Join(t.TempDir(), strings.Repeat("x", 200))
	if err := os.Mkdir(directory, 0o700); err != nil {
		t.Fatal(err)
	}
	port := server(t)
	join(t, directory, strings.Repeat("d", 63), port)
	conn, err := join(t, directory, "web").Dial(t.Context(), strings.Repeat("d", 63), uint16(port))
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
}

func TestOneFailedMembershipLeavesNoOther(t *testing.T) {
	directory := directoryOf(t)
	_, err := Join([]config.Membership{{Directory: directory, Name: "db"}, {Directory: directory + "x", Name: "db"}}, nil, nil, nil)
	if err == nil {
		t.Fatal("no error")
	}
	if entries, err := os.ReadDir(directory); err != nil || len(entries) != 0 {
		t.Fatal(entries, err)
	}
}

func TestCloseEndsConnectionsAndThoseThatHaveNotSaidTheirPort(t *testing.T) {
	directory := directoryOf(t)
	port := server(t)
	db, web := join(t, directory, "db", port), join(t, directory, "web")
	conn, err := web.Dial(t.Context(), "db", uint16(port))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	silent, err := net.Dial("unix", filepath.Join(directory, "db.sock"))
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	began := time.Now()
	db.Close()
	if took := time.Since(began); took > greetingTime/2 {
		t.Errorf("it took %s", took)
	}
	_ = conn.SetDeadline(time.Now().Add(2 * time.Minute))
	if _, err := io.ReadAll(conn); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error(err)
	}
	if _, err := web.Dial(t.Context(), "db", uint16(port)); !isRefused(err) {
		t.Error(err)
	}
}

func TestDialIsCancelled(t *testing.T) {
	directory := directoryOf(t)
	// A member that never answers: its keeper is stopped.
	stopped, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(directory, "db.sock"), Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	defer stopped.Close()
	web := join(t, directory, "web")
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		conn, err := stopped.AcceptUnix()
		if err == nil {
			_, _ = io.ReadFull(conn, make([]byte, 2))
			cancel()
		}
	}()
	if _, err := web.Dial(ctx, "db", 80); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}

func TestSocketsOfOtherUsersAreNotSpokenTo(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can become another user")
	}
	var pair [2]int
	made := make(chan error)
	go func() {
		runtime.LockOSThread() // and the thread ends with the goroutine, as it is of no more use to anybody
		if _, _, errno := syscall.RawSyscall(syscall.SYS_SETRESUID, 65534, 65534, 65534); errno != 0 {
			made <- errno
			return
		}
		var err error
		pair, err = unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		made <- err
	}()
	if err := <-made; err != nil {
		t.Fatal(err)
	}
	conns := [2]*net.UnixConn{}
	for i, fd := range pair {
		file := os.NewFile(uintptr(fd), "pair")
		conn, err := net.FileConn(file)
		file.Close()
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		conns[i] = conn.(*net.UnixConn)
	}
	if err := checkPeer(conns[0]); err == nil || !strings.Contains(err.Error(), "65534") {
		t.Fatal(err)
	}
}
