package dev.sandboxed.gvisor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sandboxed.BackendUnavailableException;
import dev.sandboxed.SandboxFailedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StartFailuresTest {
  private final SandboxFailedException failure = new SandboxFailedException("it did not start");

  @TempDir private Path host;

  @Test
  void says_what_the_machine_lacks_and_how_to_mend_it() throws IOException {
    var keeper =
        keeper(
            """
            {"checks":[{"name":"kvm","ok":false,"required":false,"detail":"none"},
            {"name":"namespaces","ok":false,"required":true,"detail":"forbidden","fix":"allow them"}]}
            """);

    assertThat(StartFailures.explain(failure, keeper))
        .isInstanceOf(BackendUnavailableException.class)
        .hasMessageContaining("namespaces")
        .hasMessageContaining("forbidden")
        .hasMessageContaining("allow them")
        .hasCause(failure);
  }

  @Test
  void keeps_the_failure_where_the_machine_is_fit_or_nobody_knows() throws IOException {
    assertThat(
            StartFailures.explain(
                failure, keeper("{\"checks\":[{\"name\":\"a\",\"ok\":true,\"required\":true}]}")))
        .isSameAs(failure);
    assertThat(StartFailures.explain(failure, keeper("nonsense"))).isSameAs(failure);
    assertThat(StartFailures.explain(failure, host.resolve("none"))).isSameAs(failure);
  }

  private Path keeper(String answer) throws IOException {
    var file = Files.createTempFile(host, "keeper", "");
    Files.writeString(file, "#!/bin/sh\ncat <<'END'\n" + answer + "\nEND\n");
    return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }
}
