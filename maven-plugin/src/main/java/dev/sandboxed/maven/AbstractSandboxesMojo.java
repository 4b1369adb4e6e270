package dev.sandboxed.maven;

import dev.sandboxed.Backend;
import dev.sandboxed.Backends;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxException;
import dev.sandboxed.SandboxLabels;
import org.apache.maven.plugin.AbstractMojo;
import org.apache.maven.plugin.MojoExecutionException;
import org.apache.maven.plugin.MojoFailureException;

/** What goals about sandboxes that run have in common. */
abstract class AbstractSandboxesMojo extends AbstractMojo {

  @Override
  public final void execute() throws MojoExecutionException, MojoFailureException {
    try (var backend = Backends.open()) {
      run(backend);
    } catch (SandboxException e) {
      throw new MojoExecutionException(e.getMessage(), e);
    }
  }

  abstract void run(Backend backend) throws MojoExecutionException, MojoFailureException;

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
