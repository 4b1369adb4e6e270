package sandbox

import (
	"fmt"
	"os"

	"dev.sandboxed/native/keeper/records"
	"dev.sandboxed/native/keeper/registry"
	"dev.sandboxed/native/keeper/relay"
)

func keepRecord(directory string, info registry.Info, outcome relay.Outcome) {
	err := records.Write(directory, info, records.Exit{
		Code: outcome.Code, Reason: outcome.Reason, Message: outcome.Message, Output: outcome.Output,
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, "keeper: record the end:", err)
	}
}
