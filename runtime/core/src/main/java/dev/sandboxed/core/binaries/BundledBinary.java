package dev.sandboxed.core.binaries;

import dev.sandboxed.BackendUnavailableException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URL;
import java.net.URLConnection;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A program that lies as a resource on the class path, at {@code
 * META-INF/sandboxed/<platform>/<name>}, with its SHA-256 beside it in {@code <name>.sha256}.
 *
 * @param name of the program
 * @param resource where its bytes are
 * @param sha256 of its bytes, in lower-case hexadecimal digits
 */
public record BundledBinary(String name, URL resource, String sha256) {
  private static final Pattern DIGEST = Pattern.compile("[0-9a-f]{64}");
  private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9-]*");
  private static final int MAX_DIGEST_FILE = 256;

  /** Checks name and digest. */
  public BundledBinary {
    if (!NAME.matcher(name).matches()) {
      throw new IllegalArgumentException("'" + name + "' is not a program name");
    }
    if (!DIGEST.matcher(sha256).matches()) {
      throw new BackendUnavailableException(
          "The digest of the bundled %s, '%s', is not 64 hexadecimal digits, so the jar %s is damaged; %s"
              .formatted(name, sha256, resource, howToRenew()));
    }
  }

  /**
   * Finds a program.
   *
   * @param name of the program
   * @param platform to run it on
   * @param loader that sees the artifacts it may be in
   * @throws BackendUnavailableException if it is not there; the message names the artifact
   */
  public static BundledBinary find(String name, Platform platform, ClassLoader loader) {
    String path = "META-INF/sandboxed/" + platform.id() + "/" + name;
    URL resource = loader.getResource(path);
    URL digest = loader.getResource(path + ".sha256");
    if (resource == null || digest == null) {
      throw new BackendUnavailableException(
          "There is no %s for %s on the class path (resource %s): add the dependency %s."
              .formatted(
                  name,
                  platform.id(),
                  resource == null ? path : path + ".sha256",
                  artifact(name, platform)));
    }
    return new BundledBinary(name, resource, readDigest(name, digest));
  }

  /** Opens the bytes; not yet known to have the digest. */
  InputStream open() throws IOException {
    return open(resource);
  }

  /** What to do when the resource is damaged. */
  static String howToRenew() {
    return "delete that file from the local Maven repository, so that it is fetched again.";
  }

  private static String artifact(String name, Platform platform) {
    return name.equals("runsc")
        ? "dev.sandboxed:sandboxed-runsc with the classifier " + platform.id()
        : "dev.sandboxed:sandboxed-native";
  }

  private static String readDigest(String name, URL digest) {
    try (InputStream in = open(digest)) {
      return new String(in.readNBytes(MAX_DIGEST_FILE), StandardCharsets.US_ASCII).strip();
    } catch (IOException e) {
      throw unreadable(name, digest, e);
    }
  }

  static BackendUnavailableException unreadable(
      String name, URL resource, @Nullable IOException cause) {
    return new BackendUnavailableException(
        "Cannot read the bundled %s from %s: %s; %s"
            .formatted(
                name, resource, cause == null ? "damaged" : cause.getMessage(), howToRenew()),
        cause == null ? new IOException("damaged") : cause);
  }

  // Without the cache of jar files: a cached one is shared with the whole process and never closed.
  private static InputStream open(URL url) throws IOException {
    URLConnection connection = url.openConnection();
    connection.setUseCaches(false);
    return connection.getInputStream();
  }
}
