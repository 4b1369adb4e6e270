package dev.sandboxed.gvisor;

import dev.sandboxed.ExitStatus;
import dev.sandboxed.PreparedSandbox;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxNotRunningException;
import dev.sandboxed.core.agent.AgentSandbox;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;

/** A sandbox whose keeper waits for its use to begin. */
final class WaitingSandbox implements PreparedSandbox {
  private final AgentSandbox sandbox;
  private final BooleanSupplier current;

  /**
   * Holds a sandbox until it is used.
   *
   * @param current whether one that was started now would have the same files
   */
  WaitingSandbox(AgentSandbox sandbox, BooleanSupplier current) {
    this.sandbox = sandbox;
    this.current = current;
  }

  @Override
  public Sandbox begin() {
    if (!current.getAsBoolean()) {
      sandbox.close();
      throw new SandboxNotRunningException(
          "The files that the image of the %s is made of have changed since; create another"
              .formatted(this));
    }
    sandbox.begin();
    return sandbox;
  }

  @Override
  public CompletableFuture<ExitStatus> onExit() {
    return sandbox.onExit();
  }

  @Override
  public CompletableFuture<ExitStatus> terminate() {
    return sandbox.terminate();
  }

  @Override
  public void close() {
    sandbox.close();
  }

  @Override
  public String toString() {
    return "prepared " + sandbox;
  }
}
