package dev.sandboxed.maven;

import dev.sandboxed.Backend;
import dev.sandboxed.Sandbox;
import dev.sandboxed.maven.project.Layout;
import dev.sandboxed.maven.project.Recognition;
import dev.sandboxed.maven.project.WarmUp;
import dev.sandboxed.maven.recall.Question;
import java.io.IOException;
import java.util.Optional;
import java.util.function.Function;

/** Makes sandboxes with a project in them, each of which a plan is made for. Thread-safe. */
final class Workplaces {
  private final Backend backend;
  private final RunConfiguration configuration;
  private final Recognition recognition;

  Workplaces(Backend backend, RunConfiguration configuration, Recognition recognition) {
    this.backend = backend;
    this.configuration = configuration;
    this.recognition = recognition;
  }

  /**
   * Installs what is needed, unless it is kept.
   *
   * @throws MissingToolException if the root file system lacks a program
   * @throws IOException if the checkout cannot be read
   */
  PreparedPlaces prepare(PhaseChoice choice, Console console)
      throws IOException, MissingToolException {
    if (!choice.installsApart(configuration)) {
      recognition
          .warmUp()
          .ifPresent(
              w ->
                  console.warn(
                      "%s starts as usual: nothing is installed apart with sandbox.writable"
                          .formatted(w.program())));
      return new PreparedPlaces(mounted(), this::mounted);
    }
    var memory = PlanMemory.of(configuration, recognition);
    var foreseen = Foresight.of(recognition).filter(planned -> !planned.steps().isEmpty());
    if (foreseen.isPresent()) {
      return install(foreseen.get(), memory, console);
    }
    var recalled = memory.flatMap(m -> m.recall(recognition));
    if (recalled.isPresent()) {
      var kept = kept(recalled.get(), memory, console);
      if (kept.isPresent()) {
        return kept.get();
      }
    }
    return asked(memory, console);
  }

  /** Asks a sandbox, which runs the tests if there is nothing to install. */
  private PreparedPlaces asked(Optional<PlanMemory> memory, Console console)
      throws IOException, MissingToolException {
    var mounted = mounted();
    var used = false;
    PlannedInstallation planned;
    try {
      planned = PlannedInstallation.of(recognition, mounted.inside());
      used = planned.steps().isEmpty();
    } finally {
      if (!used) {
        mounted.close();
      }
    }
    if (used) {
      return new PreparedPlaces(mounted, this::mounted);
    }
    memory.ifPresent(m -> m.keepBefore(mounted.inside().seen()));
    return install(planned, memory, console);
  }

  private PreparedPlaces install(
      PlannedInstallation planned, Optional<PlanMemory> memory, Console console)
      throws IOException, MissingToolException {
    return prepared(installation -> Optional.of(installation.install(planned)), memory, console)
        .orElseThrow();
  }

  /** Returns what is kept from before; empty if it has to be installed. */
  private Optional<PreparedPlaces> kept(
      PlannedInstallation planned, Optional<PlanMemory> memory, Console console)
      throws IOException, MissingToolException {
    return prepared(installation -> installation.find(planned), memory, console);
  }

  /** Installs something, if it does. */
  @FunctionalInterface
  private interface Installing {
    Optional<Installation.Installed> by(Installation installation)
        throws IOException, MissingToolException;
  }

  private Optional<PreparedPlaces> prepared(
      Installing installing, Optional<PlanMemory> memory, Console console)
      throws IOException, MissingToolException {
    var installation = new Installation(backend, configuration, recognition, console);
    var done = false;
    try {
      var installed = installing.by(installation);
      done = installed.isPresent();
      return installed.map(
          i -> new PreparedPlaces(installation, i, () -> installed(i, memory, console)));
    } finally {
      if (!done) {
        installation.close();
      }
    }
  }

  /** Makes one that sees the checkout and the host's caches copy-on-write. */
  private Workplace mounted() {
    var sandbox = backend.create(CheckoutSpec.of(configuration, recognition.caches()));
    return planned(
        sandbox,
        CheckoutSpec.describe(configuration),
        Optional.empty(),
        asked -> Optional.empty(),
        () -> {});
  }

  /**
   * Makes one that has what was installed, and a copy of the checkout around it.
   *
   * @throws IOException if the checkout cannot be read
   */
  private Workplace installed(
      Installation.Installed installed, Optional<PlanMemory> memory, Console console)
      throws IOException {
    var warmUp = recognition.warmUp();
    var warm =
        warmUp.flatMap(w -> new WarmSandbox(backend, configuration, console).create(installed, w));
    var sandbox =
        warm.orElseGet(
            () -> backend.create(CheckoutSpec.installed(configuration, installed.image())));
    var place =
        planned(
            sandbox,
            warm.isPresent()
                ? CheckoutSpec.describeWarm(configuration, warmUp.orElseThrow())
                : CheckoutSpec.describeInstalled(configuration),
            warm.flatMap(w -> warmUp),
            asked -> memory.flatMap(m -> m.installed().answer(asked)),
            () -> new CheckoutCopy(sandbox.files(), installed.keyFiles()).run());
    memory.ifPresent(m -> m.installed().keep(place.inside().seen()));
    return place;
  }

  @FunctionalInterface
  private interface Work<E extends Exception> {
    void run() throws E;
  }

  private <E extends Exception> Workplace planned(
      Sandbox sandbox,
      String sees,
      Optional<WarmUp> warm,
      Function<Question, Optional<Boolean>> known,
      Work<E> before)
      throws E {
    var ready = false;
    try {
      sandbox.files().makeDirectories(Layout.SCRATCH + "/reports");
      before.run();
      var inside = new LiveInside(sandbox, configuration, known);
      var plan = recognition.planner().plan(inside);
      ready = true;
      return new Workplace(sandbox, plan, inside, sees, warm);
    } finally {
      if (!ready) {
        sandbox.close();
      }
    }
  }
}
