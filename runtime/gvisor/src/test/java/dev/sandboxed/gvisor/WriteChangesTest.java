package dev.sandboxed.gvisor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxException;
import dev.sandboxed.SandboxNotRunningException;
import dev.sandboxed.core.agent.AgentSandbox;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The layer that builders of images and snapshots get of a sandbox, seen by another tar. */
class WriteChangesTest {
  @TempDir private Path directory = Path.of("");

  @Test
  void aLayerHasWhatWasChangedAndMarksForWhatWasRemoved() throws Exception {
    var layer = directory.resolve("layer");
    try (var sandbox = Sandbox.builder().create()) {
      sandbox
          .exec(
              "sh", "-euc", "mkdir /d; echo 1 > /d/f; ln /d/f /d/g; rm /etc/passwd; echo > /tmp/t")
          .await();

      ((AgentSandbox) sandbox).writeChanges(layer);

      assertThat(sandbox.exec("cat", "/d/f").await().stdout()).isEqualTo("1\n");
    }
    assertThat(members(layer))
        .contains("./d/", "./d/f", "./d/g", "./etc/.wh.passwd")
        .noneMatch(m -> m.contains(".sandboxed") || m.startsWith("./tmp") || m.startsWith("./dev"));
    assertThat(directory.toFile().list()).containsExactly("layer");
  }

  @Test
  void anEndedSandboxSaysThatItHasEnded() {
    var sandbox = Sandbox.builder().create();
    sandbox.close();

    assertThatThrownBy(() -> ((AgentSandbox) sandbox).writeChanges(directory.resolve("layer")))
        .isInstanceOf(SandboxNotRunningException.class);
    assertThat(directory).isEmptyDirectory();
  }

  @Test
  void aLayerThatCannotBeWrittenSaysWhereAndWhy() {
    try (var sandbox = Sandbox.builder().create()) {
      var layer = directory.resolve("missing/layer");

      assertThatThrownBy(() -> ((AgentSandbox) sandbox).writeChanges(layer))
          .isInstanceOf(SandboxException.class)
          .hasMessageContaining(sandbox.id())
          .hasMessageContaining(layer.getParent().toString());
      assertThat(sandbox.exec("true").await().exitCode()).isZero();
    }
  }

  private static List<String> members(Path tar) throws IOException, InterruptedException {
    var process =
        new ProcessBuilder("tar", "-tf", tar.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (var out =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      var members = out.lines().toList();
      assertThat(process.waitFor()).isZero();
      return members;
    }
  }
}
