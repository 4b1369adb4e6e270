package dev.sandboxed.core.image;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sandboxed.Image;
import dev.sandboxed.ImageStep;
import dev.sandboxed.core.tree.Content;
import dev.sandboxed.core.tree.FileTree;
import dev.sandboxed.core.tree.Metadata;
import dev.sandboxed.core.tree.Node;
import dev.sandboxed.core.tree.TreeBuilder;
import dev.sandboxed.core.tree.TreeException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What steps that copy add to an image; where Docker says what they do, that. */
class CopiedFilesTest {
  @TempDir private Path host = Path.of("");
  private FileTree image = new TreeBuilder().build();

  @BeforeEach
  void fill() throws IOException {
    Files.createDirectories(host.resolve("dir/sub"));
    write("file", "one");
    write("dir/a.txt", "a");
    write("dir/sub/b.txt", "b");
    Files.createSymbolicLink(host.resolve("dir/link"), Path.of("/outside"));
    Files.createLink(host.resolve("dir/second"), host.resolve("dir/a.txt"));
    image =
        new TreeBuilder()
            .directory("usr/bin", new Metadata(0711, 7, 8, Metadata.root(0).mtime()))
            .symlink("bin", Metadata.root(0777), "usr/bin")
            .symlink("out", Metadata.root(0777), "../../etc")
            .file("etc/passwd", Metadata.root(0644), text("root:x:0:0::/:\napp:x:42:43::/:\n"))
            .file("etc/group", Metadata.root(0644), text("root:x:0:\nstaff:x:50:\n"))
            .build();
  }

  @Test
  void a_file_gets_the_path_of_the_target() throws IOException {
    var layer = CopiedFiles.of(copy("file", "/srv/new/name"), image);

    assertThat(layer.paths()).containsExactly("srv", "srv/new", "srv/new/name");
    assertThat(content(layer, "srv/new/name")).isEqualTo("one");
    assertThat(metadata(layer, "srv/new/name").uid()).isZero();
  }

  @Test
  void a_file_goes_into_a_target_with_a_slash_behind_it() throws IOException {
    assertThat(CopiedFiles.of(copy("file", "/srv/new/"), image).paths())
        .containsExactly("srv", "srv/new", "srv/new/file");
  }

  @Test
  void a_file_goes_into_a_directory_of_the_image_also_behind_a_link() throws IOException {
    var layer = CopiedFiles.of(copy("file", "/bin"), image);

    assertThat(layer.paths()).containsExactly("usr", "usr/bin", "usr/bin/file");
    assertThat(metadata(layer, "usr/bin")).isEqualTo(metadata(image, "usr/bin"));
  }

  @Test
  void links_of_the_image_lead_nowhere_outside() throws IOException {
    assertThat(CopiedFiles.of(copy("file", "/out/passwd"), image).paths())
        .containsExactly("etc", "etc/passwd");
  }

  @Test
  void of_a_directory_the_contents_are_copied() throws IOException {
    var layer = CopiedFiles.of(copy("dir", "/srv"), image);

    assertThat(layer.paths())
        .containsExactly("srv", "srv/a.txt", "srv/link", "srv/second", "srv/sub", "srv/sub/b.txt");
    assertThat(((Node.Symlink) layer.find("srv/link").orElseThrow()).target())
        .isEqualTo("/outside");
    assertThat(layer.find("srv/second")).isEqualTo(layer.find("srv/a.txt"));
  }

  @Test
  void a_directory_laid_over_one_of_the_image_leaves_that_as_it_is() throws IOException {
    var layer = CopiedFiles.of(copy("dir", "/usr/bin"), image);

    assertThat(metadata(layer, "usr/bin")).isEqualTo(metadata(image, "usr/bin"));
  }

  @Test
  void what_is_excluded_is_left_out_with_all_below() throws IOException {
    var step = copy("dir", "/srv").excluding(List.of(Path.of("sub"), Path.of("a.txt")));

    assertThat(CopiedFiles.of(step, image).paths())
        .containsExactly("srv", "srv/link", "srv/second");
  }

