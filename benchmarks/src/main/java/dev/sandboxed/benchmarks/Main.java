package dev.sandboxed.benchmarks;

import java.nio.file.Files;
import java.util.ArrayList;

/**
 * Measures bare gVisor and ours in one run and in turn, so that a noisy machine hits both alike.
 *
 * <p>Prints a table, writes it as Markdown and all samples as JSON. With {@code
 * -Dbenchmark.enforce=true} it fails when an aim is missed.
 */
public final class Main {
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
    new StartBenchmark(bench, settings.rounds()).run(report);
    new ExecBenchmark(bench, settings.rounds()).run(report);
    new OutputBenchmark(bench, settings.copies()).run(report);
    new CopyBenchmark(bench, settings.copies(), settings.work()).run(report);
    System.out.println(report.table());
    Files.createDirectories(settings.json().getParent());
    Files.writeString(settings.json(), report.json());
    Files.createDirectories(settings.markdown().getParent());
    Files.writeString(settings.markdown(), report.markdown());
    if (settings.enforce() && !report.aimsMet()) {
      System.err.println("An aim was missed; the table above says which.");
      System.exit(1);
    }
  }
}
