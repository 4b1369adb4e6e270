package dev.sandboxed.maven;

import dev.sandboxed.Backend;
import dev.sandboxed.BuildLog;
import dev.sandboxed.ExitReason;
import dev.sandboxed.ExitStatus;
import dev.sandboxed.Image;
import dev.sandboxed.ImageBuildException;
import dev.sandboxed.ImageStep;
import dev.sandboxed.Secret;
import dev.sandboxed.SecretMask;
import dev.sandboxed.maven.project.CacheMount;
import dev.sandboxed.maven.project.Layout;
import dev.sandboxed.maven.project.Recognition;
import dev.sandboxed.maven.project.Step;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
  private static final long OUTPUT_LIMIT = 32L << 20;

  /** How a shell says that there is no such program. */
  private static final int NOT_FOUND = 127;

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
   * @param image what sandboxes start from
   * @param keyFiles what it depends on
   * @param steps the commands that ran; none if all is kept from before
   */
  record Installed(Image image, KeyFiles keyFiles, List<RunResult.StepResult> steps) {

    Installed {
      steps = List.copyOf(steps);
    }
  }

  /**
   * Installs, unless it is kept; to be called once.
   *
   * @throws MissingToolException if the root file system lacks the program to run
   * @throws IOException if the key files cannot be read
   */
  Installed install(PlannedInstallation planned) throws IOException, MissingToolException {
    var mask = SecretMask.of(configuration.secrets());
    planned
        .steps()
        .forEach(s -> console.info("Install: " + CommandLine.of(mask.apply(s.command()))));
    var files = Files.createDirectory(gathered.resolve(GATHERED));
    KeyFiles.makeWritableInside(files);
    var keyFiles = keyFiles(planned);
    keyFiles.copyTo(files);
    return install(planned, keyFiles, files);
  }

  private KeyFiles keyFiles(PlannedInstallation planned) {
    var arguments = planned.steps().stream().flatMap(s -> s.command().stream()).toList();
    return KeyFiles.of(configuration.directory(), configuration.workdir(), recognition.keyFiles())
        .with(arguments);
  }

  private Installed install(PlannedInstallation planned, KeyFiles keyFiles, Path files)
      throws MissingToolException {
    var commands = new LinkedHashMap<ImageStep, Step>();
    planned.steps().forEach(step -> commands.put(command(planned, step), step));
    var image = base(planned, files);
    for (var command : commands.keySet()) {
      image = image.with(command);
    }
    var log = new Log(commands, SecretMask.of(configuration.secrets()));
    try {
      backend.images().prepare(image, log);
    } catch (ImageBuildException e) {
      log.failed(e);
    }
    if (log.results.isEmpty()) {
      console.info("Installed before; kept, as %s".formatted(unchanged()));
    }
    return new Installed(image, keyFiles, log.results);
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

  /** Returns the image with all that the commands need. */
  private Image base(PlannedInstallation planned, Path files) {
    var image = configuration.image().with(ImageStep.copy(files, Layout.CHECKOUT));
    for (var cache : recognition.caches()) {
      if (isTool(cache)) {
        image = image.with(ImageStep.copy(cache.source(), cache.target()));
      }
    }
    for (var file : planned.files().entrySet()) {
      image = image.with(ImageStep.write(file.getKey(), file.getValue()));
    }
    return image.with(ImageStep.workdir(CheckoutSpec.workdir(configuration)));
  }

  /** What was downloaded on the host stays there; only programs are needed. */
  private static boolean isTool(CacheMount cache) {
    return cache.target().startsWith(Layout.MAVEN_HOME + "/");
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

  /** Shows what the commands print, and notes how they ended. */
  private final class Log implements BuildLog {
    private final Map<ImageStep, Step> commands;
    private final SecretMask mask;
    private final Map<ImageStep, LiveOutput> outputs = new LinkedHashMap<>();
    private final List<RunResult.StepResult> results = new ArrayList<>();
    private final long begin = System.nanoTime();
    private Duration stepBegan = Duration.ZERO;

    private Log(Map<ImageStep, Step> commands, SecretMask mask) {
      this.commands = commands;
      this.mask = mask;
    }

    @Override
    public synchronized void started(ImageStep step) {
      if (commands.containsKey(step)) {
        stepBegan = Duration.ofNanos(System.nanoTime() - begin);
        console.info(
            "Installing, with the network of the build tools: " + commands.get(step).name());
      }
    }

    @Override
    public synchronized void line(ImageStep step, String line) {
      if (commands.containsKey(step)) {
        output(step).accept(line);
      }
    }

    @Override
    public synchronized void finished(ImageStep step, Duration took) {
      var command = commands.get(step);
      if (command != null) {
        add(command, new ExitStatus(0, ExitReason.EXITED), output(step).tail());
      }
    }

    private LiveOutput output(ImageStep step) {
      return outputs.computeIfAbsent(step, s -> new LiveOutput(console, OUTPUT_LIMIT, mask));
    }

    private void add(Step command, ExitStatus status, List<String> tail) {
      var duration = Duration.ofNanos(System.nanoTime() - begin).minus(stepBegan);
      results.add(new RunResult.StepResult(command, status, stepBegan, duration, tail));
    }

    /** Notes the command that failed; the failure of a step of the user's own image is an error. */
    synchronized void failed(ImageBuildException failure) throws MissingToolException {
      var command = commands.get(failure.step());
      if (command == null) {
        throw failure;
      }
      if (failure.status().code() == NOT_FOUND && failure.output().isEmpty()) {
        throw new MissingToolException(command.command().get(0), failure);
      }
      var tail = new ArrayList<>(output(failure.step()).tail());
      String.valueOf(failure.getMessage())
          .lines()
          .limit(1)
          // It may say what was refused, or which limit to raise; the lines that follow are known.
          .map(line -> SafeText.line(mask.apply(line.replaceFirst(" Its last lines:$", ""))))
          .forEach(tail::add);
      add(command, failure.status(), tail);
    }
  }
}
