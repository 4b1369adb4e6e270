package dev.sandboxed.maven;

import dev.sandboxed.Backend;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import org.apache.maven.plugin.MojoExecutionException;
import org.apache.maven.plugin.MojoFailureException;
import org.apache.maven.plugins.annotations.Mojo;
import org.apache.maven.plugins.annotations.Parameter;

/** Runs a shell command in a running sandbox of this user, whichever process created it. */
@Mojo(name = "exec", requiresProject = false, aggregator = true, threadSafe = true)
public final class ExecMojo extends AbstractSandboxesMojo {
  /** The sandbox: its id, its name, or {@code app/name}. */
  @Parameter(property = "sandbox.id", required = true)
  String sandboxId = "";

  /** The command, which {@code sh -c} runs inside. */
  @Parameter(property = "sandbox.command", required = true)
  String command = "";

  /** Made by Maven. */
  public ExecMojo() {}

  @Override
  void run(Backend backend) throws MojoExecutionException, MojoFailureException {
    try (var sandbox = find(backend, sandboxId);
        var process = sandbox.exec("sh", "-c", command).start()) {
      process.stdin().close();
      var errors =
          CompletableFuture.runAsync(
              () -> process.stderr().lines().forEach(l -> getLog().warn(SafeText.line(l))));
      process.stdout().lines().forEach(l -> getLog().info(SafeText.line(l)));
      errors.join();
      var status = process.waitFor();
      if (!status.isSuccess()) {
        throw new MojoFailureException(
            "The command ended with %s in the sandbox %s: %s"
                .formatted(status, sandbox.id(), SafeText.line(command)));
      }
    } catch (IOException e) {
      throw new MojoExecutionException(
          "The command's input cannot be closed: " + e.getMessage(), e);
    }
  }
}
