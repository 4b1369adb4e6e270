package dev.sandboxed.gvisor;

import dev.sandboxed.Image;
import dev.sandboxed.Image.BuiltImage;
import dev.sandboxed.Image.DirectoryImage;
import dev.sandboxed.Image.DockerfileImage;
import dev.sandboxed.Image.LayoutImage;
import dev.sandboxed.Image.TarImage;
import dev.sandboxed.ImageStep;

/** Says which images are made of files of the host, which may be others at the next look. */
final class HostFiles {
  private HostFiles() {}

  static boolean areIn(Image image) {
    if (image instanceof BuiltImage built) {
      return areIn(built.step()) || areIn(built.base());
    }
    return image instanceof DirectoryImage
        || image instanceof TarImage
        || image instanceof LayoutImage
        || image instanceof DockerfileImage;
  }

  private static boolean areIn(ImageStep step) {
    return step instanceof ImageStep.Copy
        || step instanceof ImageStep.Unpack
        || (step instanceof ImageStep.CopyFrom copy && areIn(copy.from()));
  }
}
