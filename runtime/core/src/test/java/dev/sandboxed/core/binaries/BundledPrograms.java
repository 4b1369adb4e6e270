package dev.sandboxed.core.binaries;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;

/** Jars with made-up programs, laid out like the real ones. */
final class BundledPrograms {
  private BundledPrograms() {}

  static Path jar(Path directory, Platform platform, String name, byte[] content) {
    return jar(directory, platform, name, content, sha256(content));
  }

  static Path jar(Path directory, Platform platform, String name, byte[] content, String digest) {
    Path jar = directory.resolve(name + ".jar");
    String resource = "META-INF/sandboxed/" + platform.id() + "/" + name;
    try (OutputStream file = Files.newOutputStream(jar);
        JarOutputStream out = new JarOutputStream(file)) {
      out.putNextEntry(new JarEntry(resource));
      out.write(content);
      out.putNextEntry(new JarEntry(resource + ".sha256"));
      out.write(digest.getBytes(StandardCharsets.US_ASCII));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return jar;
  }

  static BundledBinary find(String name, Path jar) {
    try (URLClassLoader loader = loader(jar)) {
      return BundledBinary.find(name, Platform.LINUX_X86_64, loader);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static URLClassLoader loader(Path... jars) {
    URL[] urls = new URL[jars.length];
    try {
      for (int i = 0; i < jars.length; i++) {
        urls[i] = jars[i].toUri().toURL();
      }
    } catch (MalformedURLException e) {
      throw new IllegalArgumentException(e);
    }
    return new URLClassLoader(urls, null);
  }

  static String sha256(byte[] content) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
