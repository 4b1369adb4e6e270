package dev.sandboxed.benchmarks;

import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * What is done inside of one process, by JMH: a JVM of its own for each, warmed up, and the average
 * of each iteration.
 */
final class MicroBenchmark {
  private static final TimeValue ITERATION = TimeValue.seconds(1);
  private static final int WARMUPS = 3;

  private final int iterations;

  MicroBenchmark(int iterations) {
    this.iterations = iterations;
  }

  void run(Report report) throws RunnerException {
    var options =
        new OptionsBuilder()
            .include(MicroBenchmark.class.getPackageName().replace(".", "\\.") + "\\.micro\\..*")
            .mode(Mode.AverageTime)
            .timeUnit(TimeUnit.MICROSECONDS)
            .forks(1)
            .warmupIterations(WARMUPS)
            .warmupTime(ITERATION)
            .measurementIterations(iterations)
            .measurementTime(ITERATION)
            .shouldFailOnError(true)
            .verbosity(VerboseMode.SILENT)
            .build();
    for (var result : new Runner(options).run()) {
      report.samples().add(samples(result));
    }
  }

  private static Samples samples(RunResult result) {
    var values =
        result.getBenchmarkResults().stream()
            .flatMap(fork -> fork.getIterationResults().stream())
            .map(iteration -> iteration.getPrimaryResult().getScore())
            .toList();
    return new Samples("micro: " + words(result.getPrimaryResult().getLabel()), "us", values);
  }

  /** Makes words of a method's name. */
  private static String words(String name) {
    return name.replaceAll("(?<=[a-z])(?=[A-Z])", " ").toLowerCase(Locale.ROOT);
  }
}
