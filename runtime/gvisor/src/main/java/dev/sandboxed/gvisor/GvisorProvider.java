package dev.sandboxed.gvisor;

import dev.sandboxed.Backend;

/** Offers the embedded gVisor, the backend that is used unless another is named. */
public final class GvisorProvider implements Backend.Provider {

  /** Makes the provider, for {@link java.util.ServiceLoader}. */
  public GvisorProvider() {}

  @Override
  public String name() {
    return GvisorBackend.NAME;
  }

  @Override
  public int priority() {
    return 100;
  }

  @Override
  public Backend open() {
    return GvisorBackend.open();
  }
}
