package dev.sandboxed.maven;

import dev.sandboxed.Image;
import dev.sandboxed.core.binaries.CacheRoot;
import dev.sandboxed.core.binaries.Settings;
import dev.sandboxed.maven.project.Inside;
import dev.sandboxed.maven.project.Recognition;
import dev.sandboxed.maven.recall.AnswerFile;
import dev.sandboxed.maven.recall.Fingerprint;
import dev.sandboxed.maven.recall.Question;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What planners saw of a project in an earlier run on this machine's own tools, so that a later one
 * need not start a sandbox only to ask, nor ask again in the one that runs the tests. All hangs on
 * what decides the installation, and on which programs there are on the host; that is not all that
 * answers may hang on, so they count for a day, and what they say of the installation only where
 * that is kept.
 */
final class PlanMemory {
  private static final String FORMAT = "answers-1";
  private static final String DIRECTORY = "answers";

  private final AnswerFile before;
  private final AnswerFile installed;

  private PlanMemory(AnswerFile before, AnswerFile installed) {
    this.before = before;
    this.installed = installed;
  }

  /**
   * Opens that of a project.
   *
   * @return empty if the root file system is another one, of which nothing is kept
   * @throws IOException if a file on which the installation depends cannot be read
   */
  static Optional<PlanMemory> of(RunConfiguration configuration, Recognition recognition)
      throws IOException {
    var directory = CacheRoot.from(Settings.ofProcess()).directory(DIRECTORY);
    return of(directory, configuration, recognition);
  }

  static Optional<PlanMemory> of(
      Path directory, RunConfiguration configuration, Recognition recognition) throws IOException {
    if (!(configuration.image() instanceof Image.HostImage)) {
      return Optional.empty();
    }
    return Optional.of(
        new PlanMemory(
            AnswerFile.open(directory, key("before", configuration, recognition)),
            AnswerFile.open(directory, key("installed", configuration, recognition))));
  }

  private static Fingerprint key(
      String where, RunConfiguration configuration, Recognition recognition) throws IOException {
    var key = new Fingerprint(FORMAT).text(where).text(recognition.name());
    key.text(configuration.workdir().toString());
    key.text(configuration.network().map(Object::toString).orElse(""));
    key.entries(configuration.env());
    key.texts(configuration.secrets().stream().map(s -> s.name()).sorted().toList());
    key.texts(configuration.volumes().keySet().stream().map(Object::toString).sorted().toList());
    key.texts(recognition.caches().stream().map(Object::toString).toList());
    KeyFiles.of(configuration.directory(), configuration.workdir(), recognition.keyFiles())
        .addTo(key);
    return key.entries(programs());
  }

  /** Names the directories of the host's programs: a program that comes or goes changes one. */
  private static Map<String, String> programs() throws IOException {
    var directories = new TreeMap<String, String>();
    for (var entry : System.getenv().getOrDefault("PATH", "").split(":")) {
      var directory = Path.of(entry);
      if (directory.isAbsolute() && Files.isDirectory(directory)) {
        directories.put(entry, Files.getLastModifiedTime(directory).toString());
      }
    }
    return directories;
  }

  /** Returns what was installed; empty if it is not known what a planner would see. */
  Optional<PlannedInstallation> recall(Recognition recognition) {
    var recalled = new Recalled();
    var planned = PlannedInstallation.of(recognition, recalled);
    return recalled.isComplete && !planned.steps().isEmpty()
        ? Optional.of(planned)
        : Optional.empty();
  }

  /** Keeps what was seen before anything was installed. */
  void keepBefore(Map<Question, Boolean> seen) {
    before.keep(seen);
  }

  /** Knows what was seen where all is installed, and keeps more of it. */
  AnswerFile installed() {
    return installed;
  }

  /** Answers as a sandbox did before. */
  private final class Recalled implements Inside {
    private boolean isComplete = true;

    @Override
    public boolean succeeds(List<String> command, Map<String, String> env) {
      var answer = before.answer(new Question(command, env));
      isComplete &= answer.isPresent();
      return answer.orElse(false);
    }

    @Override
    public boolean online() {
      return true;
    }

    @Override
    public void write(String path, String text) {
      // Whoever plans notes it.
    }
  }
}
