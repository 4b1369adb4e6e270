package sandbox

import (
	"os"
	"time"

	"dev.sandboxed/native/keeper/output"
	"dev.sandboxed/native/keeper/relay"
	"dev.sandboxed/native/keeper/stream"
)

// waiting is the time in which a sandbox that was prepared ahead of its use is nobody's yet: its timeouts have not begun, no
// list shows it, and nothing is kept of it if it ends.
type waiting struct {
	lifetime *time.Timer   // until its use begins, how long it waits for that
	over     chan struct{} // closed when its use has begun
}

// await begins the sandbox's life, or its wait.
func (k *Keeper) await() {
	k.waiting.over = make(chan struct{})
	if k.info.Waiting {
		k.waiting.lifetime = time.NewTimer(k.start.BeginWithin())
		return
	}
	k.waiting.lifetime = time.NewTimer(k.start.Timeout())
	close(k.waiting.over)
}

// begin lets the timeouts run from now on: somebody uses the sandbox.
func (k *Keeper) begin(*stream.Request) (any, error) {
	k.infoLock.Lock()
	defer k.infoLock.Unlock()
	if k.ending {
		return nil, stream.Ended
	}
	if !k.info.Waiting {
		return nil, stream.Errorf(stream.Invalid, "the use of the sandbox has begun already")
	}
	if !k.waiting.lifetime.Stop() {
		return nil, stream.Ended // it has waited too long, and is about to end
	}
	k.waiting.lifetime.Reset(k.start.Timeout())
	k.info.Waiting = false
	k.info.CreatedMillis = time.Now().UnixMilli()
	close(k.waiting.over)
	return nil, k.describe()
}

// expired says why the sandbox ends when its timer has run down.
func (k *Keeper) expired() relay.Outcome {
	if k.isWaiting() {
		return relay.Outcome{Code: codeTerminated, Reason: "TERMINATED",
			Message: "nobody used the sandbox within " + k.start.BeginWithin().String()}
	}
	return relay.Outcome{Code: codeTimeout, Reason: "TIMEOUT",
		Message: "the sandbox lived for its whole timeout of " + k.start.Timeout().String()}
}

func (k *Keeper) isWaiting() bool {
	k.infoLock.Lock()
	defer k.infoLock.Unlock()
	return k.info.Waiting
}

// forgetOutput removes what the entrypoint of a sandbox printed that nobody ever used.
func (k *Keeper) forgetOutput() {
	for _, path := range []string{k.outputPath(), k.outputPath() + output.OldSuffix} {
		_ = os.Remove(path)
	}
}
