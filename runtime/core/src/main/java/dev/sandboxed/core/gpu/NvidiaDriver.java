package dev.sandboxed.core.gpu;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * What NVIDIA's kernel driver says about itself.
 *
 * @param version its version, if it is loaded
 * @param models the names of its GPUs, by their minor device numbers
 */
record NvidiaDriver(Optional<String> version, Map<Integer, String> models) {
  private static final Pattern VERSION =
      Pattern.compile("Kernel Module.*?\\s(\\d+(?:\\.\\d+){1,2})\\s");
  private static final Pattern MODEL = Pattern.compile("(?m)^Model:\\s+(\\S.*?)\\s*$");
  private static final Pattern MINOR = Pattern.compile("(?m)^Device Minor:\\s+(\\d{1,3})\\s*$");

  /** Asks the driver below a {@code /proc}. */
  static NvidiaDriver read(Path proc) {
    var driver = proc.resolve("driver/nvidia");
    var models = new TreeMap<Integer, String>();
    try (var gpus = Files.newDirectoryStream(driver.resolve("gpus"))) {
      for (var gpu : gpus) {
        var information = text(gpu.resolve("information"));
        var minor = first(MINOR, information);
        var model = first(MODEL, information);
        if (minor.isPresent() && model.isPresent()) {
          models.put(Integer.parseInt(minor.get()), model.get());
        }
      }
    } catch (IOException | DirectoryIteratorException e) {
      // No driver, no GPUs; without a version nothing else is asked.
    }
    return new NvidiaDriver(first(VERSION, text(driver.resolve("version"))), models);
  }

  private static String text(Path file) {
    try {
      return Files.readString(file, StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      return "";
    }
  }

  private static Optional<String> first(Pattern pattern, String text) {
    var matcher = pattern.matcher(text);
    return matcher.find() ? Optional.of(matcher.group(1)) : Optional.empty();
  }
}
