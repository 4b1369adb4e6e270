package probe

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"dev.sandboxed/native/agent/proc"
	"dev.sandboxed/native/frame"
	"dev.sandboxed/native/itest/ipv6"
	"dev.sandboxed/native/readiness"
)

// table is the one that a process may have.
var table = proc.NewTable()

// shortest is what one attempt may take where it is to fail; nothing depends on its being enough for anything.
const shortest = 50

func watch(t *testing.T, p readiness.Probe) *Watch {
	t.Helper()
	return watchAll(t, readiness.Readiness{Probe: p, Env: map[string]string{"PATH": os.Getenv("PATH"), "WHO": "me"}, Cwd: "/"})
}

func watchAll(t *testing.T, r readiness.Readiness) *Watch {
	t.Helper()
	w, err := New(r, table)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		w.Run(ctx)
	}()
	t.Cleanup(func() {
		stop()
		<-ended
	})
	return w
}

func becomesReady(t *testing.T, w *Watch) {
	t.Helper()
	select {
	case <-w.Ready():
	case <-time.After(2 * time.Minute):
		t.Fatalf("not ready: %q", w.Seen())
	}
}

// sees waits until the last of the probe's results mentions the text, while it is not ready.
func sees(t *testing.T, w *Watch, mention string) {
	t.Helper()
	deadline := time.After(2 * time.Minute)
	for !strings.Contains(strings.Join(w.Seen(), "\n"), mention) {
		select {
		case <-w.Ready():
			t.Fatalf("ready, where %q was to be seen", mention)
		case <-deadline:
			t.Fatalf("%q where %q was to be seen", w.Seen(), mention)
		case <-time.After(time.Millisecond):
		}
	}
	select {
	case <-w.Ready():
		t.Fatal("ready")
	default:
	}
}

func listen(t *testing.T, network, address string) (net.Listener, int) {
	t.Helper()
	if network == "tcp6" {
		ipv6.Need(t)
	}
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l, l.Addr().(*net.TCPAddr).Port
}

// closedPort is one that nothing listens on, below those that the system gives away.
func closedPort(t *testing.T) int {
	t.Helper()
	for range 100 {
		port := 10_000 + rand.Intn(5_000)
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			l.Close()
			return port
		}
	}
	t.Fatal("no port is free")
	return 0
}

func TestPortIsReadyOnceSomethingListens(t *testing.T) {
	port := closedPort(t)
	w := watch(t, readiness.Probe{TCP: port, IntervalMillis: 1})
	sees(t, w, fmt.Sprintf("port %d: connection refused", port))
	listen(t, "tcp4", fmt.Sprintf("127.0.0.1:%d", port))
	becomesReady(t, w)
	if seen := w.Seen(); len(seen) != 1 || !strings.HasSuffix(seen[0], ": ready") {
		t.Fatalf("%q", seen)
	}
}

func TestPortOfTheOtherLoopbackAddressCounts(t *testing.T) {
	_, port := listen(t, "tcp6", "[::1]:0")
	becomesReady(t, watch(t, readiness.Probe{TCP: port}))
}

// serve answers each connection with what the next of the functions does, and then with the last.
func serve(t *testing.T, answers ...func(c net.Conn)) int {
	t.Helper()
	l, port := listen(t, "tcp4", "127.0.0.1:0")
	go func() {
		for i := 0; ; i++ {
			c, err := l.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { c.Close() })
			go answers[min(i, len(answers)-1)](c)
		}
	}()
	return port
}

func says(text string) func(net.Conn) {
	return func(c net.Conn) {
		defer c.Close()
		request := make([]byte, 4096)
		if _, err := c.Read(request); err == nil {
			_, _ = io.WriteString(c, text)
		}
	}
}

func hangs(net.Conn) {}

// pours never ends.
func pours(text string) func(net.Conn) {
	return func(c net.Conn) {
		for {
			if _, err := io.WriteString(c, text); err != nil {
				return
			}
		}
	}
}

