package dev.sandboxed.junit;

import dev.sandboxed.InvalidSpecException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.JarURLConnection;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Comparator;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ExtensionContext.StoreScope;

/**
 * Files of the class path as files of the host: those in jars are unpacked, each content once, and
 * removed with the session of the launcher, which sandboxes can live as long as. Thread-safe.
 */
@SuppressWarnings("deprecation") // Closed also where JUnit is told not to close AutoCloseables.
final class ClassPathFiles implements ExtensionContext.Store.CloseableResource, AutoCloseable {
  private static final Namespace NAMESPACE = Namespace.create(ClassPathFiles.class);

  private @Nullable Path unpacked;

  static ClassPathFiles of(ExtensionContext context) {
    return context
        .getStore(StoreScope.LAUNCHER_SESSION, NAMESPACE)
        .getOrComputeIfAbsent(
            ClassPathFiles.class, c -> new ClassPathFiles(), ClassPathFiles.class);
  }

  /**
   * Returns where a resource is.
   *
   * @throws InvalidSpecException if there is none, or it is a directory in a jar
   */
  Path get(Class<?> home, String name) {
    var resource = home.getResource(name);
    if (resource == null) {
      throw new InvalidSpecException(missing(home, name));
    }
    try {
      return resource.getProtocol().equals("file")
          ? Path.of(resource.toURI())
          : unpacked(resource, name);
    } catch (IOException | URISyntaxException e) {
      throw new InvalidSpecException(
          "the resource %s cannot be read: %s; look whether the class path is whole"
              .formatted(resource, e.getMessage()),
          e);
    }
  }

  private static String missing(Class<?> home, String name) {
    var isAbsolute = name.startsWith("/");
    var fix =
        home.getModule().isNamed()
            ? "open its package to dev.sandboxed.junit, or look where it is"
            : isAbsolute
                ? "look where it is"
                : "look where it is, or begin at the top with a slash";
    return "there is no resource \"%s\"%s on the class path; %s"
        .formatted(name, isAbsolute ? "" : " beside " + Declared.name(home), fix);
  }

  private synchronized Path unpacked(URL resource, String name) throws IOException {
    var connection = resource.openConnection();
    // What is cached would keep the jar open.
    connection.setUseCaches(false);
    byte[] content;
    try (var in = connection.getInputStream()) {
      if (connection instanceof JarURLConnection jar && jar.getJarEntry().isDirectory()) {
        throw new InvalidSpecException(
            "the resource \"%s\" is a directory in %s; name its files one by one"
                .formatted(name, jar.getJarFileURL()));
      }
      content = in.readAllBytes();
    }
    if (unpacked == null) {
      unpacked = Files.createTempDirectory("sandboxed-class-path-");
    }
    // The same content has the same path in all tests, so that their specs are equal.
    var directory = unpacked.resolve(digest(content));
    var file = directory.resolve(name.substring(name.lastIndexOf('/') + 1));
    if (!Files.exists(file)) {
      Files.createDirectories(directory);
      Files.write(file, content);
    }
    return file;
  }

  private static String digest(byte[] content) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Java has no SHA-256, which every Java must have", e);
    }
  }

  @Override
  public synchronized void close() {
    if (unpacked == null) {
      return;
    }
    try (var files = Files.walk(unpacked)) {
      for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    unpacked = null;
  }
}
