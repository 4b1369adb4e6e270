package dev.sandboxed.gvisor;

import dev.sandboxed.Backend;
import dev.sandboxed.Backend.Finding;
import dev.sandboxed.core.binaries.Settings;
import java.util.List;

/** Looks at what sandboxes need from this machine. */
final class Doctor {
  private final Settings settings;
  private final Backend backend;

  Doctor(Settings settings, Backend backend) {
    this.settings = settings;
    this.backend = backend;
  }

  List<Finding> findings() {
    return List.of();
  }
}
