package dev.sandboxed.junit;

import dev.sandboxed.Image;

/**
 * Make the image of a test's sandboxes in code: one of steps, or one that only the run knows.
 *
 * <p>{@link Sandboxed#imageFactory} names the class, which is not abstract, has a constructor
 * without parameters, and is no inner class of an instance.
 *
 * <pre>{@code
 * class ToolsTest {
 *   static class Tools implements ImageFactory {
 *     @Override
 *     public Image image() {
 *       return Image.host().copy(Path.of("src/test/tools"), "/opt/tools").env("MODE", "test");
 *     }
 *   }
 *
 *   @Test
 *   @Sandboxed(imageFactory = Tools.class)
 *   void findsItsTools(Sandbox sandbox) {
 *     assertTrue(sandbox.files().exists("/opt/tools"));
 *   }
 * }
 * }</pre>
 */
@FunctionalInterface
public interface ImageFactory {
  /**
   * Return the image. It is asked for anew for each sandbox; images are values, so what an equal
   * one was made into before is used again.
   *
   * @return the image
   */
  Image image();
}
