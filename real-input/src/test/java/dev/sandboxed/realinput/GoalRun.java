package dev.sandboxed.realinput;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import tools.jackson.databind.json.JsonMapper;

/**
 * A run of the goal on a project.
 *
 * @param command all of Maven
 * @param results of each test
 * @param suite how long the suite took, without what went before and came after it
 */
record GoalRun(Command.Result command, Results results, double suite) {

  /**
   * Runs it.
   *
   * @param name of its log
   * @param settings further arguments of Maven
   */
  static GoalRun of(Upstream upstream, Suite suite, String name, String... settings)
      throws IOException, InterruptedException {
    Upstream.remove(upstream.reports());
    var command = upstream.goal("test", suite.env()).with(settings).run();
    Files.writeString(upstream.directory().resolve(name + ".log"), command.output());
    var summary = upstream.reports().resolve("summary.json");
    assertThat(summary).as(Command.tail(command.output())).exists();
    var steps = JsonMapper.shared().readTree(Files.readString(summary)).path("steps");
    var seconds = 0.0;
    for (var step : steps) {
      if (step.path("phase").asString().equals("TEST")) {
        seconds += step.path("seconds").asDouble();
      }
    }
    return new GoalRun(command, suite.inside(upstream.reports(), command.output()), seconds);
  }
}
