package dev.sandboxed.maven.project;

import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * The Maven that a project is built with.
 *
 * @param caches where it is, and its local repository
 * @param notes what there is to say about it
 */
record ChosenMaven(HostCaches caches, List<String> notes) {

  /** Copies the list. */
  ChosenMaven {
    notes = List.copyOf(notes);
  }

  /** Takes the running one if it will do, and else fetches another. */
  static ChosenMaven of(Optional<NeededMaven> needed, HostCaches caches, HostTools tools) {
    var running = tools.mavenVersion();
    if (needed.isEmpty() || running.isEmpty() || needed.get().fits().contains(running)) {
      return new ChosenMaven(caches, List.of());
    }
    var asked = "%s asks for Maven %s".formatted(needed.get().evidence(), needed.get().asked());
    try {
      var home = tools.mavens().fetch(needed.get().fetched().range());
      return new ChosenMaven(
          caches.withMaven(home),
          List.of(
              "%s is used in the place of Maven %s: %s"
                  .formatted(home.getFileName(), running, asked)));
    } catch (IOException e) {
      return new ChosenMaven(
          caches,
          List.of(
              "Maven %s is used, though %s, which could not be fetched: %s. Where tests need it, put it on the PATH, or choose a root file system that has it with -Dsandbox.image=…"
                  .formatted(running, asked, e.getMessage())));
    }
  }

  /** Returns how it is called inside. */
  String command() {
    return caches.mountsMavenHome() ? Layout.MAVEN_HOME + "/bin/mvn" : "mvn";
  }
}
