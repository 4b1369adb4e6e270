package dev.sandboxed.gvisor.hostile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.sandboxed.ByteSize;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxFileException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DiskFillerTest {
  private static final ByteSize DISK = ByteSize.parse("16m");

  @Test
  void aProgramThatFillsTheDiskIsToldSo() {
    try (var sandbox = Sandbox.builder().disk(DISK).create()) {
      var result =
          Inside.shell(sandbox, "LC_ALL=C dd if=/dev/zero of=/fill bs=1M count=64").await();
      assertThat(result.stderr()).contains("No space left on device");
      assertThat(sandbox.files().stat("/fill").size()).isLessThanOrEqualTo(DISK.bytes());
      Inside.assertAnswers(sandbox);
    }
  }

  @Test
  void aFileCallOnAFullDiskIsToldSoAndASmallOneWorksAfterwards(@TempDir Path host)
      throws Exception {
    var large = new byte[64 << 20];
    Files.write(host.resolve("large"), large);
    try (var sandbox = Sandbox.builder().disk(DISK).create()) {
      var files = sandbox.files();
      assertThatExceptionOfType(SandboxFileException.NoSpace.class)
          .isThrownBy(() -> files.write("/fill", large))
          .withMessageContaining("/fill");
      files.remove("/fill");
      assertThatExceptionOfType(SandboxFileException.NoSpace.class)
          .isThrownBy(() -> files.copyIn(host.resolve("large"), "/copy"))
          .withMessageContaining("Cannot copy to /copy in the sandbox: the sandbox's disk is full");
      files.removeRecursively("/copy");
      files.write("/small", "fits");
      assertThat(files.readText("/small")).isEqualTo("fits");
    }
  }

  @Test
  void manySmallFilesAreHeldBackToo() {
    try (var sandbox = Sandbox.builder().disk(DISK).memory(ByteSize.parse("1g")).create()) {
      var result =
          Inside.python(
                  sandbox,
                  "import os",
                  "block = b'x' * 4096",
                  "os.mkdir('/many')",
                  "for i in range(100000):",
                  "  try:",
                  "    with open('/many/%d' % i, 'wb') as f: f.write(block)",
                  "  except OSError as e:",
                  "    print(os.strerror(e.errno))",
                  "    break")
              .await();
      assertThat(result.stdout()).isEqualTo("No space left on device\n");
    }
  }
}
