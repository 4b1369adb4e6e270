package dev.sandboxed.maven;

import dev.sandboxed.Backend;
import dev.sandboxed.SandboxFilter;
import java.time.Instant;
import java.util.List;
import org.apache.maven.plugin.MojoExecutionException;
import org.apache.maven.plugins.annotations.Mojo;
import org.apache.maven.plugins.annotations.Parameter;
import org.jspecify.annotations.Nullable;

/** Lists the running sandboxes of this user, whichever process created them. */
@Mojo(name = "list", requiresProject = false, aggregator = true, threadSafe = true)
public final class ListMojo extends AbstractSandboxesMojo {
  /** Lists the sandboxes of this app only. */
  @Parameter(property = "sandbox.app")
  @Nullable String app;

  /** Lists only sandboxes that have all these tags: {@code key=value}, separated by commas. */
  @Parameter(property = "sandbox.tags")
  @Nullable List<String> tags;

  /** Made by Maven. */
  public ListMojo() {}

  @Override
  void run(Backend backend, Output shown) throws MojoExecutionException {
    var table = new SandboxTable(backend.list(filter()), Instant.now());
    if (shown == Output.JSON) {
      print(table::writeTo);
    } else {
      table.show(new LogConsole(getLog()));
    }
  }

  private SandboxFilter filter() throws MojoExecutionException {
    var filter = app == null ? SandboxFilter.all() : SandboxFilter.all().app(app);
    for (var tag : tags == null ? List.<String>of() : tags) {
      var equals = tag.indexOf('=');
      if (equals < 1) {
        throw new MojoExecutionException(
            "\"%s\" in sandbox.tags is not a tag; write key=value".formatted(SafeText.line(tag)));
      }
      filter = filter.tag(tag.substring(0, equals), tag.substring(equals + 1));
    }
    return filter;
  }
}
