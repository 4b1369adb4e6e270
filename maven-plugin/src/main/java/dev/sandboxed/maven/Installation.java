package dev.sandboxed.maven;

import dev.sandboxed.Backend;
import dev.sandboxed.Connection;
import dev.sandboxed.Image;
import dev.sandboxed.ImageBuildException;
import dev.sandboxed.ImageStep;
import dev.sandboxed.Secret;
import dev.sandboxed.SecretMask;
import dev.sandboxed.SettledStep.Source;
import dev.sandboxed.maven.project.CacheMount;
import dev.sandboxed.maven.project.Layout;
import dev.sandboxed.maven.project.Recognition;
import dev.sandboxed.maven.project.Step;
import dev.sandboxed.maven.report.CacheUse;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * Installs what a project depends on, in a sandbox that reaches the servers of the build tools and
 * sees the key files alone. The file system that comes of it is an image, kept under the root file
 * system, the content of the key files and the commands: the store makes it once, however many
 * builds want it at a time.
 *
 * <p>The image can be used until this is closed.
 */
final class Installation implements AutoCloseable {
  /** Part of what the image is known by, and so the same wherever the files are gathered. */
  private static final String GATHERED = "key-files";

  private final Backend backend;
  private final RunConfiguration configuration;
  private final Recognition recognition;
  private final Console console;
  private final Path gathered;

  /**
   * Makes it; nothing is installed yet.
   *
   * @throws IOException if there can be no temporary files
   */
  Installation(
      Backend backend, RunConfiguration configuration, Recognition recognition, Console console)
      throws IOException {
    this.backend = backend;
    this.configuration = configuration;
    this.recognition = recognition;
    this.console = console;
    gathered = Files.createTempDirectory("sandbox-install-");
  }

