package dev.sandboxed.maven.project;

import dev.sandboxed.Image;
import dev.sandboxed.InvalidSpecException;
import java.util.List;
import java.util.Map;

/**
 * One of the root file systems that a project wants to be run on.
 *
 * @param name what it is called, also as a directory of reports
 * @param image {@code host}, a path in the project that begins with {@code ./}, or a registry's
 *     reference: nothing else of the host can be named
 * @param env variables of all commands on it
 */
public record MatrixEntry(String name, String image, Map<String, String> env) {
  static final String HOST = "host";
  static final String IN_PROJECT = "./";

  /** Copies the map. */
  public MatrixEntry {
    env = Map.copyOf(env);
  }

  /**
   * Reads the matrix of a project's {@code sandbox.yaml}.
   *
   * @param checkout the project's files
   * @return its entries; none if it has no matrix
   * @throws InvalidSpecException if the file says what it cannot mean
   */
  public static List<MatrixEntry> of(Checkout checkout) {
    return SandboxFile.read(checkout).map(SandboxFile::matrix).orElse(List.of());
  }

  /**
   * Returns the root file system.
   *
   * @param checkout the project's files; links of it are not followed
   * @return the image
   * @throws InvalidSpecException if there is no such path, or that is no reference
   */
  public Image image(Checkout checkout) {
    if (image.equals(HOST)) {
      return Image.host();
    }
    if (image.startsWith(IN_PROJECT)) {
      var path = image.substring(IN_PROJECT.length());
      var file = checkout.directory().resolve(path);
      if (checkout.hasDirectory(path)) {
        return Image.directory(file);
      }
      if (checkout.hasFile(path)) {
        return Image.tar(file);
      }
      throw new InvalidSpecException(
          "%s: %s of its matrix starts from %s, and the project has no directory and no tar file of that path; links are not followed"
              .formatted(SandboxFile.NAME, name, image));
    }
    try {
      return Image.registry(image);
    } catch (InvalidSpecException e) {
      throw new InvalidSpecException(
          "%s: %s of its matrix starts from %s, which is no image of a registry; paths begin with ./: %s"
              .formatted(SandboxFile.NAME, name, image, e.getMessage()),
          e);
    }
  }
}
