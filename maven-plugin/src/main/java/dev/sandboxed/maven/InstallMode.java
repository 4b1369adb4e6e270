package dev.sandboxed.maven;

import dev.sandboxed.InvalidSpecException;
import java.util.Locale;

/** How what a project depends on gets into its sandboxes. */
enum InstallMode {
  /** Apart, once, with the network of the build tools; kept for as long as its key files say so. */
  NETWORK,
  /** As by {@link #NETWORK}; build tools that can are then kept running, in memory snapshots. */
  WARM,
  /** In the sandbox of the tests, from the caches of the host, each time. */
  CACHES;

  static InstallMode of(String text) {
    for (var mode : values()) {
      if (mode.name().toLowerCase(Locale.ROOT).equals(text.strip())) {
        return mode;
      }
    }
    throw new InvalidSpecException(
        "sandbox.install is \"%s\"; write network to install once with the network of the build tools, warm to keep Maven running in a memory snapshot besides, or caches to install each time from the caches of this machine, without one"
            .formatted(SafeText.line(text)));
  }
}
