package dev.sandboxed.maven.project;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * A project made of a few files, and a user's home directory.
 *
 * @param project where the project is
 * @param home where the user is at home
 */
record ProjectFixture(Path project, Path home) {

  static ProjectFixture in(Path directory) throws IOException {
    return new ProjectFixture(
        Files.createDirectory(directory.resolve("project")),
        Files.createDirectory(directory.resolve("home")));
  }

  void write(String name, String text) throws IOException {
    write(project.resolve(name), text);
  }

  void writeAtHome(String name, String text) throws IOException {
    write(home.resolve(name), text);
  }

  private static void write(Path file, String text) throws IOException {
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  List<Recognition> recognise() {
    var caches = new HostCaches(home.resolve(".m2/repository"), Optional.empty(), home, Map.of());
    return new ProjectRecognizer(caches).recognise(new Checkout(project));
  }

  /** Returns what is mounted of the home directory, and where. */
  Map<String, String> mounted() {
    return recognise().get(0).caches().stream()
        .collect(Collectors.toMap(c -> home.relativize(c.source()).toString(), CacheMount::target));
  }

  /** Returns a plan's steps, each as its phase and its command. */
  static List<String> steps(Recognition recognition, Inside inside) {
    return steps(recognition.planner().plan(inside));
  }

  /** Returns the steps of what the project is taken for. */
  List<String> steps(Inside inside) {
    return steps(recognise().get(0), inside);
  }

  static List<String> steps(TestPlan plan) {
    return plan.steps().stream().map(s -> s.phase() + " " + String.join(" ", s.command())).toList();
  }
}