  /** Removes the copies of the key files. */
  @Override
  public void close() throws IOException {
    try (var all = Files.walk(gathered)) {
      for (var file : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  /**
   * What came of an installation.
   *
   * @param planned what was to be installed
   * @param image what sandboxes start from
   * @param warm the same, with what warms the build tool; empty if it does not get warm
   * @param keyFiles what it depends on
   * @param steps the commands that ran; none if all is kept from before
   * @param connections what they tried to reach
   * @param caches where what was installed came from
   */
  record Installed(
      PlannedInstallation planned,
      Image image,
      Optional<Image> warm,
      KeyFiles keyFiles,
      List<RunResult.StepResult> steps,
      List<Connection> connections,
      List<CacheUse> caches) {

    Installed {
      steps = List.copyOf(steps);
      connections = List.copyOf(connections);
      caches = List.copyOf(caches);
    }
  }

  /**
   * Installs, unless it is kept; to be called once.
   *
   * @throws MissingToolException if the root file system lacks the program to run
   * @throws IOException if the key files cannot be read
   */
  Installed install(PlannedInstallation planned) throws IOException, MissingToolException {
    show(planned);
    var work = work(planned);
    try {
      backend.images().prepare(work.image(), work.log());
    } catch (ImageBuildException e) {
      work.log().failed(e);
    }
    return work.done(this::unchanged);
  }

  /**
   * Finds what was installed before, and runs nothing; to be called in the place of {@link
   * #install}.
   *
   * @return empty if it is not kept
   * @throws IOException if the key files cannot be read
   */
  Optional<Installed> find(PlannedInstallation planned) throws IOException {
    var work = work(planned);
    if (!KeptOnly.prepare(backend.images(), work.image(), work.log())) {
      return Optional.empty();
    }
    show(planned);
    return Optional.of(work.done(this::unchanged));
  }

  private void show(PlannedInstallation planned) {
    var mask = SecretMask.of(configuration.secrets());
    planned
        .steps()
        .forEach(s -> console.info("Install: " + CommandLine.of(mask.apply(s.command()))));
  }

  private KeyFiles keyFiles(PlannedInstallation planned) {
    var arguments = planned.steps().stream().flatMap(s -> s.command().stream()).toList();
    return KeyFiles.of(configuration.directory(), configuration.workdir(), recognition.keyFiles())
        .with(arguments);
  }

  /** An image that is to be made or found, and what is noted of that. */
  private record Work(
      PlannedInstallation planned,
      Image image,
      Optional<Image> warm,
      KeyFiles keyFiles,
      InstallationLog log,
      Console console) {

    Installed done(Supplier<String> unchanged) {
      if (log.results().isEmpty()) {
        console.info(
            log.caches().stream().anyMatch(use -> use.source() == Source.WAITED)
                ? "Installed by another build, which was waited for"
                : "Installed before; kept, as %s".formatted(unchanged.get()));
      }
      return new Installed(
          planned, image, warm, keyFiles, log.results(), log.connections(), log.caches());
    }
  }

  private Work work(PlannedInstallation planned) throws IOException {
    var files = Files.createDirectory(gathered.resolve(GATHERED));
    KeyFiles.makeWritableInside(files);
    var keyFiles = keyFiles(planned);
    keyFiles.copyTo(files);
    var commands = new LinkedHashMap<ImageStep, Step>();
    planned.steps().forEach(step -> commands.put(command(planned, step), step));
    var around = around(planned, files);
    var image = configuration.image();
    for (var step : around) {
      image = image.with(step);
    }
    for (var command : commands.keySet()) {
      image = image.with(command);
    }
    var mask = SecretMask.of(configuration.secrets());
    var log = new InstallationLog(commands, Set.copyOf(around), mask, console);
    return new Work(planned, image, warm(image), keyFiles, log, console);
  }

  private Optional<Image> warm(Image installed) throws IOException {
    if (recognition.warmUp().isEmpty()) {
      return Optional.empty();
    }
    var files = Files.createDirectory(gathered.resolve("warm"));
    WarmSandbox.write(recognition.warmUp().get(), files);
    return Optional.of(installed.with(ImageStep.copy(files, Layout.WARM)));
  }

  private String unchanged() {
    return recognition.keyFiles().isEmpty()
        ? "it depends on no files"
        : recognition.keyFiles().stream()
                .limit(4)
                .map(SafeText::line)
                .collect(Collectors.joining(", "))
            + (recognition.keyFiles().size() > 4 ? ", …" : "")
            + (recognition.keyFiles().size() == 1 ? " is unchanged" : " are unchanged");
  }

  /** Returns the steps that lay out all that the commands need. */
  private List<ImageStep> around(PlannedInstallation planned, Path files) {
    var steps = new ArrayList<ImageStep>();
    steps.add(ImageStep.copy(files, Layout.CHECKOUT));
    for (var cache : recognition.caches()) {
      if (isTool(cache)) {
        steps.add(ImageStep.copy(cache.source(), cache.target()));
      }
    }
    for (var file : planned.files().entrySet()) {
      steps.add(ImageStep.write(file.getKey(), file.getValue()));
    }
    steps.add(ImageStep.workdir(CheckoutSpec.workdir(configuration)));
    return steps;
  }

  /** What was downloaded on the host stays there; only programs are needed. */
  private static boolean isTool(CacheMount cache) {
    return cache.target().startsWith(Layout.MAVEN_HOME + "/") || cache.target().equals(Layout.JDK);
  }

  private ImageStep command(PlannedInstallation planned, Step step) {
    var env = new LinkedHashMap<>(planned.env());
    env.putAll(step.env());
    env.putAll(configuration.env());
    configuration.secrets().stream().map(Secret::name).forEach(env::remove);
    var run = ImageStep.run(step.command()).env(env);
    if (configuration.network().isPresent()) {
      run = run.network(configuration.network().get());
    }
    for (var secret : configuration.secrets()) {
      run = run.secret(secret);
    }
    return run;
  }
}
