//go:build integration

package itest

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"dev.sandboxed/native/frame"
	"dev.sandboxed/native/itest/client"
	"dev.sandboxed/native/keeper/resolve/dnstest"
)

// request asks for something that is answered at once.
func (b *box) request(t *testing.T, request map[string]any) (*client.Stream, client.Result) {
	t.Helper()
	s, err := b.Open(request, false)
	if err != nil {
		t.Fatal(err)
	}
	result, err := s.Result()
	if err != nil {
		select {
		case e := <-b.Exited:
			t.Fatalf("%v: %+v", err, e)
		default:
			t.Fatal(err)
		}
	}
	return s, result
}

// emptyDirectory makes a directory that belongs to whoever runs the sandbox.
func (b *box) emptyDirectory(t *testing.T) string {
	t.Helper()
	path, err := os.MkdirTemp(filepath.Dir(b.launch.directory()), "snapshot")
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(b.launch.directory())
	if err != nil {
		t.Fatal(err)
	}
	if err := giveTo(path, info); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(path) })
	return path
}

func (b *box) snapshot(t *testing.T) string {
	t.Helper()
	directory := b.emptyDirectory(t)
	_, result := b.request(t, map[string]any{"op": "snapshot", "directory": directory})
	if result.Error != nil {
		t.Fatalf("%+v", *result.Error)
	}
	var done struct{ Size, PausedMicros int64 }
	if err := json.Unmarshal(result.Ok, &done); err != nil || done.Size <= 0 || done.PausedMicros <= 0 {
		t.Fatalf("%s %v", result.Ok, err)
	}
	t.Logf("the snapshot: %s", result.Ok)
	return directory
}

func copyOf(snapshot string) settings {
	return with("restore", map[string]any{"directory": snapshot, "name": "twin", "env": map[string]string{"COLOUR": "blue"}})
}

// startCopy waits until the copy runs.
func startCopy(t *testing.T, snapshot string, change ...settings) *box {
	t.Helper()
	b := start(t, append(change, copyOf(snapshot))...)
	select {
	case <-b.Running:
	case e := <-b.Exited:
		t.Fatalf("%+v", e)
	case <-time.After(patience):
		t.Fatal("the copy does not run")
	}
	return b
}

