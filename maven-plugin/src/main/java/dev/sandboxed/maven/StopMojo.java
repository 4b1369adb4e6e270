package dev.sandboxed.maven;

import dev.sandboxed.Backend;
import org.apache.maven.plugins.annotations.Mojo;
import org.apache.maven.plugins.annotations.Parameter;

/** Ends a running sandbox of this user, whichever process created it. */
@Mojo(name = "stop", requiresProject = false, aggregator = true, threadSafe = true)
public final class StopMojo extends AbstractSandboxesMojo {
  /** The sandbox: its id, its name, or {@code app/name}. */
  @Parameter(property = "sandbox.id", required = true)
  String sandboxId = "";

  /** Made by Maven. */
  public StopMojo() {}

  @Override
  void run(Backend backend, Output shown) {
    try (var sandbox = find(backend, sandboxId)) {
      var status = sandbox.terminate().join();
      if (shown == Output.JSON) {
        print(
            to -> {
              to.writeStartObject();
              to.writeStringProperty("id", sandbox.id());
              to.writeNumberProperty("exitCode", status.code());
              to.writeStringProperty("reason", status.reason().name());
              to.writeEndObject();
            });
      } else {
        getLog().info("The sandbox %s has ended: %s".formatted(sandbox.id(), status));
      }
    }
  }
}
