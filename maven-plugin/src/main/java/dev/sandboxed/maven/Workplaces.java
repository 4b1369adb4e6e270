package dev.sandboxed.maven;

import dev.sandboxed.Backend;
import dev.sandboxed.Image;
import dev.sandboxed.Sandbox;
import dev.sandboxed.maven.project.Layout;
import dev.sandboxed.maven.project.Recognition;
import java.io.IOException;

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
    if (choice.installsApart(configuration)) {
      var foreseen = Foresight.of(recognition).filter(planned -> !planned.steps().isEmpty());
      if (foreseen.isPresent()) {
        return install(foreseen.get(), console);
      }
    }
    var mounted = mounted();
    var used = false;
    PlannedInstallation planned;
    try {
      planned =
          choice.installsApart(configuration)
              ? PlannedInstallation.of(recognition, mounted.inside())
              : PlannedInstallation.NONE;
      used = planned.steps().isEmpty();
    } finally {
      if (!used) {
        mounted.close();
      }
    }
    return used ? new PreparedPlaces(mounted, this::mounted) : install(planned, console);
  }

  private PreparedPlaces install(PlannedInstallation planned, Console console)
      throws IOException, MissingToolException {
    var installation = new Installation(backend, configuration, recognition, console);
    var done = false;
    try {
      var installed = installation.install(planned);
      done = true;
      return new PreparedPlaces(
          installation, installed, () -> installed(installed.image(), installed.keyFiles()));
    } finally {
      if (!done) {
        installation.close();
      }
    }
  }

  /** Makes one that sees the checkout and the host's caches copy-on-write. */
  private Workplace mounted() {
    var sandbox = backend.create(CheckoutSpec.of(configuration, recognition.caches()));
    return planned(sandbox, CheckoutSpec.describe(configuration), () -> {});
  }

  /**
   * Makes one that has what was installed, and a copy of the checkout around it.
   *
   * @param image what was installed
   * @throws IOException if the checkout cannot be read
   */
  private Workplace installed(Image image, KeyFiles keyFiles) throws IOException {
    var sandbox = backend.create(CheckoutSpec.installed(configuration, image));
    return planned(
        sandbox,
        CheckoutSpec.describeInstalled(configuration),
        () -> new CheckoutCopy(sandbox.files(), keyFiles).run());
  }

  @FunctionalInterface
  private interface Work<E extends Exception> {
    void run() throws E;
  }

  private <E extends Exception> Workplace planned(Sandbox sandbox, String sees, Work<E> before)
      throws E {
    var ready = false;
    try {
      sandbox.files().makeDirectories(Layout.SCRATCH + "/reports");
      before.run();
      var inside = new LiveInside(sandbox, configuration);
      var plan = recognition.planner().plan(inside);
      ready = true;
      return new Workplace(sandbox, plan, inside, sees);
    } finally {
      if (!ready) {
        sandbox.close();
      }
    }
  }
}
