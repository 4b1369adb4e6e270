package dev.sandboxed;

import java.nio.file.Path;

/**
 * A root file system: an immutable value that a backend turns into files when a sandbox needs them.
 */
public sealed interface Image {

  /**
   * Returns the host's own tools on an otherwise empty system: {@code /usr} and the tool chains on
   * the {@code PATH}, read-only, and nothing personal: no home, no credentials, no settings.
   *
   * @return the image
   */
  static Image host() {
    return new HostImage();
  }

  /**
   * Returns a copy of a directory, with owners, modes, links and times.
   *
   * @param path the directory that becomes {@code /}
   * @return the image
   */
  static Image directory(Path path) {
    return new DirectoryImage(path);
  }

  /**
   * Returns the contents of a tar file, plain or compressed by gzip.
   *
   * @param path the tar file
   * @return the image
   */
  static Image tar(Path path) {
    return new TarImage(path);
  }

  /**
   * Returns an image of a registry, for Linux on this machine's processor. What is fetched is
   * verified, and kept: the next start costs what a directory's costs. A tag is looked up anew when
   * it was last looked up an hour ago, a digest never.
   *
   * <p>The image's environment, working directory and user hold for all that runs inside. Its
   * entrypoint goes before the command of a sandbox that has one; a sandbox without a command stays
   * up for commands and runs nothing of the image's by itself.
   *
   * @param reference such as {@code python:3.12-slim}, {@code localhost:5000/team/app:1.0} or
   *     {@code python@sha256:…}; without a registry's name, the registry that the system property
   *     {@code sandboxed.registry} names
   * @return the image
   * @throws InvalidSpecException if the reference is malformed
   */
  static Image registry(String reference) {
    return new RegistryImage(ImageReference.parse(reference));
  }

  /** The host's own tools; see {@link Image#host()}. */
  record HostImage() implements Image {}

  /**
   * A directory's copy; see {@link Image#directory}.
   *
   * @param path the directory, made absolute
   */
  record DirectoryImage(Path path) implements Image {
    /** Makes the path absolute. */
    public DirectoryImage {
      path = path.toAbsolutePath().normalize();
    }
  }

  /**
   * A tar file's contents; see {@link Image#tar}.
   *
   * @param path the file, made absolute
   */
  record TarImage(Path path) implements Image {
    /** Makes the path absolute. */
    public TarImage {
      path = path.toAbsolutePath().normalize();
    }
  }

  /**
   * An image of a registry; see {@link Image#registry}.
   *
   * @param reference which
   */
  record RegistryImage(ImageReference reference) implements Image {}
}
