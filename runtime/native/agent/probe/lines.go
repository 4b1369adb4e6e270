package probe

import (
	"regexp"
	"sync"
	"sync/atomic"

	"dev.sandboxed/native/frame"
)

// maxLine is how much of a line is looked at.
const maxLine = 8 << 10

// lines looks for patterns in what a program prints, line by line. Whoever hands over output waits until it has been looked at,
// so nothing is missed and nothing piles up.
type lines struct {
	wanted  []*wanted
	missing atomic.Int32
	outputs [2]line
}

// wanted is a pattern that no line has matched yet, until found is closed.
type wanted struct {
	pattern *regexp.Regexp
	found   chan struct{}
	once    sync.Once
}

// line is the beginning of a line whose end has not come.
type line struct {
	mutex sync.Mutex
	begun []byte
}

// want adds a pattern. It is for the time before there is output.
func (l *lines) want(pattern *regexp.Regexp) *wanted {
	w := &wanted{pattern: pattern, found: make(chan struct{})}
	l.wanted = append(l.wanted, w)
	l.missing.Add(1)
	return w
}

// take looks at output of a channel.
func (l *lines) take(channel uint8, data []byte) {
	if l.missing.Load() == 0 {
		return
	}
	output := &l.outputs[0]
	if channel == frame.ErrorOutput {
		output = &l.outputs[1]
	}
	output.mutex.Lock()
	defer output.mutex.Unlock()
	start := 0
	for i, c := range data {
		if c == '\n' {
			output.add(data[start:i])
			l.look(output.whole())
			start = i + 1
		}
	}
	output.add(data[start:])
}

func (l *line) add(data []byte) {
	l.begun = append(l.begun, data[:min(len(data), maxLine-len(l.begun))]...)
}

// whole is the line, without the end that terminals give it, which is valid until more is added.
func (l *line) whole() []byte {
	text := l.begun
	l.begun = l.begun[:0]
	if n := len(text); n > 0 && text[n-1] == '\r' {
		return text[:n-1]
	}
	return text
}

func (l *lines) look(text []byte) {
	for _, w := range l.wanted {
		select {
		case <-w.found:
			continue
		default:
		}
		if w.pattern.Match(text) {
			w.once.Do(func() {
				close(w.found)
				l.missing.Add(-1)
			})
		}
	}
}
