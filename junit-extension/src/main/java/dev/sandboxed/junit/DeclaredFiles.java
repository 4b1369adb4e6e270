package dev.sandboxed.junit;

import dev.sandboxed.ImageStep;
import dev.sandboxed.InvalidSpecException;
import dev.sandboxed.junit.Settings.Value;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Reads {@link SandboxFile @SandboxFile}, and the configuration parameter for files. */
final class DeclaredFiles {
  private static final String CLASS_PATH = "classpath:";
  private static final int MODE_OF_RESOURCES = 0644;

  private final ExtensionContext context;
  private final Set<String> taken = new HashSet<>();
  private final List<Value<ImageStep>> steps = new ArrayList<>();

  private DeclaredFiles(ExtensionContext context) {
    this.context = context;
  }

  /** What is copied, and how. */
  private record Source(Path file, Optional<Integer> mode) {}

  /**
   * Returns the steps that put the files into an image. For the same target the nearest counts, and
   * steps of nearer places follow those of farther ones.
   */
  static List<Value<ImageStep>> steps(
      List<Declared> nearestFirst, Optional<Value<String>> configured, ExtensionContext context) {
    var files = new DeclaredFiles(context);
    nearestFirst.forEach(files::add);
    configured.ifPresent(files::add);
    Collections.reverse(files.steps);
    return files.steps;
  }

  private void add(Declared declared) {
    var here = new HashSet<String>();
    var files = new ArrayList<>(List.of(declared.annotation().files()));
    // All are reversed in the end.
    Collections.reverse(files);
    for (var file : files) {
      var place =
          Value.place(
              "files", Value.quoted("%s at %s".formatted(describe(file), file.target())), declared);
      requireFirst(here.add(file.target()), file.target(), place);
      if (taken.add(file.target())) {
        var step = new Value<>(file, place).read(f -> step(f, declared.home()));
        steps.add(new Value<>(step, place));
      }
    }
  }

  private void add(Value<String> configured) {
    var here = new HashSet<String>();
    var elements = new ArrayList<>(Settings.elements(configured.value()).toList());
    Collections.reverse(elements);
    for (var element : elements) {
      var step = new Value<>(element, configured.place()).read(this::configured);
      requireFirst(here.add(step.target()), step.target(), configured.place());
      if (taken.add(step.target())) {
        steps.add(new Value<>(step, configured.place()));
      }
    }
  }

  private static void requireFirst(boolean isFirst, String target, String place) {
    if (!isFirst) {
      throw new ExtensionConfigurationException(
          "%s: two files have the target %s; use each target once".formatted(place, target));
    }
  }

  private ImageStep.Copy configured(String element) {
    var isOfClassPath = element.startsWith(CLASS_PATH);
    var parts = (isOfClassPath ? element.substring(CLASS_PATH.length()) : element).split(":", -1);
    if (parts.length < 2 || parts.length > 3) {
      throw new InvalidSpecException(
          "\"%s\" is not a file; write source:target or source:target:mode, with classpath: before a source on the class path"
              .formatted(element));
    }
    var name = parts[0].startsWith("/") ? parts[0] : "/" + parts[0];
    var source =
        isOfClassPath ? ofClassPath(context.getRequiredTestClass(), name) : ofHost(parts[0]);
    return copy(source, parts[1], parts.length == 3 ? parts[2] : "", "");
  }

  private ImageStep step(SandboxFile file, Class<?> home) {
    var sources =
        Stream.of(file.resource(), file.path(), file.content()).filter(s -> !s.isEmpty()).count();
    if (sources != 1) {
      throw new InvalidSpecException(
          "it has %d of resource, path and content; give it exactly one".formatted(sources));
    }
    if (!file.content().isEmpty()) {
      var step = ImageStep.write(plain(file.target()), file.content());
      step = file.mode().isEmpty() ? step : step.mode(mode(file.mode()));
      return file.owner().isEmpty() ? step : step.owner(file.owner());
    }
    var source =
        file.resource().isEmpty() ? ofHost(file.path()) : ofClassPath(home, file.resource());
    return copy(source, file.target(), file.mode(), file.owner());
  }

  private static ImageStep.Copy copy(Source source, String target, String mode, String owner) {
    if (!mode.isEmpty() && Files.isDirectory(source.file())) {
      throw new InvalidSpecException(
          "the mode %s is for a file, and %s is a directory; leave it out, and set the modes in the directory"
              .formatted(mode, source.file()));
    }
    var wanted = mode.isEmpty() ? source.mode() : Optional.of(mode(mode));
    var step = ImageStep.copy(source.file(), plain(target));
    step = wanted.map(step::mode).orElse(step);
    return owner.isEmpty() ? step : step.owner(owner);
  }

  private Source ofClassPath(Class<?> home, String name) {
    var file = ClassPathFiles.of(context).get(home, name);
    // Not those that this checkout happens to have: in a jar there are none.
    return new Source(
        file, Files.isDirectory(file) ? Optional.empty() : Optional.of(MODE_OF_RESOURCES));
  }

  private static Source ofHost(String path) {
    var file = Settings.path(path).toAbsolutePath();
    if (!Files.exists(file)) {
      throw new InvalidSpecException(
          "there is no file %s; a relative path starts at the working directory of the tests"
              .formatted(file));
    }
    return new Source(file, Optional.empty());
  }

  /** Checks a target before it is read as that of a file in a directory. */
  private static String plain(String target) {
    if (target.endsWith("/") && target.length() > 1) {
      throw new InvalidSpecException(
          "the target \"%s\" ends with a slash; name the file itself, or leave the slash out"
              .formatted(target));
    }
    return target;
  }

  private static int mode(String text) {
    if (!text.matches("[0-7]{3,5}")) {
      throw new InvalidSpecException(
          "\"%s\" is not a mode; write an octal number such as 0644 or 0755".formatted(text));
    }
    return Integer.parseInt(text, 8);
  }

  private static String describe(SandboxFile file) {
    return Stream.of(file.resource(), file.path(), file.content().isEmpty() ? "" : "content")
        .filter(s -> !s.isEmpty())
        .findFirst()
        .orElse("nothing");
  }
}
