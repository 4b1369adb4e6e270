package dev.sandboxed.core.binaries;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sandboxed.BackendUnavailableException;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BundledBinaryTest {
  private static final byte[] CONTENT = {1, 2, 3};

  @TempDir Path temp;

  @Test
  void finds_the_program_of_the_platform() throws Exception {
    Path jar = BundledPrograms.jar(temp, Platform.LINUX_AARCH64, "runsc", CONTENT);

    try (URLClassLoader loader = BundledPrograms.loader(jar)) {
      BundledBinary binary = BundledBinary.find("runsc", Platform.LINUX_AARCH64, loader);

      assertThat(binary.sha256()).isEqualTo(BundledPrograms.sha256(CONTENT));
      assertThatThrownBy(() -> BundledBinary.find("runsc", Platform.LINUX_X86_64, loader))
          .isInstanceOf(BackendUnavailableException.class)
          .hasMessage(
              "There is no runsc for linux-x86_64 on the class path (resource"
                  + " META-INF/sandboxed/linux-x86_64/runsc): add the dependency"
                  + " dev.sandboxed:sandboxed-runsc with the classifier linux-x86_64.");
    }
  }

  @Test
  void refuses_a_digest_that_is_none() {
    Path jar = BundledPrograms.jar(temp, Platform.LINUX_X86_64, "agent", CONTENT, "../../etc");

    assertThatThrownBy(() -> BundledPrograms.find("agent", jar))
        .isInstanceOf(BackendUnavailableException.class)
        .hasMessageContaining("'../../etc', is not 64 hexadecimal digits");
  }

  @Test
  void knows_the_names_java_gives_to_platforms() {
    assertThat(Platform.of("Linux", "amd64")).isEqualTo(Platform.LINUX_X86_64);
    assertThat(Platform.of("Linux", "aarch64")).isEqualTo(Platform.LINUX_AARCH64);
    assertThatThrownBy(() -> Platform.of("Mac OS X", "aarch64"))
        .isInstanceOf(BackendUnavailableException.class)
        .hasMessageContaining("gVisor runs on Linux only, and this is 'Mac OS X'");
    assertThatThrownBy(() -> Platform.of("Linux", "s390x"))
        .isInstanceOf(BackendUnavailableException.class)
        .hasMessageContaining("'s390x'");
  }

  @Test
  void a_setting_names_another_runsc() throws Exception {
    Path runsc = Files.createFile(temp.resolve("runsc"));
    Files.setPosixFilePermissions(runsc, PosixFilePermissions.fromString("rwxr-xr-x"));

    assertThat(SandboxBinaries.namedRunsc(Settings.of(Map.of(), Map.of()))).isEmpty();
    assertThat(
            SandboxBinaries.namedRunsc(
                Settings.of(Map.of("sandboxed.runsc", runsc.toString()), Map.of())))
        .contains(runsc);
    assertThat(
            SandboxBinaries.namedRunsc(
                Settings.of(Map.of(), Map.of("SANDBOXED_RUNSC", runsc.toString()))))
        .contains(runsc);
  }

  @Test
  void a_named_runsc_that_cannot_run_is_refused_with_the_setting_that_names_it() throws Exception {
    Path file = Files.createFile(temp.resolve("runsc"));

    assertRefused(file.toString(), "is not executable for this user");
    assertRefused(temp.toString(), "is not a file");
    assertRefused("/nonexistent/runsc", "does not exist");
    assertRefused("runsc", "is not an absolute path");
  }

  private static void assertRefused(String value, String problem) {
    assertThatThrownBy(
            () ->
                SandboxBinaries.namedRunsc(Settings.of(Map.of("sandboxed.runsc", value), Map.of())))
        .isInstanceOf(BackendUnavailableException.class)
        .hasMessage(
            "The runsc that the system property sandboxed.runsc names, '"
                + value
                + "', "
                + problem
                + ": name an executable runsc by its absolute path, or remove the setting to use"
                + " the bundled one.");
  }
}
