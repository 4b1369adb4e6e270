package dev.sandboxed.maven;

import dev.sandboxed.Backends;
import dev.sandboxed.SandboxException;
import org.apache.maven.plugin.AbstractMojo;
import org.apache.maven.plugin.MojoExecutionException;
import org.apache.maven.plugin.MojoFailureException;
import org.apache.maven.plugins.annotations.Mojo;

/** Says what works on this machine, what does not, and how to mend it. */
@Mojo(name = "doctor", requiresProject = false, aggregator = true, threadSafe = true)
public final class DoctorMojo extends AbstractMojo {

  /** Made by Maven. */
  public DoctorMojo() {}

  @Override
  public void execute() throws MojoExecutionException, MojoFailureException {
    try (var backend = Backends.open()) {
      var report = new DoctorReport(backend.name(), backend.check());
      report.show(new LogConsole(getLog()));
      var failure = report.failure();
      if (failure.isPresent()) {
        throw new MojoFailureException(failure.get());
      }
    } catch (SandboxException e) {
      throw new MojoExecutionException(e.getMessage(), e);
    }
  }
}
