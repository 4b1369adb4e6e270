package probe

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"dev.sandboxed/native/agent/command"
	"dev.sandboxed/native/agent/failure"
	"dev.sandboxed/native/agent/loopback"
	"dev.sandboxed/native/agent/proc"
	"dev.sandboxed/native/readiness"
)

const (
	// maxHead is how much of an answer is looked at for its status.
	maxHead = 16 << 10
	// maxShown is how much of what is no HTTP, or of what a program printed, is shown.
	maxShown = 200
)

// tcp succeeds when something accepts a connection, which is closed again.
func tcp(port int, limit time.Duration) attempt {
	return func(ctx context.Context) (string, bool) {
		conn, refused := connect(ctx, port, limit)
		if conn == nil {
			return refused, false
		}
		_ = conn.Close()
		return "", true
	}
}

// connect says why there is no connection.
func connect(ctx context.Context, port int, limit time.Duration) (conn *os.File, refused string) {
	conn, err := loopback.Connect(ctx, port, 2*limit)
	switch {
	case err == nil:
		return conn, ""
	case ctx.Err() != nil:
		return nil, fmt.Sprintf("no connection within %s", limit)
	case failure.Of(err, "").Kind == failure.ConnectionRefused:
		return nil, "connection refused"
	default:
		return nil, err.Error()
	}
}

// http succeeds when the status is the wanted one. Only the beginning of the answer is read and nothing else is asked for: no
// redirect is followed. An HTTP library would be most of the agent, which is loaded at every start, for one line.
func http(h readiness.HTTP, limit time.Duration) attempt {
	request := fmt.Sprintf("GET %s HTTP/1.1\r\nHost: localhost:%d\r\nUser-Agent: sandboxed-probe\r\nAccept: */*\r\nConnection: close\r\n\r\n",
		h.Path, h.Port)
	return func(ctx context.Context) (string, bool) {
		conn, refused := connect(ctx, h.Port, limit)
		if conn == nil {
			return refused, false
		}
		defer conn.Close()
		defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()
		if _, err := io.WriteString(conn, request); err != nil {
			return "the request was not taken: " + reason(err), false
		}
		status, err := readStatus(conn)
		if ctx.Err() != nil {
			return fmt.Sprintf("connected, and no answer within %s", limit), false
		}
		if err != nil {
			return err.Error(), false
		}
		if status == h.Status || (h.Status == 0 && status >= 200 && status <= 299) {
			return "", true
		}
		return fmt.Sprintf("HTTP %d", status), false
	}
}

// readStatus reads the status of an answer, behind what a server may have to say before it.
func readStatus(conn io.Reader) (int, error) {
	head := &io.LimitedReader{R: conn, N: maxHead}
	from := bufio.NewReader(head)
	status, err := findStatus(from)
	if err != nil && head.N == 0 && from.Buffered() == 0 {
		err = fmt.Errorf("%d bytes, and no answer among them", maxHead)
	}
	return status, err
}

func findStatus(from *bufio.Reader) (int, error) {
	for {
		line, err := readLine(from)
		if err != nil {
			return 0, err
		}
		status, ok := parseStatus(line)
		if !ok {
			return 0, fmt.Errorf("an answer that is not HTTP: %q", line[:min(len(line), maxShown)])
		}
		if status >= 200 || status == 101 {
			return status, nil
		}
		for len(line) > 0 { // the headers of an interim answer
			if line, err = readLine(from); err != nil {
				return 0, err
			}
		}
	}
}

// readLine reads a line without its end, or what there is of it.
func readLine(from *bufio.Reader) (string, error) {
	line, err := from.ReadSlice('\n')
	switch {
	case err == nil || errors.Is(err, bufio.ErrBufferFull) || (errors.Is(err, io.EOF) && len(line) > 0):
		return strings.TrimSuffix(strings.TrimSuffix(string(line), "\n"), "\r"), nil
	case errors.Is(err, io.EOF):
		return "", errors.New("the connection was closed without an answer")
	default:
		return "", errors.New("the connection broke: " + reason(err))
	}
}

// parseStatus reads a line such as "HTTP/1.1 200 OK".
func parseStatus(line string) (int, bool) {
	version, rest, _ := strings.Cut(line, " ")
	code, _, _ := strings.Cut(rest, " ")
	status, err := strconv.ParseUint(code, 10, 16)
	return int(status), err == nil && len(code) == 3 && status >= 100 && strings.HasPrefix(version, "HTTP/1.")
}

func reason(err error) string {
	var path *os.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return err.Error()
}

// exec succeeds when a program exits with code 0.
func exec(request command.Request, table *proc.Table, limit time.Duration) attempt {
	return func(ctx context.Context) (string, bool) {
		outcome, printed, err := command.Check(ctx, request, table)
		if err != nil {
			return failure.Of(err, "").Message, false
		}
		said := ""
		if printed = bytes.TrimSpace(printed); len(printed) > 0 {
			said = fmt.Sprintf(", and it printed %q", printed[max(0, len(printed)-maxShown):])
		}
		switch outcome.Reason {
		case "TIMEOUT":
			return fmt.Sprintf("no exit within %s%s", limit, said), false
		case "SIGNALED":
			return fmt.Sprintf("killed by signal %d%s", outcome.Code-128, said), false
		default:
			return fmt.Sprintf("exit code %d%s", outcome.Code, said), outcome.Code == 0
		}
	}
}
