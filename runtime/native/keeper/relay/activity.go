package relay

import (
	"sync"
	"time"
)

// Activity knows since when a sandbox has been idle.
type Activity struct {
	mutex sync.Mutex
	open  int
	last  time.Time
}

// NewActivity starts idle.
func NewActivity() *Activity { return &Activity{last: time.Now()} }

// Began says that a request started.
func (a *Activity) Began() { a.change(1) }

// Ended says that a request ended.
func (a *Activity) Ended() { a.change(-1) }

// Touch says that something happened.
func (a *Activity) Touch() { a.change(0) }

func (a *Activity) change(by int) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	a.open += by
	a.last = time.Now()
}

// Idle is for how long nothing has happened.
func (a *Activity) Idle() time.Duration {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	if a.open > 0 {
		return 0
	}
	return time.Since(a.last)
}
