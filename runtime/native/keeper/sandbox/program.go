package sandbox

import (
	"path/filepath"
	"time"

	"dev.sandboxed/native/keeper/entrypoint"
	"dev.sandboxed/native/keeper/output"
	"dev.sandboxed/native/keeper/relay"
	"dev.sandboxed/native/keeper/stream"
)

// answerClients says who answers what clients ask of the keeper itself.
func (k *Keeper) answerClients() {
	k.relay.HandleClient("info", k.answerInfo)
	k.relay.HandleClient("tags", k.replaceTags)
	k.relay.HandleClient("context", k.answerContext)
	k.relay.HandleClient("detach", k.detach)
	k.entrypoint = entrypoint.New(output.New(k.outputPath()), k.activity)
	k.entrypoint.Register(k.relay)
}

func (k *Keeper) outputPath() string {
	if k.start.Records == "" {
		return k.directory.Output()
	}
	return filepath.Join(k.start.Records, k.start.ID+".log")
}

// answerContext hands on what the creator left for those that come later.
func (k *Keeper) answerContext(*stream.Request) (any, error) {
	if k.start.Context == nil {
		return nil, stream.Errorf(stream.NotFound, "the sandbox was started without a context")
	}
	return k.start.Context, nil
}

// detach lets the sandbox live on without its creator.
func (k *Keeper) detach(*stream.Request) (any, error) {
	k.infoLock.Lock()
	defer k.infoLock.Unlock()
	if k.ending {
		return nil, stream.Ended
	}
	k.detached.Store(true)
	k.info.Detached = true
	return nil, k.describe()
}

// closeEntrypoint keeps the rest of what the entrypoint printed.
func (k *Keeper) closeEntrypoint() {
	if k.entrypoint == nil {
		return
	}
	select {
	case <-k.served:
	case <-time.After(lastWords):
	}
	k.entrypoint.Close()
}

// record keeps how the sandbox ended.
func (k *Keeper) record(outcome relay.Outcome) {
	if k.start.Records == "" {
		return
	}
	k.infoLock.Lock()
	info := k.info
	k.infoLock.Unlock()
	keepRecord(k.start.Records, info, outcome)
}
