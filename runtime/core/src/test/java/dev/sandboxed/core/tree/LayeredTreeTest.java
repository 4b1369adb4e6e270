package dev.sandboxed.core.tree;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LayeredTreeTest {
  private static final ArchiveLimits LIMITS = new ArchiveLimits(1000, 1 << 20);

  @Test
  void later_layers_go_over_earlier_ones() throws IOException {
    assertThat(
            layered(
                new TestArchive().directory("a").file("a/one", "1").file("a/two", "2"),
                new TestArchive().file("a/two", "22").file("b", "3")))
        .containsExactly("a/", "a/one=1", "a/two=22", "b=3");
  }

  @Test
  void a_mark_removes_a_file_or_a_whole_directory() throws IOException {
    assertThat(
            layered(
                new TestArchive()
                    .file("a/x", "1")
                    .file("a/y", "2")
                    .file("b/c/d", "3")
                    .file("e", ""),
                new TestArchive().file("a/.wh.x", "").file(".wh.b", "").file(".wh.none", "")))
        .containsExactly("a/", "a/y=2", "e=");
  }

  @Test
  void a_mark_spares_what_its_own_layer_holds() throws IOException {
    var lower = new TestArchive().file("a/x", "old").file("a/y", "old");
    assertThat(
            layered(
                lower, new TestArchive().file("a/x", "new").file("a/.wh.x", "").file(".wh.a", "")))
        .containsExactly("a/", "a/x=new");
  }

  @Test
  void an_opaque_directory_hides_all_below_and_nothing_of_its_own_layer() throws IOException {
    assertThat(
            layered(
                new TestArchive().file("a/x", "1").file("a/deep/y", "2").file("b", "3"),
                new TestArchive().file("a/new", "4").file("a/.wh..wh..opq", "")))
        .containsExactly("a/", "a/new=4", "b=3");
    assertThat(
            layered(
                new TestArchive().file("a", "1"),
                new TestArchive().file(".wh..wh..opq", "").file("b", "2")))
        .containsExactly("b=2");
  }

  @Test
  void files_and_directories_take_the_place_of_each_other() throws IOException {
    assertThat(
            layered(
                new TestArchive().file("a", "1").file("b/c", "2").symlink("l", "b"),
                new TestArchive().directory("a").file("a/x", "3").file("b", "4").directory("l")))
        .containsExactly("a/", "a/x=3", "b=4", "l/");
  }

  @Test
  void directories_are_reached_through_links_of_lower_layers_and_never_outside()
      throws IOException {
    assertThat(
            layered(
                new TestArchive()
                    .directory("usr/lib")
                    .file("usr/lib/old", "1")
                    .symlink("lib", "usr/lib")
                    .symlink("out", "../../../../usr"),
                new TestArchive().file("lib/new", "2").file("lib/.wh.old", "").file("out/x", "3")))
        .containsExactly(
            "lib -> usr/lib",
            "out -> ../../../../usr",
            "usr/",
            "usr/lib/",
            "usr/lib/new=2",
            "usr/x=3");
  }

  @Test
  void removing_makes_no_directories() throws IOException {
    assertThat(
            layered(
                new TestArchive().file("f", "1").symlink("loop", "loop"),
                new TestArchive()
                    .file("none/.wh.x", "")
                    .file("none/.wh..wh..opq", "")
                    .file("f/.wh.x", "")
                    .file("loop/.wh.x", "")
                    .file(".wh..wh.plnk/1.2", "")))
        .containsExactly("f=1", "loop -> loop");
  }

  @Test
  void a_hard_link_reaches_into_lower_layers_and_survives_the_other_name() throws IOException {
    assertThat(
            layered(
                new TestArchive().file("a", "1"),
                new TestArchive().hardLink("b", "a"),
                new TestArchive().file(".wh.a", "")))
        .containsExactly("b=1");
  }

  @ParameterizedTest
  @ValueSource(strings = {".wh.", "a/.wh..", "a/.wh..."})
  void a_mark_that_names_no_file_is_refused(String name) throws IOException {
    var layer = new TestArchive().file(name, "");

    assertThatThrownBy(() -> layered(layer))
        .isInstanceOf(TreeException.class)
        .hasMessageContaining("Layer 1: ")
        .hasMessageContaining("removes no file");
  }

  @Test
  void limits_hold_for_all_layers_together() throws IOException {
    var first = new TestArchive().file("a", "x".repeat(700_000));
    var second = new TestArchive().file("b", "x".repeat(700_000));

    assertThatThrownBy(() -> layered(first, second))
        .hasMessageContaining("Layer 2: ")
        .hasMessageContaining("bytes: refused");
  }

  /** Whatever stands in two layers, the upper one's own files are all there in the end. */
  @Property(tries = 200)
  void the_upper_layer_is_always_seen(@ForAll long seed) throws IOException {
    var random = new Random(seed);
    var lower = new TestArchive();
    var upper = new TestArchive();
    var expected = new ArrayList<String>();
    for (int i = 0; i < 12; i++) {
      lower.file("d" + random.nextInt(3) + "/f" + random.nextInt(4), "low");
    }
    for (int i = 0; i < 12; i++) {
      var path = "d" + random.nextInt(3) + "/";
      switch (random.nextInt(4)) {
        case 0 -> upper.file(path + ".wh.f" + random.nextInt(4), "");
        case 1 -> upper.file(path + ".wh..wh..opq", "");
        case 2 -> upper.file(".wh." + path.substring(0, 2), "");
        default -> {
          path += "f" + random.nextInt(4);
          upper.file(path, "up");
          expected.add(path + "=up");
        }
      }
    }
    assertThat(layered(lower, upper)).containsAll(expected);
  }

  private List<String> layered(TestArchive... archives) throws IOException {
    var channels = new ArrayList<FileChannel>();
    try {
      for (var archive : archives) {
        var file = Files.createTempFile("layer", ".tar");
        Files.write(file, archive.bytes());
        channels.add(FileChannel.open(file));
        Files.delete(file);
      }
      var lines = new ArrayList<String>();
      LayeredTree.of(channels, LIMITS).walk((path, node) -> lines.add(line(path, node)));
      lines.remove(0);
      return lines;
    } finally {
      for (var channel : channels) {
        channel.close();
      }
    }
  }

  private static String line(String path, Node node) throws IOException {
    if (node instanceof Node.Directory) {
      return path + "/";
    }
    if (node instanceof Node.Symlink link) {
      return path + " -> " + link.target();
    }
    var bytes = new ByteArrayOutputStream();
    ((Node.Regular) node).content().copyTo(Channels.newChannel(bytes));
    return path + "=" + bytes.toString(UTF_8);
  }
}
