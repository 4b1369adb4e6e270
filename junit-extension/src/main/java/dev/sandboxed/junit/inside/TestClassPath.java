package dev.sandboxed.junit.inside;

import dev.sandboxed.junit.inside.jvm.BodyMain;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.stream.Collectors;
import java.util.zip.ZipException;
import org.junit.jupiter.api.Test;
import org.junit.platform.commons.JUnitException;
import org.junit.platform.commons.support.ReflectionSupport;
import org.junit.platform.engine.TestEngine;
import org.junit.platform.launcher.Launcher;
import org.opentest4j.AssertionFailedError;

/**
 * The class path of the tests on this side, and where each of its entries is inside.
 *
 * @param entries the files and directories by their paths inside, in the order of the class path
 */
record TestClassPath(Map<String, Path> entries) {
  private static final String TARGET = "/sandboxed/classpath/";

  /** What Surefire puts the tests' class path into, whose own files are around it. */
  private static final String SUREFIRE = "surefire.test.class.path";

  /** Returns the class path of this JVM's tests. */
  static TestClassPath ofThisJvm() {
    var found = new LinkedHashSet<Path>();
    var surefire = System.getProperty(SUREFIRE, "");
    add(found, surefire);
    if (surefire.isEmpty()) {
      add(found, System.getProperty("java.class.path", ""));
    }
    add(found, System.getProperty("jdk.module.path", ""));
    // Build tools keep some of these apart from the tests' own class path.
    for (var type :
        List.of(
            BodyMain.class,
            Test.class,
            ReflectionSupport.class,
            TestEngine.class,
            Launcher.class,
            AssertionFailedError.class)) {
      found.add(home(type));
    }
    ServiceLoader.load(TestEngine.class).stream()
        .map(ServiceLoader.Provider::type)
        .filter(t -> t.getName().startsWith("org.junit.jupiter."))
        .forEach(t -> found.add(home(t)));
    var entries = new LinkedHashMap<String, Path>();
    for (var entry : found) {
      var name = String.valueOf(entry.getFileName()).replaceAll("[^A-Za-z0-9._-]", "_");
      entries.put("%s%03d-%s".formatted(TARGET, entries.size(), name), entry);
    }
    return new TestClassPath(entries);
  }

  /** Returns it as the JVM inside is told it. */
  String inside() {
    return String.join(":", entries.keySet());
  }

  private static void add(Set<Path> to, String classPath) {
    for (var text : classPath.split(File.pathSeparator)) {
      if (!text.isEmpty()) {
        add(to, Path.of(text));
      }
    }
  }

  private static void add(Set<Path> to, Path entry) {
    try {
      if (Files.exists(entry) && to.add(entry.toRealPath()) && Files.isRegularFile(entry)) {
        addManifestEntries(to, entry);
      }
    } catch (IOException e) {
      throw new JUnitException(
          "Cannot read %s of the class path: %s".formatted(entry, e.getMessage()), e);
    }
  }

  /** A jar can name others, which are elsewhere inside; long class paths are told like this. */
  private static void addManifestEntries(Set<Path> to, Path jar) throws IOException {
    String named;
    try (var file = new JarFile(jar.toFile())) {
      var manifest = file.getManifest();
      named =
          manifest == null
              ? null
              : manifest.getMainAttributes().getValue(Attributes.Name.CLASS_PATH);
    } catch (ZipException e) {
      return;
    }
    if (named == null) {
      return;
    }
    for (var reference : named.trim().split("\\s+")) {
      try {
        var uri = jar.toUri().resolve(new URI(reference));
        if ("file".equals(uri.getScheme())) {
          add(to, Path.of(uri));
        }
      } catch (URISyntaxException | InvalidPathException e) {
        // Java ignores it as well.
      }
    }
  }

  private static Path home(Class<?> type) {
    try {
      var source = type.getProtectionDomain().getCodeSource();
      if (source != null) {
        return Path.of(source.getLocation().toURI()).toRealPath();
      }
    } catch (URISyntaxException | IOException e) {
      throw new JUnitException("Cannot find out where %s is loaded from".formatted(type), e);
    }
    throw new JUnitException(
        "%s is loaded from no file, so a JVM inside cannot load it".formatted(type));
  }

  @Override
  public String toString() {
    return entries.values().stream().map(Path::toString).collect(Collectors.joining(":"));
  }
}
