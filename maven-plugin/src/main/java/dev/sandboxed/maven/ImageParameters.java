package dev.sandboxed.maven;

import dev.sandboxed.Image;
import dev.sandboxed.ImageStep;
import dev.sandboxed.InvalidSpecException;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Reads the parameters that say what a sandbox starts from.
 *
 * @param image {@code host}, a path, or a registry's reference
 * @param debian a suite of Debian, instead of an image
 * @param dockerfile a Dockerfile, instead of both
 * @param aptInstall Debian packages to install before all other steps
 * @param steps what follows on the image
 */
record ImageParameters(
    @Nullable String image,
    @Nullable String debian,
    @Nullable File dockerfile,
    @Nullable List<String> aptInstall,
    @Nullable List<StepParameters> steps) {

  /** Returns the image. */
  Image chosen() {
    return chosen(base());
  }

  /** Returns what says which image is started from, if anything does; for messages. */
  Optional<String> named() {
    return Stream.of(
            named("sandbox.image", image),
            named("sandbox.debian", debian),
            named("sandbox.dockerfile", dockerfile))
        .flatMap(Optional::stream)
        .findFirst();
  }

  private static Optional<String> named(String parameter, @Nullable Object value) {
    return Optional.ofNullable(value).map(v -> "%s, \"%s\"".formatted(parameter, v));
  }

  /** Returns the image with all that is done to one, on another base. */
  Image chosen(Image base) {
    var chosen = base;
    if (aptInstall != null && !aptInstall.isEmpty()) {
      var packages = aptInstall.stream().map(name -> name == null ? "" : name.strip());
      var step =
          named("sandbox.aptInstall", () -> ImageStep.aptInstall(packages.toArray(String[]::new)));
      chosen = chosen.with(step);
    }
    if (steps != null) {
      for (var i = 0; i < steps.size(); i++) {
        var parameters = steps.get(i);
        // An empty element is null to Maven.
        var step = parameters == null ? new StepParameters() : parameters;
        chosen = chosen.with(named("<steps>, number " + (i + 1), step::step));
      }
    }
    return chosen;
  }

  private Image base() {
    var given = new ArrayList<String>();
    var base = Image.host();
    if (image != null) {
      given.add("sandbox.image, \"%s\"".formatted(image));
      base = image(image);
    }
    if (debian != null) {
      given.add("sandbox.debian, \"%s\"".formatted(debian));
      base = named("sandbox.debian", () -> Image.debian(debian));
    }
    if (dockerfile != null) {
      given.add("sandbox.dockerfile, \"%s\"".formatted(dockerfile));
      if (!dockerfile.isFile()) {
        throw new InvalidSpecException(
            "sandbox.dockerfile is \"%s\", and there is no file of that path"
                .formatted(dockerfile));
      }
      base = Image.dockerfile(dockerfile.toPath());
    }
    if (given.size() > 1) {
      throw new InvalidSpecException(
          "A sandbox starts from one image, and there are several: " + String.join(" and ", given));
    }
    return base;
  }

  private static Image image(String image) {
    if (image.equals("host")) {
      return Image.host();
    }
    var path = Path.of(image);
    if (Files.isDirectory(path)) {
      return Image.directory(path);
    }
    if (Files.isRegularFile(path)) {
      return Image.tar(path);
    }
    if (image.startsWith("/") || image.startsWith(".")) {
      throw new InvalidSpecException(
          "sandbox.image is \"%s\", and there is no directory and no tar file of that path"
              .formatted(image));
    }
    try {
      return Image.registry(image);
    } catch (InvalidSpecException e) {
      throw new InvalidSpecException(
          "sandbox.image is \"%s\", which is neither host, nor the path of a directory or of a tar file, nor a registry's reference: %s"
              .formatted(image, e.getMessage()),
          e);
    }
  }

  private static <T> T named(String parameter, Supplier<T> value) {
    try {
      return value.get();
    } catch (InvalidSpecException e) {
      throw new InvalidSpecException(parameter + ": " + e.getMessage(), e);
    }
  }
}
