package dev.sandboxed.maven;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sandboxed.Backend.Finding;
import dev.sandboxed.Backend.Finding.Level;
import java.util.List;
import org.junit.jupiter.api.Test;

class DoctorReportTest {
  private static final Finding KERNEL = new Finding("kernel", Level.OK, "Linux 6.1", "");
  private static final Finding CGROUPS =
      new Finding("cgroups", Level.WARNING, "not delegated", "log in with systemd");
  private static final Finding NAMESPACES =
      new Finding("user namespaces", Level.ERROR, "forbidden", "sysctl -w x=0");
  private final RecordingConsole console = new RecordingConsole();

  @Test
  void showsFindingsAsATable() {
    new DoctorReport("gvisor", List.of(KERNEL, CGROUPS, NAMESPACES)).show(console);
    assertThat(console.lines())
        .containsExactly(
            "Sandboxes of the backend gvisor on this machine:",
            "ok       kernel           Linux 6.1",
            "WARNING warning  cgroups          not delegated",
            "WARNING                           Fix: log in with systemd",
            "WARNING ERROR    user namespaces  forbidden",
            "WARNING                           Fix: sysctl -w x=0",
            "Sandboxes do not work on this machine.");
  }

  @Test
  void failsOnErrorsOnly() {
    assertThat(new DoctorReport("gvisor", List.of(KERNEL, CGROUPS)).failure()).isEmpty();
    assertThat(new DoctorReport("gvisor", List.of(KERNEL, NAMESPACES)).failure())
        .contains(
            "Sandboxes cannot run on this machine:\n  user namespaces: forbidden. sysctl -w x=0");
  }
}
