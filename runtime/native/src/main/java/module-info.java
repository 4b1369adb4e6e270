/** The agent and the keeper of all platforms, as resources. */
module dev.sandboxed.binaries {}
