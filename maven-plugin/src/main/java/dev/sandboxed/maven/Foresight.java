package dev.sandboxed.maven;

import dev.sandboxed.maven.project.Inside;
import dev.sandboxed.maven.project.Recognition;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Finds out what is installed without a sandbox to look into, where it is the same whatever a
 * planner would see there: so a later run need not start a sandbox only to ask. Plans depend on
 * nothing but the answers, and all that can be given are tried.
 */
final class Foresight {
  /** With more answers than these, a sandbox is quicker. */
  private static final int MAX_PLANS = 64;

  private Foresight() {}

  /** Returns what is installed; empty if that depends on what a sandbox has. */
  static Optional<PlannedInstallation> of(Recognition recognition) {
    var untried = new ArrayDeque<List<Boolean>>();
    untried.add(List.of());
    Optional<PlannedInstallation> foreseen = Optional.empty();
    for (var plans = 0; !untried.isEmpty(); plans++) {
      var given = untried.remove();
      var guess = new Guess(given);
      var planned = PlannedInstallation.of(recognition, guess);
      if (plans == MAX_PLANS || !foreseen.orElse(planned).equals(planned)) {
        return Optional.empty();
      }
      foreseen = Optional.of(planned);
      for (var i = given.size(); i < guess.answers.size(); i++) {
        var other = new ArrayList<>(guess.answers.subList(0, i));
        other.add(true);
        untried.add(other);
      }
    }
    return foreseen;
  }

  /** Answers as it is told, then that nothing is there. */
  private static final class Guess implements Inside {
    private final List<Boolean> given;
    private final List<Boolean> answers = new ArrayList<>();
    private final Map<Question, Boolean> answered = new HashMap<>();

    private record Question(List<String> command, Map<String, String> env) {}

    private Guess(List<Boolean> given) {
      this.given = given;
    }

    @Override
    public boolean succeeds(List<String> command, Map<String, String> env) {
      return answered.computeIfAbsent(
          new Question(command, env),
          question -> {
            var next = answers.size();
            answers.add(next < given.size() && given.get(next));
            return answers.get(next);
          });
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
