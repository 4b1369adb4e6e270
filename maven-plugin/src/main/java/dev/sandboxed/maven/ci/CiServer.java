package dev.sandboxed.maven.ci;

import dev.sandboxed.maven.report.Finding;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** The server that runs this build: what it is told in lines of the log. */
public interface CiServer {

  /**
   * Begins a part of the log that the server folds, and in which it obeys no commands.
   *
   * @param title what the part is, safe to show
   * @return the part, until it is closed
   */
  Fold fold(String title);

  /**
   * Has findings shown beside the sources, the worst first, as many as the server takes.
   *
   * @param findings what was found
   * @param checkout the directory on the host that their places are relative to
   */
  void annotate(List<Finding> findings, Path checkout);

  /** A part of the log. */
  interface Fold extends AutoCloseable {
    /** Ends the part; a second time does nothing. */
    @Override
    void close();
  }

  /**
   * Finds out which server this build is run by.
   *
   * @param env the environment of the build
   * @param log where lines for the server go
   * @return one that is told nothing if it is none that is known
   */
  static CiServer of(Map<String, String> env, PrintStream log) {
    if ("true".equals(env.get("GITHUB_ACTIONS"))) {
      return new GitHub(log, env.getOrDefault("GITHUB_WORKSPACE", ""));
    }
    return "true".equals(env.get("GITLAB_CI")) ? new GitLab(log) : new NoServer();
  }
}
