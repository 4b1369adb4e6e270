package dev.sandboxed.gvisor;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sandboxed.core.binaries.BinaryCache;
import dev.sandboxed.core.binaries.BundledBinary;
import dev.sandboxed.core.binaries.CacheRoot;
import dev.sandboxed.core.binaries.Platform;
import dev.sandboxed.core.binaries.SandboxBinaries;
import dev.sandboxed.core.binaries.Settings;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URL;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BundledProgramsTest {
  private static final ClassLoader LOADER = BundledProgramsTest.class.getClassLoader();

  @TempDir Path temp;

  @Test
  void the_bundled_programs_unpack_and_run() throws Exception {
    BinaryCache cache = new BinaryCache(new CacheRoot(temp.resolve("cache")));

    SandboxBinaries binaries =
        SandboxBinaries.locate(Settings.of(Map.of(), Map.of()), cache, LOADER);

    Process version = new ProcessBuilder(binaries.runsc().toString(), "--version").start();
    assertThat(new String(version.getInputStream().readAllBytes(), UTF_8))
        .startsWith("runsc version v0.0.0-20260905035102-160fafc42237\n");
    assertThat(version.waitFor()).isZero();
    assertThat(binaries.agent()).isExecutable();
    assertThat(binaries.keeper()).isExecutable();
    assertThat(cache.verify(BundledBinary.find("runsc", Platform.current(), LOADER))).isTrue();
  }

  @Test
  void the_native_programs_are_there_for_every_platform() {
    for (Platform platform : Platform.values()) {
      assertThat(BundledBinary.find("agent", platform, LOADER).sha256()).hasSize(64);
      assertThat(BundledBinary.find("keeper", platform, LOADER).sha256()).hasSize(64);
    }
  }

  @Test
  void the_licences_of_what_is_linked_in_are_beside_the_programs() throws Exception {
    List<String> notices =
        LOADER.resources("META-INF/NOTICES.txt").map(BundledProgramsTest::read).toList();

    assertThat(notices)
        .anySatisfy(
            text ->
                assertThat(text)
                    .contains("gvisor.dev/gvisor v0.0.0-20260905035102-160fafc42237")
                    .contains("Apache License")
                    .contains("The Go standard library and runtime"));
  }

  private static String read(URL resource) {
    try (InputStream in = resource.openStream()) {
      return new String(in.readAllBytes(), UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
