/** The pinned gVisor runtime of one platform, as a resource. */
module dev.sandboxed.runsc {}
