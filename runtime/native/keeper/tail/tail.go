// Package tail keeps the end of a stream of text.
package tail

import (
	"io"
	"strings"
	"sync"
	"unicode/utf8"
)

// Buffer is a writer that remembers its last bytes.
type Buffer struct {
	mutex sync.Mutex
	size  int
	bytes []byte
	cut   bool
}

// New remembers up to size bytes.
func New(size int) *Buffer { return &Buffer{size: size} }

func (b *Buffer) Write(p []byte) (int, error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	n := len(p)
	if n > b.size {
		p = p[n-b.size:]
		b.cut = true
	}
	if over := len(b.bytes) + len(p) - b.size; over > 0 {
		b.bytes = b.bytes[:copy(b.bytes, b.bytes[over:])]
		b.cut = true
	}
	b.bytes = append(b.bytes, p...)
	return n, nil
}

// String is what is remembered, as valid text.
func (b *Buffer) String() string {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	text := strings.ToValidUTF8(string(b.bytes), string(utf8.RuneError))
	if b.cut {
		return "…" + text
	}
	return text
}

var _ io.Writer = (*Buffer)(nil)
