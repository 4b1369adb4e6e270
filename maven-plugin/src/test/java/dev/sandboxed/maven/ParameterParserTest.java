package dev.sandboxed.maven;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sandboxed.Image;
import dev.sandboxed.InvalidSpecException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ParameterParserTest {
  @TempDir private Path directory = Path.of("");

  @Test
  void an_image_is_the_hosts_tools_a_path_or_a_registrys_reference() throws IOException {
    var tar = Files.createFile(directory.resolve("root.tar"));

    assertThat(image("host")).isEqualTo(Image.host());
    assertThat(image(directory.toString())).isEqualTo(Image.directory(directory));
    assertThat(image(tar.toString())).isEqualTo(Image.tar(tar));
    assertThat(image("localhost:5000/team/app:1"))
        .isEqualTo(Image.registry("localhost:5000/team/app:1"));
  }

  @Test
  void what_is_none_of_them_is_named() {
    assertThatThrownBy(() -> image("/no/such"))
        .isInstanceOf(InvalidSpecException.class)
        .hasMessage(
            "sandbox.image is \"/no/such\", and there is no directory and no tar file of that"
                + " path");
    assertThatThrownBy(() -> image("No Image"))
        .isInstanceOf(InvalidSpecException.class)
        .hasMessageStartingWith(
            "sandbox.image is \"No Image\", which is neither host, nor the path of a directory or"
                + " of a tar file, nor a registry's reference: ");
  }

  @Test
  void a_suite_of_debian_and_packages_are_given_by_property() {
    assertThat(image(new ImageParameters(null, "bookworm", null, List.of("git", " make"), null)))
        .isEqualTo(Image.debian("bookworm").aptInstall("git", "make"));
    assertThat(image(new ImageParameters(null, null, null, null, null))).isEqualTo(Image.host());
  }

  @Test
  void a_dockerfile_is_given_by_its_path() throws IOException {
    var file = Files.writeString(directory.resolve("Dockerfile"), "FROM scratch\n");

    assertThat(image(new ImageParameters(null, null, file.toFile(), null, null)))
        .isEqualTo(Image.dockerfile(file));
    assertRefused(
        new ImageParameters(null, null, directory.resolve("none").toFile(), null, null),
        "sandbox.dockerfile is \"" + directory.resolve("none") + "\", and there is no file");
  }

  @Test
  void steps_follow_each_other() {
    var install = new StepParameters();
    install.pipInstall = List.of("pytest");
    var run = new StepParameters();
    run.run = "make && make install";
    var copy = new StepParameters();
    copy.copy = directory.toFile();
    copy.to = "/data";

    assertThat(image(new ImageParameters("host", null, null, null, List.of(install, run, copy))))
        .isEqualTo(
            Image.host()
                .pipInstall("pytest")
                .run("sh", "-c", "make && make install")
                .copy(directory, "/data"));
  }

  @Test
  void what_is_wrong_with_a_built_image_is_named() {
    var both = new StepParameters();
    both.run = "true";
    both.user = "nobody";
    var half = new StepParameters();
    half.to = "/data";

    assertRefused(
        new ImageParameters("host", "bookworm", null, null, null),
        "A sandbox starts from one image, and there are several: sandbox.image, \"host\" and"
            + " sandbox.debian, \"bookworm\"");
    assertRefused(
        new ImageParameters(null, "../x", null, null, null), "sandbox.debian: \"../x\" is not");
    assertRefused(
        new ImageParameters(null, null, null, List.of("--allow"), null), "sandbox.aptInstall: ");
    assertRefused(
        new ImageParameters(null, null, null, null, List.of(new StepParameters())),
        "<steps>, number 1: a step is empty");
    assertRefused(
        new ImageParameters(null, null, null, null, List.of(both)),
        "<steps>, number 1: a step says several things");
    assertRefused(
        new ImageParameters(null, null, null, null, List.of(half)),
        "<steps>, number 1: a step needs both <copy> and <to>");
  }

  private void assertRefused(ImageParameters parameters, String message) {
    assertThatThrownBy(() -> image(parameters))
        .isInstanceOf(InvalidSpecException.class)
        .hasMessageStartingWith(message);
  }

  private Image image(String text) {
    return image(new ImageParameters(text, null, null, null, null));
  }

  private Image image(ImageParameters parameters) {
    return new ParameterParser(
            ".",
            "true",
            null,
            null,
            null,
            null,
            null,
            "1m",
            parameters,
            null,
            null,
            false,
            new NetworkParameters(null, null),
            new VolumeParameters(null))
        .parse(directory, directory)
        .image();
  }
}
