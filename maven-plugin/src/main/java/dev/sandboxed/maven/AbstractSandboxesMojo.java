package dev.sandboxed.maven;

import dev.sandboxed.Backend;
import dev.sandboxed.Backends;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxException;
import dev.sandboxed.SandboxLabels;
import java.io.PrintStream;
import java.util.function.Consumer;
import org.apache.maven.plugin.AbstractMojo;
import org.apache.maven.plugin.MojoExecutionException;
import org.apache.maven.plugin.MojoFailureException;
import org.apache.maven.plugins.annotations.Parameter;
import tools.jackson.core.JsonGenerator;

/** What goals about sandboxes that run have in common. */
abstract class AbstractSandboxesMojo extends AbstractMojo {
  /** {@code table} for people, or {@code json} on standard output for programs; use -q with it. */
  @Parameter(property = "sandbox.output", defaultValue = "table")
  String output = "table";

  /** Where JSON goes, and nothing else of a goal. */
  PrintStream stdout = System.out;

  @Override
  public final void execute() throws MojoExecutionException, MojoFailureException {
    var shown = Output.of(output);
    try (var backend = Backends.open()) {
      run(backend, shown);
    } catch (SandboxException e) {
      throw new MojoExecutionException(e.getMessage(), e);
    }
  }

  /** Does it, and shows the result as it is wanted. */
  abstract void run(Backend backend, Output shown)
      throws MojoExecutionException, MojoFailureException;

  /** Writes a result for programs. */
  final void print(Consumer<JsonGenerator> value) {
    JsonOutput.print(stdout, value);
  }

  /** Finds the sandbox that is meant: an id, a name, or an app and a name with a slash between. */
  static Sandbox find(Backend backend, String wanted) {
    var slash = wanted.indexOf('/');
    if (slash >= 0) {
      return backend.fromName(wanted.substring(0, slash), wanted.substring(slash + 1));
    }
    return wanted.startsWith("sb-")
        ? backend.fromId(wanted)
        : backend.fromName(SandboxLabels.DEFAULT_APP, wanted);
  }
}
