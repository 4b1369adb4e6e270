package dev.sandboxed.benchmarks;

import java.nio.file.Files;
import java.util.ArrayList;

/**
 * Measures bare gVisor and ours in one run and in turn, so that a noisy machine hits both alike.
 *
 * <p>Prints a table, writes it as Markdown with pictures, and all samples as JSON. With {@code
 * -Dbenchmark.enforce=true} it fails when an aim is missed.
 */
public final class Main {
  /** The directory of the pictures, beside the page. */
  private static final String PLOTS = "benchmarks";

  /** A round of all of Docker's starts half a minute of them. */
  private static final int MOST_POSTGRES = 5;

  private Main() {}

  /**
   * Runs the benchmarks.
   *
   * @param args none
   * @throws Exception if something could not be measured
   */
  public static void main(String[] args) throws Exception {
    var settings = Settings.fromSystemProperties();
    var report = new Report(Machine.describe(), new ArrayList<>(), new ArrayList<>());
    var bench = Workbench.open(settings);
    for (var part : settings.parts()) {
      run(part, bench, settings, report);
    }
    System.out.println(report.table());
    Files.createDirectories(settings.json().getParent());
    Files.writeString(settings.json(), report.json());
    var plots = new Plots(report.samples());
    plots.write(settings.json().resolveSibling(PLOTS));
    if (settings.parts().equals(Settings.ALL_PARTS)
        && settings.suites().equals(Settings.ALL_SUITES)) {
      Files.createDirectories(settings.markdown().getParent());
      Files.writeString(settings.markdown(), report.markdown(plots.markdown(PLOTS)));
      plots.write(settings.markdown().resolveSibling(PLOTS));
    }
    if (settings.enforce() && !report.aimsMet()) {
      System.err.println("An aim was missed; the table above says which.");
      System.exit(1);
    }
  }

  private static void run(String part, Workbench bench, Settings settings, Report report)
      throws Exception {
    switch (part) {
      case "start" -> new StartBenchmark(bench, settings.rounds()).run(report);
      case "load" -> new LoadBenchmark(bench, settings.load()).run(report);
      case "exec" -> new ExecBenchmark(bench, settings.rounds()).run(report);
      case "stdout" -> new OutputBenchmark(bench, settings.copies()).run(report);
      case "copy" -> new CopyBenchmark(bench, settings.copies(), settings.work()).run(report);
      case "network" ->
          new NetworkBenchmark(bench, settings.probe(), settings.work(), settings.copies())
              .run(report);
      case "image" ->
          new ImageBenchmark(bench, settings.rounds(), settings.copies(), settings.work())
              .run(report);
      case "snapshot" ->
          new SnapshotBenchmark(bench, settings.copies(), settings.work()).run(report);
      case "memory" -> new MemoryBenchmark(bench, settings.copies(), settings.work()).run(report);
      case "postgres" -> new PostgresBenchmark(settings.copies()).run(report);
      case "docker" -> {
        var engine = DockerEngine.find();
        if (engine.isPresent()) {
          new DockerBenchmark(bench, settings.rounds()).run(report, engine.get());
          if (PostgresBenchmark.isPossible()) {
            new DockerPostgresBenchmark(Math.min(settings.copies(), MOST_POSTGRES))
                .run(report, engine.get());
          }
        }
      }
      case "pool" -> new PoolBenchmark(bench, settings.rounds(), settings.copies()).run(report);
      case "junit" -> new JUnitBenchmark(bench, settings.copies()).run(report);
      case "maven" ->
          new MavenBenchmark(
                  MavenSettings.fromSystemProperties(), settings.work(), settings.copies())
              .run(report);
      case "suites" ->
          new SuiteBenchmark(
                  MavenSettings.fromSystemProperties(),
                  settings.suites(),
                  settings.work(),
                  settings.copies())
              .run(report);
      case "many" -> {
        for (var count : settings.many()) {
          new ManyBenchmark(bench, count).run(report);
        }
      }
      case "micro" -> new MicroBenchmark(settings.copies()).run(report);
      default ->
          throw new IllegalArgumentException(
              "benchmark.parts: there is no \"%s\"; the parts are %s"
                  .formatted(part, String.join(",", Settings.ALL_PARTS)));
    }
  }
}
