package dev.sandboxed.gvisor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.sandboxed.Backend;
import dev.sandboxed.Backend.Finding;
import dev.sandboxed.ByteSize;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxFileException;
import dev.sandboxed.core.binaries.Settings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the doctor says of limits is what a sandbox then gets on this machine, for this user. */
@Timeout(120)
class DoctorLimitsTest {
  private static final Pattern GROUP = Pattern.compile("in a cgroup of its own in (/\\S+)$");

  @Test
  void says_of_each_limit_how_it_is_kept() throws Exception {
    try (var backend = GvisorBackend.open(Settings.ofProcess())) {
      var findings = backend.check();
      try (var sandbox =
          Sandbox.builder()
              .backend(backend)
              .memory(ByteSize.parse("512m"))
              .cpus(0.5)
              .processes(100)
              .disk(ByteSize.parse("8m"))
              .create()) {
        var runtime = runtime();
        var group = inGroup(findings, "memory limit", sandbox);
        if (group == null) {
          assertThat(detail(findings, "memory limit")).startsWith("kept by the keeper");
        } else {
          assertThat(groupsOf(runtime)).anyMatch(g -> g.contains(sandbox.id()));
        }
        if (inGroup(findings, "cpu limit", sandbox) == null) {
          assertThat(detail(findings, "cpu limit")).startsWith("kept in whole processors");
          assertThat(finding(findings, "cpu limit").level()).isEqualTo(Finding.Level.WARNING);
          assertThat(value(runtime, "status", "Cpus_allowed_list:\\s+(\\S+)")).matches("\\d+");
        }
        if (inGroup(findings, "process limit", sandbox) == null) {
          assertThat(detail(findings, "process limit")).startsWith("kept inside by the agent");
          assertThat(value(runtime, "limits", "Max processes\\s+(\\S+)")).matches("\\d+");
        }
        assertThat(detail(findings, "disk limit")).startsWith("kept by the sandbox's own kernel");
        assertThatExceptionOfType(SandboxFileException.NoSpace.class)
            .isThrownBy(() -> sandbox.files().write("/root/big", new byte[20 << 20]));
      }
      assertThat(detail(findings, "gpus")).isNotEmpty();
    }
  }

  /** Returns the sandbox's cgroup where the doctor says that there is one, and null else. */
  private static Path inGroup(List<Finding> findings, String topic, Sandbox sandbox) {
    var told = GROUP.matcher(detail(findings, topic));
    if (!told.find()) {
      return null;
    }
    assertThat(finding(findings, topic).level()).isEqualTo(Finding.Level.OK);
    var group = Path.of(told.group(1)).resolve("sandboxed-" + sandbox.id());
    assertThat(group).isDirectory();
    return group;
  }

  /** Returns the first process in the sandbox's namespaces, whatever it is: the keeper's child. */
  private static ProcessHandle runtime() {
    return ProcessHandle.current()
        .children()
        .flatMap(ProcessHandle::children)
        .findFirst()
        .orElseThrow();
  }

  private static List<String> groupsOf(ProcessHandle process) throws IOException {
    return Files.readAllLines(Path.of("/proc", "" + process.pid(), "cgroup"));
  }

  private static String value(ProcessHandle process, String file, String pattern) {
    try {
      var found =
          Pattern.compile(pattern)
              .matcher(Files.readString(Path.of("/proc", "" + process.pid(), file)));
      assertThat(found.find()).isTrue();
      return found.group(1);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String detail(List<Finding> findings, String topic) {
    return finding(findings, topic).detail();
  }

  private static Backend.Finding finding(List<Finding> findings, String topic) {
    return findings.stream().filter(f -> f.topic().equals(topic)).findFirst().orElseThrow();
  }
}