func dropsByByte(c net.Conn) {
	defer c.Close()
	for _, b := range []byte("HTTP/1.1 20") {
		if _, err := c.Write([]byte{b}); err != nil {
			return
		}
	}
}

func TestPathIsReadyWithTheStatus(t *testing.T) {
	for _, c := range []struct {
		name    string
		status  int
		seen    string
		answers []func(net.Conn)
	}{
		{"the usual", 0, "", []func(net.Conn){says("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")}},
		{"no content", 0, "", []func(net.Conn){says("HTTP/1.0 204 No Content\r\n\r\n")}},
		{"no reason and no end", 0, "", []func(net.Conn){says("HTTP/1.1 299")}},
		{"the wanted one", 404, "", []func(net.Conn){says("HTTP/1.1 404 Not Found\r\n\r\n")}},
		{"another than the wanted one", 204, "HTTP 200", []func(net.Conn){says("HTTP/1.1 200 OK\r\n\r\n")}},
		{"unavailable", 0, "GET /health on port", []func(net.Conn){says("HTTP/1.1 503 Service Unavailable\r\n\r\n")}},
		{"a redirect, which is not followed", 0, "HTTP 302", []func(net.Conn){says("HTTP/1.1 302 Found\r\nLocation: /login\r\n\r\n")}},
		{"a redirect that is wanted", 302, "", []func(net.Conn){says("HTTP/1.1 302 Found\r\nLocation: /login\r\n\r\n")}},
		{"an interim answer before", 0, "", []func(net.Conn){says("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n\r\n")}},
		{"interim answers for ever", 0, "no answer among them", []func(net.Conn){pours("HTTP/1.1 100 Continue\r\n\r\n")}},
		{"a huge answer", 0, "", []func(net.Conn){func(c net.Conn) {
			says("HTTP/1.1 200 OK\r\n")(nopCloser{c})
			pours("x")(c)
		}}},
		{"a line without an end", 0, "not HTTP", []func(net.Conn){pours("x")}},
		{"binary garbage", 0, `not HTTP: "\x00\xff`, []func(net.Conn){says("\x00\xff\x1b[2J\n")}},
		{"almost HTTP", 0, "not HTTP", []func(net.Conn){says("HTTP/1.1 +20 OK\r\n\r\n")}},
		{"another protocol", 0, "not HTTP", []func(net.Conn){says("SSH-2.0-x\r\n")}},
		{"nothing", 0, "closed without an answer", []func(net.Conn){func(c net.Conn) { says("")(c) }}},
		{"a piece", 0, "not HTTP", []func(net.Conn){dropsByByte}},
		{"no answer at all", 0, "no answer within 50ms", []func(net.Conn){hangs}},
		{"an answer that is slow", 0, "no answer within 50ms", []func(net.Conn){func(c net.Conn) {
			says("HTTP/1.1 2")(nopCloser{c})
		}}},
		{"trouble first", 0, "", []func(net.Conn){says(""), says("HTTP/1.1 503 x\r\n\r\n"), says("y"), says("HTTP/1.1 200 OK\r\n\r\n")}},
	} {
		t.Run(c.name, func(t *testing.T) {
			port := serve(t, c.answers...)
			p := readiness.Probe{HTTP: &readiness.HTTP{Port: port, Path: "/health", Status: c.status}, IntervalMillis: 1}
			if strings.Contains(c.seen, "within") {
				p.AttemptMillis = shortest
			}
			if w := watch(t, p); c.seen == "" {
				becomesReady(t, w)
			} else {
				sees(t, w, c.seen)
			}
		})
	}
}

// nopCloser stays open.
type nopCloser struct{ net.Conn }

func (nopCloser) Close() error { return nil }

