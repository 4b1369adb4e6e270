package dev.sandboxed.maven.project;

import dev.sandboxed.maven.project.HostJdks.Jdk;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The JDK of the host that a project is built with.
 *
 * @param needed what the project asks for
 * @param jdk the one that will do; empty if there is none
 * @param jdks those that there are
 */
record ChosenJdk(NeededJdk needed, Optional<Jdk> jdk, HostJdks jdks) {
  /** Java says where it is by this variable. */
  private static final String VARIABLE = "JAVA_HOME";

  /** Takes that of the path if it will do, and else another. */
  static ChosenJdk of(NeededJdk needed, HostJdks jdks) {
    return new ChosenJdk(needed, jdks.choose(needed::fits), jdks);
  }

  /** What there is to do for it in a sandbox, and to say. */
  record Setting(Map<String, String> env, List<String> notes) {
    private static final Setting NONE = new Setting(Map.of(), List.of());

    /** Copies the collections. */
    Setting {
      env = Map.copyOf(env);
      notes = List.copyOf(notes);
    }
  }

  /** Returns what is to be mounted for it: what is below {@code /usr} the host's image has. */
  Optional<CacheMount> mount() {
    return jdk.filter(chosen -> !needed.isAny() && !isUsual() && !isOfSystem(chosen))
        .map(chosen -> new CacheMount(chosen.home(), Layout.JDK));
  }

  /** Returns how it is used in a sandbox; not at all where what is there will do. */
  Setting in(Inside inside) {
    if (needed.isAny() || isUsual() || hasRelease(inside)) {
      return Setting.NONE;
    }
    var home = jdk.map(chosen -> isOfSystem(chosen) ? chosen.home().toString() : Layout.JDK);
    if (home.isPresent()
        && inside.succeeds(List.of(home.get() + "/bin/java", "-version"), Map.of())) {
      return new Setting(
          Map.of(VARIABLE, home.get()),
          List.of("JDK %s is used: %s asks for %s".formatted(jdk.get(), Reactor.NAME, needed)));
    }
    return new Setting(
        Map.of(),
        List.of(
            "%s asks for %s, which is not there; found: %s. Install one, say where there is one with -Dsandbox.env=JAVA_HOME=…, or choose a root file system that has it with -Dsandbox.image=…"
                .formatted(Reactor.NAME, needed, found())));
  }

  private boolean isUsual() {
    return jdk.isPresent() && jdk.equals(jdks.onPath());
  }

  /** Another root file system than the host's may have it. */
  private boolean hasRelease(Inside inside) {
    return needed.release() > 0
        && needed.rules().isEmpty()
        && inside.succeeds(
            List.of("javac", "--release", Integer.toString(needed.release()), "--version"),
            Map.of());
  }

  private static boolean isOfSystem(Jdk jdk) {
    return jdk.home().startsWith("/usr");
  }

  private String found() {
    return jdks.all().isEmpty()
        ? "no JDK"
        : jdks.all().stream().map(Jdk::toString).collect(Collectors.joining(", "));
  }
}
