//go:build integration

package itest

import (
	"math/rand/v2"
	"testing"
	"time"

	"dev.sandboxed/native/itest/client"
)

// TestNothingIsLeftWhateverEndsAtAnyMoment kills the keeper, or hangs up as a killed creator does, at moments that are spread
// over the start and the first work of a sandbox.
func TestNothingIsLeftWhateverEndsAtAnyMoment(t *testing.T) {
	const rounds = 12
	everyone(t, func(t *testing.T, who settings) {
		for round := range rounds {
			l := newLaunch(t, who, with("memoryBytes", 512<<20), with("pids", 100))
			keeper, err := client.Start(built.keeper, l.message, l.attribute)
			if err != nil {
				t.Fatal(err)
			}
			if round%3 != 0 {
				if c, err := client.Connect(keeper.Socket); err == nil {
					_, _ = c.Open(map[string]any{"op": "exec", "argv": []string{"/probe", "fork"}}, false)
					defer c.Close()
				}
			}
			<-time.After(time.Duration(rand.IntN(600)) * time.Millisecond)
			killed := round%2 == 0
			if killed {
				err = keeper.Command.Process.Kill()
			} else {
				err = keeper.Stdin.Close()
			}
			if err != nil {
				t.Fatal(err)
			}
			within(t, patience, "the end of the keeper", func() { _ = keeper.WaitForEnd() })
			id := l.id()
			eventually(t, "no process is left", func() bool { return len(leftovers(id)) == 0 })
			if killed {
				sweep(t, l)
			}
			left(t, l)
		}
	})
}