func TestServerThatHangsAtFirstIsTriedAgain(t *testing.T) {
	port := serve(t, hangs, hangs, says("HTTP/1.1 200 OK\r\n\r\n"))
	becomesReady(t, watch(t, readiness.Probe{HTTP: &readiness.HTTP{Port: port, Path: "/"}, IntervalMillis: 1, AttemptMillis: 1000}))
}

func TestRequestIsPlain(t *testing.T) {
	got := make(chan string, 1)
	port := serve(t, func(c net.Conn) {
		request := make([]byte, 4096)
		n, _ := c.Read(request)
		got <- string(request[:n])
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\n")
	})
	becomesReady(t, watch(t, readiness.Probe{HTTP: &readiness.HTTP{Port: port, Path: "/a?b=c"}}))
	request := <-got
	if !strings.HasPrefix(request, "GET /a?b=c HTTP/1.1\r\nHost: localhost:") || !strings.HasSuffix(request, "\r\nConnection: close\r\n\r\n") {
		t.Fatalf("%q", request)
	}
}

func TestNothingListensBehindAPath(t *testing.T) {
	sees(t, watch(t, readiness.Probe{HTTP: &readiness.HTTP{Port: closedPort(t), Path: "/"}, IntervalMillis: 1}), "connection refused")
}

// shell runs as another user may be wanted to, which takes root; inside sandboxes it is tested as everyone.
func shell(t *testing.T, script string) readiness.Probe {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("commands get the groups of their user, which only root may set")
	}
	return readiness.Probe{Exec: []string{"sh", "-c", script}, IntervalMillis: 1}
}

