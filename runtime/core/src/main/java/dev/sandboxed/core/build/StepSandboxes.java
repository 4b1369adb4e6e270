package dev.sandboxed.core.build;

import dev.sandboxed.SandboxSpec;
import dev.sandboxed.core.agent.AgentSandbox;
import dev.sandboxed.core.image.PreparedImage;

/** Starts the sandboxes that steps run in. */
@FunctionalInterface
public interface StepSandboxes {
  /**
   * Starts a sandbox.
   *
   * @param spec what it may do; its image is for people
   * @param image what it starts from
   */
  AgentSandbox start(SandboxSpec spec, PreparedImage image);
}