// runs starts an entrypoint.
func (b *box) runs(t *testing.T, program map[string]any) {
	t.Helper()
	program["op"] = "exec"
	s, err := b.Open(map[string]any{"op": "entrypoint", "exec": program}, false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Event("started"); err != nil {
		t.Fatal(err)
	}
}

// says writes to the entrypoint and waits for what it answers.
func (b *box) says(t *testing.T, text, answer string) {
	t.Helper()
	input, err := b.Open(map[string]any{"op": "input"}, false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := input.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	logs, err := b.Open(map[string]any{"op": "logs", "channel": 1, "follow": true}, false)
	if err != nil {
		t.Fatal(err)
	}
	within(t, patience, "the answer", func() { _ = logs.Await(func() bool { return logs.Counts[1] >= len(answer) }) })
	if logs.Output(1) != answer {
		t.Fatalf("the entrypoint said %q, not %q", logs.Output(1), answer)
	}
}

func TestCopiesGoOnWithTheEntrypointEachByItself(t *testing.T) {
	everyone(t, func(t *testing.T, who settings) {
		source := start(t, who)
		source.runs(t, argv("cat"))
		source.says(t, "one\n", "one\n")
		snapshot := source.snapshot(t)
		var copies []*box
		for range 2 {
			copies = append(copies, startCopy(t, snapshot, who))
		}
		for _, b := range copies {
			b.says(t, "two\n", "two\n")
			b.says(t, "three\n", "two\nthree\n")
			s, r := b.exec(t, argv("echo", "hello"))
			if c, _ := code(t, r); c != 0 || s.Output(1) != "hello\n" {
				t.Fatalf("%d %q", c, s.Output(1))
			}
		}
		source.says(t, "four\n", "one\nfour\n")
		for i, b := range copies {
			s, _ := b.request(t, map[string]any{"op": "read", "path": "/run/sandboxed/copy.json"})
			var described struct {
				ID, Name, Hostname, Entropy string
				Env                         map[string]string
				Generation                  int
			}
			if err := json.Unmarshal([]byte(s.Output(1)), &described); err != nil {
				t.Fatalf("%q %v", s.Output(1), err)
			}
			if described.ID != filepath.Base(b.launch.directory()) || described.Hostname != described.ID || described.Name != "twin" ||
				described.Env["COLOUR"] != "blue" || len(described.Entropy) != 64 || described.Generation != 1 {
				t.Fatalf("copy %d is %+v", i, described)
			}
		}
	})
}

func TestTheEndOfTheEntrypointIsThatOfItsCopy(t *testing.T) {
	source := start(t)
	source.runs(t, argv("cat"))
	b := startCopy(t, source.snapshot(t))
	input, err := b.Open(map[string]any{"op": "input"}, false)
	if err != nil {
		t.Fatal(err)
	}
	if err := input.End(); err != nil {
		t.Fatal(err)
	}
	if e := b.exited(t); e.Code != 0 || e.Reason != "EXITED" {
		t.Fatalf("%+v", e)
	}
	source.says(t, "on\n", "on\n")
	killed := startCopy(t, source.snapshot(t))
	killed.request(t, map[string]any{"op": "signal", "signal": 9})
	if e := killed.exited(t); e.Code != 137 || e.Reason != "SIGNALED" {
		t.Fatalf("%+v", e)
	}
}

func TestSnapshotsWhileManyProgramsStream(t *testing.T) {
	everyone(t, func(t *testing.T, who settings) {
		source := start(t, who)
		const flood = 32 // MiB
		var streams []*client.Stream
		for range 8 {
			s, err := source.Open(map[string]any{"op": "exec", "argv": []string{"/probe", "flood", strconv.Itoa(flood)}}, false)
			if err != nil {
				t.Fatal(err)
			}
			streams = append(streams, s)
		}
		cat := argv("cat")
		cat["op"], cat["stdin"] = "exec", true
		echo, err := source.Open(cat, false)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := echo.Write([]byte("before ")); err != nil {
			t.Fatal(err)
		}
		b := startCopy(t, source.snapshot(t), who)
		if s, r := b.exec(t, argv("echo", "alive")); r.Error != nil || s.Output(1) != "alive\n" {
			t.Fatalf("%+v %q", r.Error, s.Output(1))
		}
		// What ran there goes on, and its streams as if nothing had been.
		for _, s := range streams {
			r, err := s.Result()
			if err != nil {
				t.Fatal(err)
			}
			if c, _ := code(t, r); c != 0 || s.Counts[1] != flood<<20 {
				t.Fatalf("%d, %d bytes", c, s.Counts[1])
			}
		}
		if _, err := echo.Write([]byte("after")); err != nil {
			t.Fatal(err)
		}
		if err := echo.End(); err != nil {
			t.Fatal(err)
		}
		if r, err := echo.Result(); err != nil || r.Error != nil || echo.Output(1) != "before after" {
			t.Fatalf("%+v %v %q", r.Error, err, echo.Output(1))
		}
	})
}

func TestConnectionsAreResetByASnapshotAndCanBeMadeAgain(t *testing.T) {
	everyone(t, func(t *testing.T, who settings) {
		port := serve(t, web+":0", echoAll)
		zone := dnstest.Start(t, openZone)
		network := withNetwork(map[string]any{"policy": openPolicy, "dns": []string{zone.Address.String()}, "hostname": "box"})
		source := start(t, who, network)
		if got := source.probe(t, "echo", "www.example:"+port, "1024"); !strings.HasPrefix(got, "1024 true") {
			t.Fatal(got)
		}
		open, err := source.Open(map[string]any{"op": "exec", "argv": []string{"/netprobe", "read", "www.example:" + port}}, false)
		if err != nil {
			t.Fatal(err)
		}
		if err := open.Await(func() bool { return open.Counts[frame.ErrorOutput] > 0 }); err != nil {
			t.Fatal(err)
		}
		snapshot := source.snapshot(t)
		within(t, patience, "the end of the connection", func() {
			if r, err := open.Result(); err != nil || r.Error != nil {
				t.Errorf("%+v %v", r, err)
			}
		})
		first, second := startCopy(t, snapshot, who, network), startCopy(t, snapshot, who, network)
		for _, b := range []*box{source, first, second} {
			if got := b.probe(t, "echo", "www.example:"+port, "131072"); !strings.HasPrefix(got, "131072 true") {
				t.Fatal(got)
			}
		}
		again := startCopy(t, first.snapshot(t), who, network)
		if got := again.probe(t, "echo", "www.example:"+port, "1024"); !strings.HasPrefix(got, "1024 true") {
			t.Fatal(got)
		}
		s, _ := again.request(t, map[string]any{"op": "read", "path": "/run/sandboxed/copy.json"})
		if !strings.Contains(s.Output(1), `"generation":2`) {
			t.Fatal(s.Output(1))
		}
	})
}

func TestCopiesAreReachedThroughTunnels(t *testing.T) {
	source := start(t)
	source.serving(t, 8080)
	port := source.tunnel(t, 8080)
	open := connect(t, port)
	if _, err := open.Write([]byte("ubefore ")); err != nil {
		t.Fatal(err)
	}
	b := startCopy(t, source.snapshot(t))
	// The connection of a tunnel is not through the device, and goes on.
	if _, err := open.Write([]byte("and after")); err != nil {
		t.Fatal(err)
	}
	if err := open.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if answer, err := io.ReadAll(open); err != nil || string(answer) != "BEFORE AND AFTER" {
		t.Fatalf("%q %v", answer, err)
	}
	if err := upper(connect(t, b.tunnel(t, 8080)), "of the copy"); err != nil {
		t.Fatal(err)
	}
}

func TestWhatIsNoSnapshotIsNotRestored(t *testing.T) {
	everyone(t, func(t *testing.T, who settings) {
		source := start(t, who)
		snapshot := source.snapshot(t)
		if err := os.Truncate(filepath.Join(snapshot, "checkpoint.img"), 1000); err != nil {
			t.Fatal(err)
		}
		b := start(t, who, copyOf(snapshot))
		if e := b.exited(t); e.Reason != "FAILED" || !strings.Contains(e.Message, "did not start") || e.Output == "" {
			t.Fatalf("%+v", e)
		}
	})
}

func TestSnapshotsNeedAnEmptyDirectoryOfTheirOwn(t *testing.T) {
	b := start(t)
	full := b.emptyDirectory(t)
	precious, link := filepath.Join(full, "precious"), full+".link"
	if err := errors.Join(os.WriteFile(precious, []byte("x"), 0o600), os.Symlink(full, link)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Remove(link) })
	for _, directory := range []string{"relative", "", full, link, precious, full + "/missing", "/dev/null"} {
		if _, r := b.request(t, map[string]any{"op": "snapshot", "directory": directory}); r.Error == nil {
			t.Fatalf("%q was taken", directory)
		}
	}
	if there, err := os.ReadDir(full); err != nil || len(there) != 1 {
		t.Fatalf("%v %v", there, err)
	}
	if s, r := b.exec(t, argv("echo", "alive")); r.Error != nil || s.Output(1) != "alive\n" {
		t.Fatalf("%+v %q", r.Error, s.Output(1))
	}
}
