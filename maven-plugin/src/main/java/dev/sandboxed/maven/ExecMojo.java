package dev.sandboxed.maven;

import dev.sandboxed.Backend;
import dev.sandboxed.Exec;
import dev.sandboxed.ExecResult;
import dev.sandboxed.SecretMask;
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
  void run(Backend backend, Output shown) throws MojoExecutionException, MojoFailureException {
    try (var sandbox = find(backend, sandboxId)) {
      var exec = sandbox.exec("sh", "-c", command);
      var mask = SecretMask.of(sandbox.spec().secrets());
      if (shown == Output.JSON) {
        print(sandbox.id(), exec.await(), mask);
      } else {
        show(sandbox.id(), exec, mask);
      }
    }
  }

  /** Programs read the exit code; Maven's word of a failure would be among the JSON. */
  private void print(String id, ExecResult result, SecretMask mask) {
    print(
        to -> {
          to.writeStartObject();
          to.writeStringProperty("id", id);
          to.writeNumberProperty("exitCode", result.status().code());
          to.writeStringProperty("reason", result.status().reason().name());
          JsonOutput.text(to, "stdout", mask.apply(result.stdout()));
          JsonOutput.text(to, "stderr", mask.apply(result.stderr()));
          to.writeEndObject();
        });
  }

  private void show(String id, Exec exec, SecretMask mask)
      throws MojoExecutionException, MojoFailureException {
    try (var process = exec.start()) {
      process.stdin().close();
      var errors =
          CompletableFuture.runAsync(
              () ->
                  process
                      .stderr()
                      .lines()
                      .forEach(l -> getLog().warn(SafeText.line(mask.apply(l)))));
      process.stdout().lines().forEach(l -> getLog().info(SafeText.line(mask.apply(l))));
      errors.join();
      var status = process.waitFor();
      if (!status.isSuccess()) {
        throw new MojoFailureException(
            "The command ended with %s in the sandbox %s: %s"
                .formatted(status, id, SafeText.line(mask.apply(command))));
      }
    } catch (IOException e) {
      throw new MojoExecutionException(
          "The command's input cannot be closed: " + e.getMessage(), e);
    }
  }
}
