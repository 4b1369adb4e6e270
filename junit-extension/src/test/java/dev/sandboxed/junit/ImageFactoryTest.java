package dev.sandboxed.junit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sandboxed.Image;
import dev.sandboxed.Sandbox;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Sandboxes of an image that a class makes of steps. */
@Sandboxed(imageFactory = ImageFactoryTest.Steps.class)
class ImageFactoryTest {
  static final class Steps implements ImageFactory {
    @Override
    public Image image() {
      return Image.host()
          .env(Map.of("GREETING", "hello"))
          .run("sh", "-c", "echo $GREETING > /srv/greeting")
          .workdir("/srv");
    }
  }

  @Test
  void its_steps_are_there(Sandbox sandbox) {
    assertThat(sandbox.exec("cat", "greeting").await().stdout()).isEqualTo("hello\n");
    sandbox.files().write("/srv/greeting", "changed");
  }

  @Test
  void each_test_has_the_image_as_it_was_made(Sandbox sandbox) {
    assertThat(sandbox.exec("cat", "/srv/greeting").await().stdout()).isEqualTo("hello\n");
  }
}