  @Test
  void owner_and_mode_hold_for_all_that_is_copied_and_for_directories_made() throws IOException {
    var layer = CopiedFiles.of(copy("dir", "/srv/x").owner("app:staff").mode(0750), image);

    for (var path : List.of("srv/x", "srv/x/sub", "srv/x/sub/b.txt")) {
      assertThat(metadata(layer, path)).extracting(Metadata::uid).isEqualTo(42L);
      assertThat(metadata(layer, path)).extracting(Metadata::gid).isEqualTo(50L);
      assertThat(metadata(layer, path)).extracting(Metadata::mode).isEqualTo(0750);
    }
    assertThat(metadata(layer, "srv").uid()).isEqualTo(42);
  }

  @Test
  void a_user_without_a_group_gives_its_number_to_both() throws IOException {
    var layer = CopiedFiles.of(copy("file", "/f").owner("app"), image);

    assertThat(metadata(layer, "f").gid()).isEqualTo(42);
  }

  @Test
  void an_owner_that_the_image_does_not_know_is_named() {
    assertThatThrownBy(() -> CopiedFiles.of(copy("file", "/f").owner("nobody"), image))
        .isInstanceOf(TreeException.class)
        .hasMessage(
            "the image's /etc/passwd has no user nobody; add it before, or write its number");
  }

  @Test
  void a_directory_takes_no_files_place_and_a_file_no_directorys() {
    assertThatThrownBy(() -> CopiedFiles.of(copy("dir", "/etc/passwd"), image))
        .hasMessage("/etc/passwd of the image is no directory to copy into");
    assertThatThrownBy(() -> CopiedFiles.of(ImageStep.write("/usr/bin", "text"), image))
        .hasMessage("/usr/bin is a directory of the image, and a file cannot take its place");
  }

  @Test
  void wildcards_choose_among_the_files_of_another_image() throws IOException {
    var other =
        new TreeBuilder()
            .file("app/target/a.jar", new Metadata(0600, 5, 6, Metadata.root(0).mtime()), text("a"))
            .file("app/target/b.jar", Metadata.root(0644), text("b"))
            .file("app/target/c.txt", Metadata.root(0644), text("c"))
            .symlink("current", Metadata.root(0777), "app")
            .build();
    var step = ImageStep.copyFrom(Image.host(), "/current/target/*.jar", "/jars/");
    var layer = CopiedFiles.of(step, image, other);

    assertThat(layer.paths()).containsExactly("jars", "jars/a.jar", "jars/b.jar");
    assertThat(metadata(layer, "jars/a.jar").uid()).isEqualTo(5);
    assertThatThrownBy(
            () ->
                CopiedFiles.of(
                    ImageStep.copyFrom(Image.host(), "/app/*.war", "/jars/"), image, other))
        .hasMessage("there is no /app/*.war in the image to copy from");
  }

  @Test
  void a_whole_image_can_be_copied() throws IOException {
    var layer = CopiedFiles.of(ImageStep.copyFrom(Image.host(), "/", "/"), image, image);

    assertThat(layer.paths()).isEqualTo(image.paths());
  }

  @Test
  void a_text_is_written_with_its_owner_and_mode() throws IOException {
    var step = ImageStep.write("/etc/app.conf", "ä\n").owner("7:8").mode(0600);
    var layer = CopiedFiles.of(step, image);

    assertThat(content(layer, "etc/app.conf")).isEqualTo("ä\n");
    assertThat(metadata(layer, "etc/app.conf"))
        .isEqualTo(new Metadata(0600, 7, 8, Metadata.root(0).mtime()));
  }

  private ImageStep.Copy copy(String source, String target) {
    return ImageStep.copy(host.resolve(source), target);
  }

  private void write(String name, String text) throws IOException {
    Files.writeString(host.resolve(name), text);
    Files.setPosixFilePermissions(host.resolve(name), PosixFilePermissions.fromString("rw-r--r--"));
  }

  private static Content text(String text) {
    return Content.of(text.getBytes(UTF_8));
  }

  private static Metadata metadata(FileTree tree, String path) {
    return tree.find(path).orElseThrow().metadata();
  }

  private static String content(FileTree tree, String path) throws IOException {
    var bytes = new ByteArrayOutputStream();
    ((Node.Regular) tree.find(path).orElseThrow()).content().copyTo(Channels.newChannel(bytes));
    return bytes.toString(UTF_8);
  }
}
