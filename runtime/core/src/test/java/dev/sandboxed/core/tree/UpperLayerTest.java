package dev.sandboxed.core.tree;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class UpperLayerTest {
  private static final ArchiveLimits LIMITS = new ArchiveLimits(1000, 1 << 20);

  @Test
  void a_device_without_numbers_removes_a_file() throws IOException {
    assertThat(layer(new TestArchive().directory("./").directory("./a/").device("./a/x")))
        .containsExactly("./", "./a/", "./a/.wh.x");
  }

  @Test
  void a_link_to_such_a_device_removes_a_file_too() throws IOException {
    assertThat(layer(new TestArchive().device("./b").file("./a", "1").hardLink("./a0", "./b")))
        .containsExactly("./a = 1", "./.wh.a0", "./.wh.b");
  }

  @Test
  void a_directory_that_hides_what_is_below_gets_a_mark_and_those_in_it_none() throws IOException {
    assertThat(
            layer(
                new TestArchive()
                    .opaqueDirectory("./a/")
                    .opaqueDirectory("./a/b/")
                    .device("./a/gone")
                    .directory("./a/c/")
                    .device("./a/c/gone")
                    .opaqueDirectory("./d/")))
        .containsExactly(
            "./a/", "./a/.wh..wh..opq", "./a/b/", "./a/c/", "./d/", "./d/.wh..wh..opq");
  }

  @Test
  void hard_links_stay_together_in_whatever_order_they_come() throws IOException {
    assertThat(
            layer(
                new TestArchive()
                    .file("./z", "text")
                    .hardLink("./a", "./z")
                    .hardLink("./m", "./z")))
        .containsExactly("./a = text", "./m is ./a", "./z is ./a");
  }

  @Test
  void what_is_foreign_is_left_out_and_its_other_names_are_kept() throws IOException {
    assertThat(
            layer(
                new TestArchive()
                    .file("./etc/hosts", "1")
                    .hardLink("./copy", "./etc/hosts")
                    .directory("./work/")
                    .file("./work/deep/file", "2")
                    .device("./proc")
                    .file("./working", "3")
                    .directory("./.sandboxed/")
                    .directory("./.sandboxed-mounts/0/"),
                "/etc/hosts",
                "/work",
                "/proc"))
        .containsExactly("./copy = 1", "./working = 3");
  }

  @Test
  void a_name_that_means_something_else_in_a_layer_is_refused() throws IOException {
    var archive = new TestArchive().file("./a/.wh.config", "1");

    assertThatThrownBy(() -> layer(archive))
        .isInstanceOf(TreeException.class)
        .hasMessageContaining("'/a/.wh.config'")
        .hasMessageContaining("Rename or remove it");
  }

  @Test
  void a_link_to_nothing_is_refused() throws IOException {
    var archive = new TestArchive().hardLink("./a", "./none");

    assertThatThrownBy(() -> layer(archive))
        .isInstanceOf(TreeException.class)
        .hasMessageContaining("'./none', which does not come before it");
  }

  @Test
  void the_order_of_members_makes_no_difference() throws IOException {
    assertThat(layer(new TestArchive().file("./b", "2").file("./a", "1").directory("./")))
        .containsExactly("./", "./a = 1", "./b = 2");
  }

  @Test
  void a_link_without_a_target_is_refused() {
    assertThatThrownBy(() -> layer(new TestArchive().symlink("./l", "").directory("./")))
        .isInstanceOf(TreeException.class)
        .hasMessage("The archive is damaged: the link './l' leads nowhere.");
  }

  /** Whatever comes, it is refused or it is a layer that can be read. */
  @Property(tries = 2000)
  void damage_is_an_error_or_makes_a_readable_layer(@ForAll long seed) throws IOException {
    byte[] written;
    try {
      written = write(Mutations.of(seed));
    } catch (TreeException e) {
      assertThat(e).hasMessageNotContaining("null");
      return;
    }
    assertThat(members(written)).doesNotHaveDuplicates();
  }

  private static List<String> layer(TestArchive archive, String... foreign) throws IOException {
    return members(write(archive.bytes(), foreign));
  }

  private static byte[] write(byte[] archive, String... foreign) throws IOException {
    var file = Files.createTempFile("upper", ".tar");
    try {
      Files.write(file, archive);
      try (var channel = FileChannel.open(file)) {
        var out = new ByteArrayOutputStream();
        UpperLayer.write(channel, List.of(foreign), LIMITS, out);
        return out.toByteArray();
      }
    } finally {
      Files.delete(file);
    }
  }

  private static List<String> members(byte[] layer) throws IOException {
    var reader = new TarReader(new ByteArrayInputStream(layer), LIMITS);
    var lines = new ArrayList<String>();
    for (var entry = reader.next(); entry != null; entry = reader.next()) {
      var text = new byte[(int) entry.size()];
      var read = text.length == 0 ? 0 : reader.read(text, 0, text.length);
      lines.add(
          entry.type() == TarEntry.Type.HARD_LINK
              ? entry.name() + " is " + entry.linkTarget()
              : entry.name() + (read > 0 ? " = " + new String(text, 0, read, UTF_8) : ""));
    }
    return lines;
  }
}
