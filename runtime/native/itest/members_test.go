//go:build integration

package itest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// sharedNetwork is a directory for members that are the given user.
func sharedNetwork(t *testing.T, l *launch) string {
	t.Helper()
	directory, err := os.MkdirTemp(filepath.Dir(l.directory()), "net")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(directory) })
	if l.attribute != nil {
		if err := os.Chown(directory, ordinaryUser, ordinaryUser); err != nil {
			t.Fatal(err)
		}
	}
	return directory
}

// member joins the network in the directory, with the ports declared.
func member(directory, name string, ports ...int) settings {
	return func(l *launch) {
		l.message["network"] = map[string]any{
			"ports": ports, "networks": []map[string]string{{"directory": directory, "name": name}},
		}
		all := append([]string{"CAP_NET_ADMIN"}, capabilities...)
		l.message["spec"].(map[string]any)["process"].(map[string]any)["capabilities"] =
			map[string]any{"bounding": all, "effective": all, "permitted": all}
	}
}

// listening starts an echo server inside.
func (b *box) listening(t *testing.T, port int) {
	t.Helper()
	s, err := b.Open(map[string]any{"op": "exec", "argv": []string{"/netprobe", "listen", fmt.Sprintf("127.0.0.1:%d", port)}}, false)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Await(func() bool { return s.Counts[1] > 0 }); err != nil {
		t.Fatal(err)
	}
}

// net runs the network's probe and returns what it printed.
func (b *box) net(t *testing.T, a ...string) string {
	t.Helper()
	s, r := b.exec(t, map[string]any{"argv": append([]string{"/netprobe"}, a...)})
	if r.Error != nil {
		t.Fatalf("%+v", *r.Error)
	}
	return strings.TrimSpace(s.Output(1) + s.Output(2))
}

func TestSandboxesOfANetworkReachEachOthersDeclaredPorts(t *testing.T) {
	everyone(t, func(t *testing.T, who settings) {
		directory := sharedNetwork(t, newLaunch(t, who))
		db := start(t, who, member(directory, "db", 5432))
		web := start(t, who, member(directory, "web"))
		stranger := start(t, who, member(sharedNetwork(t, newLaunch(t, who)), "stranger"))
		db.listening(t, 5432)
		db.listening(t, 5433)

		for _, name := range []string{"db", "db.sandbox"} {
			if got := web.net(t, "echo", name+":5432", "1048576"); !strings.HasPrefix(got, "1048576 true") {
				t.Errorf("%s: %s", name, got)
			}
		}
		for _, refused := range []string{"db:5433", "db:22"} {
			if got := web.net(t, "try", "tcp", refused); got != "connection refused" {
				t.Errorf("%s: %s", refused, got)
			}
		}
		if got := web.net(t, "resolve", "udp", "ip4", "nobody.sandbox"); !strings.Contains(got, "not found: true") {
			t.Error(got)
		}
		for _, name := range []string{"db", "db.sandbox"} {
			if got := stranger.net(t, "resolve", "udp", "ip4", name); !strings.Contains(got, "not found: true") {
				t.Errorf("a stranger resolves %s: %s", name, got)
			}
		}
		// Nothing but names leads to members, and to nothing of the host.
		if got := web.net(t, "try", "tcp", "10.0.0.1:5432"); got != syscall.ECONNREFUSED.Error() {
			t.Error(got)
		}
	})
}

func TestMemberThatEndsIsRefusedAndReplaced(t *testing.T) {
	directory := sharedNetwork(t, newLaunch(t))
	web := start(t, member(directory, "web"))
	for range 2 {
		db := start(t, member(directory, "db", 5432))
		db.listening(t, 5432)
		if got := web.net(t, "echo", "db.sandbox:5432", "16"); !strings.HasPrefix(got, "16 true") {
			t.Fatal(got)
		}
		if err := db.Terminate(); err != nil {
			t.Fatal(err)
		}
		db.exited(t)
		if got := web.net(t, "resolve", "udp", "ip4", "db.sandbox"); !strings.Contains(got, "not found: true") {
			t.Fatal(got)
		}
	}
	// One that was killed has left its socket, which leads nowhere and is replaced by the next.
	killed := start(t, member(directory, "db", 5432))
	<-killed.Running
	if err := killed.keeper.Command.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-killed.Gone
	if got := web.net(t, "try", "tcp", "db.sandbox:5432"); got != "connection refused" {
		t.Fatal(got)
	}
	id := killed.launch.id()
	eventually(t, "no process is left", func() bool { return len(leftovers(id)) == 0 })
	sweep(t, killed.launch)
	db := start(t, member(directory, "db", 5432))
	db.listening(t, 5432)
	if got := web.net(t, "echo", "db.sandbox:5432", "16"); !strings.HasPrefix(got, "16 true") {
		t.Fatal(got)
	}
}

func TestMemberServesManyAtOnce(t *testing.T) {
	directory := sharedNetwork(t, newLaunch(t))
	db := start(t, member(directory, "db", 5432))
	web := start(t, member(directory, "web"))
	db.listening(t, 5432)
	if got := web.net(t, "many", "db:5432", "200"); got != "200" {
		t.Fatal(got)
	}
	t.Log("connects in a row, median and slowest in µs: ", web.net(t, "row", "db:5432", "200"))
	t.Log("round trips, median and slowest in µs: ", web.net(t, "latency", "db:5432", "500"))
}

func TestTakenMemberNameIsAnErrorOfTheStart(t *testing.T) {
	everyone(t, func(t *testing.T, who settings) {
		directory := sharedNetwork(t, newLaunch(t, who))
		first := start(t, who, member(directory, "db"))
		<-first.Running
		second := start(t, who, member(directory, "db"))
		if e := second.exited(t); e.Reason != "FAILED" || !strings.Contains(e.Message, `"db" is taken`) {
			t.Fatalf("%+v", e)
		}
		if err := first.Terminate(); err != nil {
			t.Fatal(err)
		}
		first.exited(t)
		if entries, err := os.ReadDir(directory); err != nil || len(entries) != 0 {
			t.Fatalf("%v %v", entries, err)
		}
	})
}
