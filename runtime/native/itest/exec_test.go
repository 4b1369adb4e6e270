//go:build integration

package itest

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"

	"dev.sandboxed/native/itest/client"
)

func (b *box) open(t *testing.T, request map[string]any) *client.Stream {
	t.Helper()
	request["op"] = "exec"
	s, err := b.Open(request, false)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func result(t *testing.T, s *client.Stream) client.Result {
	t.Helper()
	r, err := s.Result()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestCommandsThatCannotStartAreExplained(t *testing.T) {
	b := start(t)
	_, r := b.call(t, []byte("#!/no/interpreter\n"), "write", "path", "/tmp/script", "perm", 0o755)
	ok[any](t, r)
	_, r = b.call(t, []byte("just text\n"), "write", "path", "/tmp/text", "perm", 0o755)
	ok[any](t, r)
	_, r = b.call(t, []byte("x"), "write", "path", "/tmp/plain")
	ok[any](t, r)
	for _, c := range []struct {
		kind, mention string
		request       map[string]any
	}{
		{"COMMAND_NOT_FOUND", "/bin:/usr/bin", map[string]any{"argv": []string{"nope"}, "env": map[string]string{"PATH": "/bin:/usr/bin"}}},
		{"COMMAND_NOT_FOUND", "/nope", map[string]any{"argv": []string{"/nope"}}},
		{"COMMAND_NOT_EXECUTABLE", "interpreter", map[string]any{"argv": []string{"/tmp/script"}}},
		{"COMMAND_NOT_EXECUTABLE", "#!", map[string]any{"argv": []string{"/tmp/text"}}},
		{"COMMAND_NOT_EXECUTABLE", "0644", map[string]any{"argv": []string{"/tmp/plain"}}},
		{"COMMAND_NOT_EXECUTABLE", "directory", map[string]any{"argv": []string{"/tmp"}}},
		{"WORKDIR_NOT_FOUND", "/none", map[string]any{"argv": []string{"/probe"}, "cwd": "/none"}},
		{"WORKDIR_NOT_FOUND", "/probe", map[string]any{"argv": []string{"/probe"}, "cwd": "/probe"}},
		{"INVALID", "absolute", map[string]any{"argv": []string{"/probe"}, "cwd": "tmp"}},
		{"USER_NOT_FOUND", "alice", map[string]any{"argv": []string{"/probe"}, "user": "alice"}},
		{"USER_NOT_FOUND", "staff", map[string]any{"argv": []string{"/probe"}, "user": "0:staff"}},
		{"INVALID", "argv", map[string]any{"argv": []string{}}},
		{"INVALID", "NUL", map[string]any{"argv": []string{"/probe", "a\x00b"}}},
		{"INVALID", "A=B", map[string]any{"argv": []string{"/probe"}, "env": map[string]string{"A=B": "x"}}},
	} {
		r := result(t, b.open(t, c.request))
		if r.Error == nil || r.Error.Kind != c.kind || !strings.Contains(r.Error.Message, c.mention) {
			t.Errorf("%v: want %s with %q, got %s %+v", c.request, c.kind, c.mention, r.Ok, r.Error)
		}
	}
}

func TestUserDirectoryAndEnvironment(t *testing.T) {
	b := start(t)
	for path, content := range map[string]string{
		"/etc/passwd": "root:x:0:0:root:/root:/bin/sh\nalice:x:1000:1000::/home/alice:/bin/sh\n",
		"/etc/group":  "root:x:0:\nalice:x:1000:\nwheel:x:10:bob,alice\n",
	} {
		_, r := b.call(t, []byte(content), "write", "path", path, "parents", true)
		ok[any](t, r)
	}
	for user, want := range map[string]string{
		"":            "0 0 [0] /tmp\n",
		"alice":       "1000 1000 [1000 10] /tmp\n",
		"1000":        "1000 1000 [1000 10] /tmp\n",
		"alice:wheel": "1000 10 [10] /tmp\n",
		"7:8":         "7 8 [8] /tmp\n",
	} {
		request := argv("id")
		request["cwd"], request["user"] = "/tmp", user
		s, r := b.exec(t, request)
		if code(t, r); s.Output(1) != want {
			t.Errorf("user %q: want %q, got %q", user, want, s.Output(1))
		}
	}
	request := argv("env")
	request["user"], request["env"] = "alice", map[string]string{"A": "b c", "USER": "bob"}
	s, r := b.exec(t, request)
	code(t, r)
	got := strings.Fields(strings.ReplaceAll(s.Output(1), " ", "_"))
	if len(got) != 3 || !strings.Contains(s.Output(1), "A=b c\n") || !strings.Contains(s.Output(1), "USER=bob\n") ||
		!strings.Contains(s.Output(1), "HOME=/home/alice\n") {
		t.Fatalf("%q", s.Output(1))
	}
}

func TestInputReachesTheProgramAndEnds(t *testing.T) {
	b := start(t)
	request := argv("cat")
	request["stdin"] = true
	s := b.open(t, request)
	content := bytes.Repeat([]byte("\x00\x01binary\xff\n"), 500_000)
	if _, err := s.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := s.End(); err != nil {
		t.Fatal(err)
	}
	if c, _ := code(t, result(t, s)); c != 0 || s.Output(1) != string(content) {
		t.Fatalf("%d, %d bytes", c, len(s.Output(1)))
	}
	s, r := b.exec(t, argv("cat"))
	if c, _ := code(t, r); c != 0 || s.Output(1) != "" {
		t.Fatalf("without stdin: %d %q", c, s.Output(1))
	}
}

func TestInputToAProgramThatDoesNotReadIsHeldBackAndDropped(t *testing.T) {
	b := start(t)
	request := argv("sleep", "300")
	request["stdin"] = true
	s := b.open(t, request)
	n, err := s.Write(make([]byte, 64<<20))
	if err == nil || n > 8<<20 {
		t.Fatalf("wrote %d: %v", n, err)
	}
	if c, _ := code(t, result(t, s)); c != 0 {
		t.Fatal(c)
	}
}

func TestExecTimeoutKillsTheGroupAndKeepsTheSandbox(t *testing.T) {
	b := start(t)
	request := argv("ignore")
	request["timeoutMillis"] = 300
	s, r := b.exec(t, request)
	if c, reason := code(t, r); c != 124 || reason != "TIMEOUT" || s.Output(1) != "ready\n" {
		t.Fatalf("%d %s %q", c, reason, s.Output(1))
	}
	request = argv("daemon")
	request["timeoutMillis"] = 3000
	_, r = b.exec(t, request)
	if c, reason := code(t, r); c != 0 || reason != "EXITED" {
		t.Fatalf("a program whose child holds the output: %d %s", c, reason)
	}
	s, r = b.exec(t, argv("echo", "alive"))
	if code(t, r); s.Output(1) != "alive\n" {
		t.Fatal(s.Output(1))
	}
}

func TestReleasedOutputIsWhatWasWritten(t *testing.T) {
	b := start(t)
	s := b.open(t, argv("daemon"))
	if err := s.Control(map[string]any{"release": true}); err != nil {
		t.Fatal(err)
	}
	if c, reason := code(t, result(t, s)); c != 0 || reason != "EXITED" || !s.Ended(1) || !s.Ended(2) {
		t.Fatalf("%d %s", c, reason)
	}
}

func TestSignalsAndCancel(t *testing.T) {
	b := start(t)
	s := b.open(t, argv("sleep", "60000"))
	if _, err := s.Event("started"); err != nil {
		t.Fatal(err)
	}
	if err := s.Control(map[string]any{"signal": 15, "group": true}); err != nil {
		t.Fatal(err)
	}
	if c, reason := code(t, result(t, s)); c != 143 || reason != "SIGNALED" {
		t.Fatalf("%d %s", c, reason)
	}
	s = b.open(t, argv("ignore"))
	if _, err := s.Event("started"); err != nil {
		t.Fatal(err)
	}
	if err := s.Control(map[string]any{"cancel": true}); err != nil {
		t.Fatal(err)
	}
	if c, reason := code(t, result(t, s)); c != 137 || reason != "SIGNALED" {
		t.Fatalf("%d %s", c, reason)
	}
	s = b.open(t, argv("daemon"))
	if _, err := s.Event("exited"); err != nil {
		t.Fatal(err)
	}
	if err := s.Control(map[string]any{"cancel": true}); err != nil {
		t.Fatal(err)
	}
	if c, _ := code(t, result(t, s)); c != 0 || !s.Ended(1) {
		t.Fatalf("%d", c)
	}
}

func TestTerminalIsReal(t *testing.T) {
	b := start(t)
	request := argv("tty")
	request["pty"], request["stdin"] = map[string]int{"rows": 24, "cols": 80}, true
	s := b.open(t, request)
	has := func(what string) {
		t.Helper()
		eventually(t, what+" in the output, which is "+s.Output(1), func() bool { return strings.Contains(s.Output(1), what) })
	}
	has("terminal 24 80\r\n")
	// Input that comes after a new size finds it.
	for rows := 40; rows < 140; rows++ {
		if err := s.Control(map[string]any{"resize": map[string]int{"rows": rows, "cols": 120}}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Write([]byte("go on\n")); err != nil {
			t.Fatal(err)
		}
		has(fmt.Sprintf("terminal %d 120\r\n", rows))
	}
	if err := s.End(); err != nil {
		t.Fatal(err)
	}
	if c, _ := code(t, result(t, s)); c != 0 || !strings.Contains(s.Output(1), "end of input") || s.Output(2) != "" || !s.Ended(2) {
		t.Fatalf("%d %q", c, s.Output(1))
	}
	request = argv("ignore")
	request["pty"] = map[string]int{"rows": 24, "cols": 80}
	s = b.open(t, request)
	has("ready")
	if err := s.Control(map[string]any{"signal": 9}); err != nil {
		t.Fatal(err)
	}
	if c, _ := code(t, result(t, s)); c != 137 {
		t.Fatal(c)
	}
}

func TestSlowReaderHoldsBackItsOwnProcessOnly(t *testing.T) {
	b := start(t)
	slow, err := b.Open(map[string]any{"op": "exec", "argv": []string{"/probe", "flood", "64"}}, true)
	if err != nil {
		t.Fatal(err)
	}
	slow.Grant(1, 1000)
	eventually(t, "the granted bytes arrive", func() bool { return len(slow.Output(1)) == 1000 })
	for range 5 {
		s, r := b.exec(t, argv("flood", "8"))
		if code(t, r); len(s.Output(1)) != 8<<20 {
			t.Fatal(len(s.Output(1)))
		}
	}
	if n := len(slow.Output(1)); n != 1000 {
		t.Fatalf("%d bytes without credit", n)
	}
	slow.Grant(1, 64<<20)
	slow.Grant(2, 1)
	if c, _ := code(t, result(t, slow)); c != 0 || len(slow.Output(1)) != 64<<20 {
		t.Fatalf("%d %d", c, len(slow.Output(1)))
	}
}

func TestHundredsOfProgramsAtOnce(t *testing.T) {
	b := start(t)
	const programs = 300
	var all sync.WaitGroup
	errors := make(chan error, programs)
	for i := range programs {
		all.Add(1)
		go func() {
			defer all.Done()
			s, err := b.Open(map[string]any{"op": "exec", "argv": []string{"/probe", "cat"}, "stdin": true}, false)
			if err == nil {
				_, err = fmt.Fprintf(s, "I am %d", i)
			}
			if err != nil {
				errors <- err
				return
			}
			// All are running now or soon; each ends only when it is told to.
			if _, err := s.Event("started"); err != nil {
				errors <- err
				return
			}
			_ = s.End()
			r, err := s.Result()
			if err != nil || r.Error != nil || s.Output(1) != fmt.Sprintf("I am %d", i) {
				errors <- fmt.Errorf("%d: %v %+v %q", i, err, r.Error, s.Output(1))
			}
		}()
	}
	all.Wait()
	close(errors)
	for err := range errors {
		t.Error(err)
	}
}

func TestOrphansAreCollected(t *testing.T) {
	b := start(t)
	s, r := b.exec(t, argv("orphan"))
	code(t, r)
	pid := strings.TrimSpace(s.Output(1))
	eventually(t, "process "+pid+" is gone", func() bool {
		_, r := b.call(t, nil, "stat", "path", "/proc/"+pid)
		return r.Error != nil
	})
}

func TestConnectionThatClosesCancelsItsStreams(t *testing.T) {
	b := start(t)
	second, err := client.Connect(b.keeper.Socket)
	if err != nil {
		t.Fatal(err)
	}
	s, err := second.Open(map[string]any{"op": "exec", "argv": []string{"/probe", "ignore"}}, false)
	if err != nil {
		t.Fatal(err)
	}
	started, err := s.Event("started")
	if err != nil {
		t.Fatal(err)
	}
	pid := strings.Trim(string(started), `{}"pid:`)
	second.Close()
	eventually(t, "process "+pid+" is gone", func() bool {
		_, r := b.call(t, nil, "stat", "path", "/proc/"+pid)
		return r.Error != nil
	})
}

func TestConnectionWithGarbageIsClosedAndHarmsNobody(t *testing.T) {
	b := start(t)
	<-b.Running
	second, err := client.Connect(b.keeper.Socket)
	if err != nil {
		t.Fatal(err)
	}
	s, err := second.Open(map[string]any{"op": "exec", "argv": []string{"/probe", "cat"}, "stdin": true}, false)
	if err != nil {
		t.Fatal(err)
	}
	flood := make([]byte, 1<<20)
	if err := second.Raw(frameOfData(s.ID, flood)); err != nil {
		t.Fatal(err)
	}
	within(t, patience, "the end of the connection", func() { <-second.Gone })
	out, r := b.exec(t, argv("echo", "alive"))
	if code(t, r); out.Output(1) != "alive\n" {
		t.Fatal(out.Output(1))
	}
}

// TestATimeoutEndsWhatForksOnAndOn is about forks that are under way when their parent is killed.
func TestATimeoutEndsWhatForksOnAndOn(t *testing.T) {
	b := start(t, with("pids", 40))
	for range 12 {
		request := argv("bomb")
		request["timeoutMillis"] = 400
		_, r := b.exec(t, request)
		if c, reason := code(t, r); c != 124 || reason != "TIMEOUT" {
			t.Fatalf("%d %s", c, reason)
		}
		// There is room for another, since nothing of the bomb is left.
		s, r := b.exec(t, argv("echo", "alive"))
		if c, _ := code(t, r); c != 0 || s.Output(1) != "alive\n" {
			t.Fatalf("%d %q", c, s.Output(1))
		}
	}
}
