package dev.sandboxed.junit;

import dev.sandboxed.Image;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;

/** The image that an annotation names: in words, or by the class that makes it. */
final class DeclaredImage {
  private DeclaredImage() {}

  /** Returns whether an annotation says anything of the image. */
  static boolean isSet(Declared declared) {
    return !declared.annotation().image().isEmpty() || hasFactory(declared);
  }

  /** Returns whether an annotation leaves the image to a class; it must not name one, too. */
  static boolean isMade(Declared declared) {
    var text = declared.annotation().image();
    if (hasFactory(declared) && !text.isEmpty()) {
      throw new ExtensionConfigurationException(
          "@Sandboxed on %s has both image = \"%s\" and imageFactory = %s.class; leave one of them out"
              .formatted(declared.element(), text, declared.annotation().imageFactory().getName()));
    }
    return hasFactory(declared);
  }

  /** Makes the image. */
  static Image make(Declared declared) {
    var type = declared.annotation().imageFactory();
    var place =
        "@Sandboxed(imageFactory = %s.class) on %s".formatted(type.getName(), declared.element());
    ImageFactory factory = Instances.of(type, place);
    Image image;
    try {
      image = factory.image();
    } catch (RuntimeException e) {
      throw new ExtensionConfigurationException("%s failed: %s".formatted(place, e), e);
    }
    if (image == null) {
      throw new ExtensionConfigurationException(
          "%s returned null; return an image, such as Image.host()".formatted(place));
    }
    return image;
  }

  private static boolean hasFactory(Declared declared) {
    return declared.annotation().imageFactory() != ImageFactory.class;
  }
}
