package probe

import (
	"context"
	"sync"
	"time"
)

// maxSeen bounds what is told of one probe.
const maxSeen = 800

// leaf is one condition, and what was seen of it last.
type leaf struct {
	what string

	mutex sync.Mutex
	last  string
}

// attempt tries a condition once, until ctx ends. It says what it saw, for people, and whether the condition holds.
type attempt func(ctx context.Context) (seen string, ready bool)

// note keeps what was seen.
func (l *leaf) note(seen string) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.last = seen
}

// seen describes the leaf in one line.
func (l *leaf) seen() string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	line := l.what + ": " + l.last
	return line[:min(len(line), maxSeen)]
}

// repeat tries until the condition holds. An attempt that took so long is followed by such a pause.
func (l *leaf) repeat(ctx context.Context, try attempt, limit time.Duration, pause func(took time.Duration) time.Duration) error {
	for {
		began := time.Now()
		once, stop := context.WithTimeout(ctx, limit)
		seen, ready := try(once)
		stop()
		if ready {
			l.note("ready")
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		l.note(seen)
		select {
		case <-time.After(pause(time.Since(began))):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
