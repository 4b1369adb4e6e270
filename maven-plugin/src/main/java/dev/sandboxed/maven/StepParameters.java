package dev.sandboxed.maven;

import dev.sandboxed.ImageStep;
import dev.sandboxed.InvalidSpecException;
import java.io.File;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One {@code <step>} of an image, as a POM has it: an element that says what to do. Maven sets the
 * fields.
 */
public final class StepParameters {
  /** Debian packages, separated by commas. */
  @Nullable List<String> aptInstall;

  /** Requirements of Python, separated by commas. */
  @Nullable List<String> pipInstall;

  /** Packages of npm, separated by commas. */
  @Nullable List<String> npmInstall;

  /** A line for {@code sh -c}. */
  @Nullable String run;

  /** A program and its arguments, as elements; no shell reads them. */
  @Nullable List<String> arguments;

  /** Variables, as elements. */
  @Nullable Map<String, String> env;

  /** A working directory. */
  @Nullable String workdir;

  /** A user. */
  @Nullable String user;

  /** A file or directory of the host, seen from the POM. */
  @Nullable File copy;

  /** Where it is copied to. */
  @Nullable String to;

  /** What stands before the sandbox's command, as elements. */
  @Nullable List<String> entrypoint;

  /** Made by Maven. */
  public StepParameters() {}

  /**
   * Returns the step.
   *
   * @throws InvalidSpecException if it says nothing, two things, or something malformed
   */
  ImageStep step() {
    var found = new ArrayList<ImageStep>();
    if (aptInstall != null) {
      found.add(ImageStep.aptInstall(words(aptInstall)));
    }
    if (pipInstall != null) {
      found.add(ImageStep.pipInstall(words(pipInstall)));
    }
    if (npmInstall != null) {
      found.add(ImageStep.npmInstall(words(npmInstall)));
    }
    if (run != null) {
      found.add(ImageStep.run("sh", "-c", run));
    }
    if (arguments != null) {
      found.add(ImageStep.run(words(arguments)));
    }
    if (env != null) {
      var variables = new LinkedHashMap<String, String>();
      // An empty element is null to Maven.
      env.forEach((name, value) -> variables.put(name, value == null ? "" : value));
      found.add(ImageStep.env(variables));
    }
    if (workdir != null) {
      found.add(ImageStep.workdir(workdir));
    }
    if (user != null) {
      found.add(ImageStep.user(user));
    }
    if (entrypoint != null) {
      found.add(ImageStep.entrypoint(words(entrypoint)));
    }
    if ((copy == null) != (to == null)) {
      throw new InvalidSpecException(
          "a step needs both <copy> and <to>, a file or directory of the host and where it goes");
    }
    if (copy != null && to != null) {
      found.add(ImageStep.copy(copy.toPath(), to));
    }
    if (found.size() != 1) {
      throw new InvalidSpecException(
          (found.isEmpty()
                  ? "a step is empty; give it one of "
                  : "a step says several things, whose order is not known; give each a <step> of"
                      + " its own, with one of ")
              + "<aptInstall>, <pipInstall>, <npmInstall>, <run>, <arguments>, <env>, <workdir>,"
              + " <user>, <copy> with <to>, <entrypoint>");
    }
    return found.get(0);
  }

  private static String[] words(List<String> texts) {
    return texts.stream().map(text -> text == null ? "" : text.strip()).toArray(String[]::new);
  }
}
