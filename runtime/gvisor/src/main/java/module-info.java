/** The embedded backend: gVisor, run as an ordinary user. */
module dev.sandboxed.gvisor {
  requires transitive dev.sandboxed.core;
  requires dev.sandboxed.binaries;
  requires dev.sandboxed.runsc;

  exports dev.sandboxed.gvisor;

  provides dev.sandboxed.Backend.Provider with
      dev.sandboxed.gvisor.GvisorProvider;
}