func TestCommandIsReadyOnceItSucceeds(t *testing.T) {
	there := filepath.Join(t.TempDir(), "there")
	p := shell(t, `echo "still waiting"; echo "no file" >&2; test -e "$0" && test "$WHO" = me`)
	p.Exec = append(p.Exec, there)
	w := watch(t, p)
	sees(t, w, "exit code 1, and it printed")
	if seen := w.Seen()[0]; !strings.Contains(seen, "still waiting") || !strings.Contains(seen, "no file") {
		t.Fatalf("%q", seen)
	}
	if err := os.WriteFile(there, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	becomesReady(t, w)
}

func TestCommandsThatFailAreExplained(t *testing.T) {
	for _, c := range []struct{ script, mention string }{
		{"exit 7", "exit code 7"},
		{"kill -9 $$", "killed by signal 9"},
		{"yes | head -c 200000; echo the end; exit 3", `the end"`},
		{`printf '\033[2J\377'; exit 1`, `\x1b[2J\xff`},
	} {
		sees(t, watch(t, shell(t, c.script)), c.mention)
	}
	sees(t, watch(t, readiness.Probe{Exec: []string{"no-such-program"}, IntervalMillis: 1}), "no-such-program")
	w := watchAll(t, readiness.Readiness{Probe: shell(t, "true"), Env: map[string]string{"PATH": os.Getenv("PATH")}, Cwd: "/no/such/directory"})
	sees(t, w, "/no/such/directory")
}

func TestCommandThatHangsIsKilledWithItsGroup(t *testing.T) {
	started := filepath.Join(t.TempDir(), "started")
	p := shell(t, `echo begun; sleep 600 & echo $! > "$0.new"; mv "$0.new" "$0"; wait`)
	p.Exec = append(p.Exec, started)
	p.AttemptMillis = 2000
	p.IntervalMillis = 600_000
	w := watch(t, p)
	sees(t, w, "no exit within 2s")
	if content, err := os.ReadFile(started); err == nil {
		// It was adopted by whoever collects orphans here, and may be a zombie for a moment.
		pid := strings.TrimSpace(string(content))
		for deadline := time.Now().Add(time.Minute); isAlive(pid); {
			if time.Now().After(deadline) {
				t.Fatalf("process %s is alive", pid)
			}
			time.Sleep(time.Millisecond)
		}
	}
}

func isAlive(pid string) bool {
	stat, err := os.ReadFile("/proc/" + pid + "/stat")
	return err == nil && !strings.Contains(string(stat), ") Z ")
}

func TestCommandThatLeavesAChildBehindEndsWithItself(t *testing.T) {
	p := shell(t, "sleep 5 & exit 0")
	p.AttemptMillis = 600_000
	becomesReady(t, watch(t, p))
}

func TestCancelKillsACommand(t *testing.T) {
	w, err := New(readiness.Readiness{Probe: shell(t, "sleep 600"), Env: map[string]string{"PATH": os.Getenv("PATH")}}, table)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	stop()
	w.Run(ctx) // returns
	select {
	case <-w.Ready():
		t.Fatal("ready")
	default:
	}
}

func TestLogLineIsFoundInPieces(t *testing.T) {
	for _, ending := range []string{"\n", "\r\n"} {
		w := watch(t, readiness.Probe{Log: `^ready to (accept|serve)$`})
		for _, piece := range []string{"begin\nnot ready to accept" + ending, "rea", "dy to ", "accept", " or so" + ending, "ready to ser", "ve"} {
			w.Output(frame.Output, []byte(piece))
			w.Output(frame.ErrorOutput, []byte("ready to")) // another line, on another channel
		}
		sees(t, w, "not printed yet")
		w.Output(frame.Output, []byte(ending))
		becomesReady(t, w)
		w.Output(frame.Output, []byte("more\n"))
	}
}

func TestLogLineOfEitherChannelCounts(t *testing.T) {
	for _, channel := range []uint8{frame.Output, frame.ErrorOutput} {
		w := watch(t, readiness.Probe{Log: "up"})
		w.Output(channel, []byte("the server is up\n"))
		becomesReady(t, w)
	}
}

func TestLongLinesAreLookedAtInTheirBeginning(t *testing.T) {
	w := watch(t, readiness.Probe{Any: []readiness.Probe{{Log: "late"}, {Log: "early"}, {Log: "next"}}})
	w.Output(frame.Output, []byte("x"+strings.Repeat(" ", maxLine)))
	for range 100 {
		w.Output(frame.Output, []byte(strings.Repeat("late ", 1000)))
	}
	if n := cap(w.lines.outputs[0].begun); n > 4*maxLine {
		t.Fatalf("%d bytes are kept of a line", n)
	}
	sees(t, w, "not printed yet")
	w.Output(frame.Output, []byte("\nnext\n"))
	becomesReady(t, w)
}

// TestHostileLinesCostInProportion has a pattern and lines that keep a matcher busy for ever that tries one way after the other.
func TestHostileLinesCostInProportion(t *testing.T) {
	w := watch(t, readiness.Probe{Log: `^(([a-z])+.)+[A-Z]([a-z])+$`})
	for range 20 {
		w.Output(frame.Output, []byte(strings.Repeat("a", maxLine)+"\n"))
	}
	sees(t, w, "not printed yet")
}

func TestOutputOfBothChannelsAtOnce(t *testing.T) {
	w := watch(t, readiness.Probe{All: []readiness.Probe{{Log: "out 999$"}, {Log: "err 999$"}, {Log: "^... 500$"}}})
	done := make(chan struct{}, 2)
	for channel, name := range map[uint8]string{frame.Output: "out", frame.ErrorOutput: "err"} {
		go func() {
			for i := range 1000 {
				w.Output(channel, fmt.Appendf(nil, "%s %d\n", name, i))
			}
			done <- struct{}{}
		}()
	}
	<-done
	<-done
	becomesReady(t, w)
}

func TestGroups(t *testing.T) {
	closed := closedPort(t)
	_, open := listen(t, "tcp4", "127.0.0.1:0")
	becomesReady(t, watch(t, readiness.Probe{Any: []readiness.Probe{{TCP: closed}, {TCP: open}, shell(t, "sleep 600")}}))
	w := watch(t, readiness.Probe{All: []readiness.Probe{{TCP: open}, {TCP: closed, IntervalMillis: 1}, {Log: "up"}}})
	sees(t, w, fmt.Sprintf("port %d: connection refused", closed))
	sees(t, w, fmt.Sprintf("port %d: ready", open))
	w.Output(frame.Output, []byte("up\n"))
	sees(t, w, `log line "up": ready`)
	listen(t, "tcp4", fmt.Sprintf("127.0.0.1:%d", closed))
	becomesReady(t, w)
}

func TestWhatHasSucceededIsNotTriedAgain(t *testing.T) {
	l, port := listen(t, "tcp4", "127.0.0.1:0")
	w := watch(t, readiness.Probe{All: []readiness.Probe{{TCP: port, IntervalMillis: 1}, {Log: "up"}}})
	sees(t, w, fmt.Sprintf("port %d: ready", port))
	l.Close()
	w.Output(frame.Output, []byte("up\n"))
	becomesReady(t, w)
}

func TestNothingIsTriedBeforeTheEntrypoint(t *testing.T) {
	w := watchAll(t, readiness.Readiness{Probe: shell(t, "true"), Env: map[string]string{"PATH": os.Getenv("PATH")}, Entrypoint: true})
	sees(t, w, "not tried yet")
	w.Entrypoint()
	w.Entrypoint()
	becomesReady(t, w)
}

func TestWrongProbesAreRefused(t *testing.T) {
	for _, p := range []readiness.Probe{{}, {TCP: -1}, {Log: "("}, {All: []readiness.Probe{{Log: "("}}}} {
		if _, err := New(readiness.Readiness{Probe: p}, table); err == nil {
			t.Errorf("%+v was taken", p)
		}
	}
}

func TestWhatIsSeenIsBounded(t *testing.T) {
	l := &leaf{what: strings.Repeat("w", 600)}
	l.note(strings.Repeat("x", 1<<20))
	if n := len(l.seen()); n != maxSeen {
		t.Fatal(n)
	}
}

// FuzzLines checks that a line is found or not however it is cut into pieces.
func FuzzLines(f *testing.F) {
	f.Add([]byte("a\nready\r\nb"), uint16(3))
	f.Add([]byte("\r\r\n\n\nready"), uint16(1))
	f.Fuzz(func(t *testing.T, data []byte, size uint16) {
		if len(data) > maxLine/2 {
			return
		}
		p := readiness.Probe{Log: `^rea.y$`}
		pattern, err := p.Pattern()
		if err != nil {
			t.Fatal(err)
		}
		var whole, cut lines
		first, second := whole.want(pattern), cut.want(pattern)
		whole.take(frame.Output, data)
		for rest := data; len(rest) > 0; {
			n := min(len(rest), int(size)+1)
			cut.take(frame.Output, rest[:n])
			rest = rest[n:]
		}
		want := false
		for _, line := range strings.Split(string(data), "\n")[:strings.Count(string(data), "\n")] {
			want = want || pattern.MatchString(strings.TrimSuffix(line, "\r"))
		}
		if isFound(first) != want || isFound(second) != want {
			t.Fatal(isFound(first), isFound(second), want)
		}
	})
}

func isFound(w *wanted) bool {
	select {
	case <-w.found:
		return true
	default:
		return false
	}
}

// FuzzAnswer checks that every answer of a server has a status or is explained.
func FuzzAnswer(f *testing.F) {
	f.Add([]byte("HTTP/1.1 200 OK\r\n\r\n"))
	f.Add([]byte("HTTP/1.1 103 x\r\na: b\r\n\r\nHTTP/1.0 404"))
	f.Fuzz(func(t *testing.T, answer []byte) {
		status, err := readStatus(bytes.NewReader(answer))
		if err == nil && (status < 101 || status > 999) {
			t.Fatal(status)
		}
		if err != nil && (err.Error() == "" || errors.Is(err, io.EOF)) {
			t.Fatal(err)
		}
	})
}
