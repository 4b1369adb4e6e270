package dev.sandboxed.realinput;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** A published test suite: how it is fetched, and how people run it on a machine of their own. */
interface Suite {
  /** Returns the name of the ecosystem, for people. */
  String ecosystem();

  /** Returns the published version. */
  String version();

  /** Puts its sources into the checkout. */
  void fetch(Upstream upstream) throws IOException, InterruptedException;

  /** Runs it on the host, in a copy of the checkout, with the programs that a sandbox has too. */
  HostRun runOnHost(Upstream upstream, Path copy) throws IOException, InterruptedException;

  /** Returns variables of both sides, as {@code NAME=value}, with paths as they are inside. */
  default List<String> env() {
    return List.of();
  }

  /**
   * Reads what a goal of the plugin has left.
   *
   * @param reports the directory of its reports
   * @param output what Maven printed
   */
  default Results inside(Path reports, String output) throws IOException {
    return Results.ofJunitXml(reports);
  }

  /**
   * What a suite did on the host.
   *
   * @param installing how long it took to install what it needs
   * @param tests the command that ran it
   * @param results of each test
   */
  record HostRun(double installing, Command.Result tests, Results results) {}
}
