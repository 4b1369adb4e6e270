package dev.sandboxed.maven;

import dev.sandboxed.InvalidSpecException;
import dev.sandboxed.maven.project.Checkout;
import dev.sandboxed.maven.project.MatrixEntry;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Makes several runs of one, where a project's {@code sandbox.yaml} wants it run on several images.
 *
 * @param chosen what {@code sandbox.matrix} says: names, {@code all} or {@code none}
 * @param image what the parameters say of images
 * @param own the project that the user is in, if its files are what is run; images are fetched as
 *     that user is known to registries, and so for another project only if the user says so
 */
record MatrixRuns(@Nullable List<String> chosen, ImageParameters image, Optional<Path> own) {
  private static final String ALL = "all";
  private static final String NONE = "none";

  MatrixRuns {
    // Maven leaves a list empty that is not set.
    chosen = chosen == null || chosen.isEmpty() ? null : chosen;
  }

  /** Returns the runs; the one that is given if there is no matrix, or it is not wanted. */
  List<RunConfiguration> of(RunConfiguration run, Console console) {
    var checkout = new Checkout(run.project());
    var entries = entries(checkout);
    var isOwn = own.filter(run.directory()::startsWith).isPresent();
    if (chosen == null && !entries.isEmpty() && !isOwn) {
      console.warn(
          "The matrix of %s is left out: its images would be fetched as you are known to registries. To run it: -Dsandbox.matrix=all, or some of %s"
              .formatted(run.project(), names(entries)));
      return List.of(run);
    }
    var wanted = wanted(entries, run.project());
    if (wanted.isEmpty()) {
      return List.of(run);
    }
    image
        .named()
        .ifPresent(
            named -> {
              throw new InvalidSpecException(
                  "There is %s, and the sandbox.yaml of %s has a matrix of images; leave one of them out: -Dsandbox.matrix=none runs on the one image"
                      .formatted(named, run.project()));
            });
    return wanted.stream()
        .map(entry -> run.on(entry, image.chosen(entry.image(checkout))))
        .toList();
  }

  /**
   * Returns the one run that is meant.
   *
   * @throws InvalidSpecException if there are several
   */
  RunConfiguration one(RunConfiguration run, Console console) {
    var all = of(run, console);
    if (all.size() > 1) {
      var names = all.stream().map(RunConfiguration::variant).toList();
      throw new InvalidSpecException(
          "One sandbox is wanted, and the matrix in the sandbox.yaml of %s means several, %s: choose one, as with -Dsandbox.matrix=%s, or -Dsandbox.matrix=none for none of them"
              .formatted(run.project(), String.join(", ", names), names.get(0)));
    }
    return all.get(0);
  }

  /** What is wrong in the file is said by the run, in its reports, too. */
  private static List<MatrixEntry> entries(Checkout checkout) {
    try {
      return MatrixEntry.of(checkout);
    } catch (InvalidSpecException e) {
      return List.of();
    }
  }

  private List<MatrixEntry> wanted(List<MatrixEntry> entries, Path project) {
    var words =
        chosen == null
            ? List.of(ALL)
            : chosen.stream().map(word -> word == null ? "" : word.strip()).toList();
    if (words.equals(List.of(NONE))) {
      return List.of();
    }
    if (words.equals(List.of(ALL))) {
      return entries;
    }
    var wanted = new ArrayList<MatrixEntry>();
    for (var word : words) {
      wanted.add(
          entries.stream()
              .filter(entry -> entry.name().equals(word))
              .findFirst()
              .orElseThrow(() -> unknown(word, entries, project)));
    }
    return wanted.stream().distinct().toList();
  }

  private static InvalidSpecException unknown(
      String word, List<MatrixEntry> entries, Path project) {
    return new InvalidSpecException(
        "sandbox.matrix is \"%s\", and the sandbox.yaml of %s has %s; write all, none, or names of its matrix"
            .formatted(
                SafeText.line(word), project, entries.isEmpty() ? "no matrix" : names(entries)));
  }

  private static String names(List<MatrixEntry> entries) {
    return entries.stream().map(MatrixEntry::name).collect(Collectors.joining(", "));
  }
}
