package probe

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"dev.sandboxed/native/readiness"
)

// Under a clock of the test's own, so nothing takes time.
func TestPauseFollowsWhatEachAttemptTook(t *testing.T) {
	ms := func(all ...int) []time.Duration {
		durations := make([]time.Duration, len(all))
		for i, n := range all {
			durations[i] = time.Duration(n) * time.Millisecond
		}
		return durations
	}
	// What the attempts take, and when each is made; the last succeeds.
	took := ms(10, 400, 50, 5000, 1)
	for name, c := range map[string]struct {
		probe readiness.Probe
		tried []time.Duration
	}{
		"a program":                         {readiness.Probe{Exec: []string{"a"}}, ms(0, 110, 1310, 1460, 8460)},
		"a program with an interval":        {readiness.Probe{Exec: []string{"a"}, IntervalMillis: 30}, ms(0, 40, 470, 550, 5580)},
		"a port, which may be slow to open": {readiness.Probe{TCP: 1}, ms(0, 110, 610, 760, 5860)},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				var tried []time.Duration
				try := func(context.Context) (string, bool) {
					tried = append(tried, time.Since(start))
					time.Sleep(took[len(tried)-1])
					return "no", len(tried) == len(took)
				}
				if err := new(leaf).repeat(t.Context(), try, c.probe.Attempt(), c.probe.Pause); err != nil {
					t.Fatal(err)
				}
				if !slices.Equal(tried, c.tried) {
					t.Errorf("tried at %s, where %s was expected", tried, c.tried)
				}
			})
		})
	}
}
