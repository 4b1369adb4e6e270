package dev.sandboxed.maven;

import dev.sandboxed.BuildLog;
import dev.sandboxed.Image;
import dev.sandboxed.ImageStep;
import dev.sandboxed.Images;
import dev.sandboxed.SettledStep;
import java.io.Serial;

/** Lets an image be found whose steps have all been taken, but none be taken for it. */
final class KeptOnly implements BuildLog {
  private final BuildLog log;

  private KeptOnly(BuildLog log) {
    this.log = log;
  }

  /**
   * Finds an image.
   *
   * @param log is told where its steps came from
   * @return whether it is kept; if not, nothing has run
   */
  static boolean prepare(Images images, Image image, BuildLog log) {
    try {
      images.prepare(image, new KeptOnly(log));
      return true;
    } catch (NotKeptException e) {
      return false;
    }
  }

  @Override
  public void started(ImageStep step) {
    throw new NotKeptException();
  }

  @Override
  public void waiting(ImageStep step) {
    throw new NotKeptException();
  }

  @Override
  public void settled(SettledStep settled) {
    log.settled(settled);
  }

  /** Says that something would have to run. */
  private static final class NotKeptException extends RuntimeException {
    @Serial private static final long serialVersionUID = 1L;
  }
}
