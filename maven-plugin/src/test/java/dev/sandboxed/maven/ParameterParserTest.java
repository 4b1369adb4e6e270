package dev.sandboxed.maven;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sandboxed.Image;
import dev.sandboxed.InvalidSpecException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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

  private Image image(String text) {
    return new ParameterParser(
            ".",
            "true",
            null,
            null,
            null,
            null,
            null,
            "1m",
            text,
            null,
            null,
            false,
            new NetworkParameters(null, null),
            new VolumeParameters(null))
        .parse(directory, directory)
        .image();
  }
}
