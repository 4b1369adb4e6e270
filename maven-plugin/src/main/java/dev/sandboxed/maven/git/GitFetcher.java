package dev.sandboxed.maven.git;

import dev.sandboxed.maven.git.GitProgram.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Checks repositories out with the git of this machine: shallow, and without running anything that
 * a repository brings: no hooks, no filters, no transports but those of the user's URL.
 *
 * <p>The credentials, keys and proxies are those of the user's git; nothing of them is kept beside
 * the files. Thread-safe.
 */
public final class GitFetcher {
  private static final String ORIGIN = "remote.origin.url";

  private final GitProgram git;
  private final Consumer<String> progress;

  /**
   * Makes one.
   *
   * @param environment what git gets for variables
   * @param limit how long one fetch may take
   * @param progress is told what is done, a line each
   */
  public GitFetcher(Map<String, String> environment, Duration limit, Consumer<String> progress) {
    git = new GitProgram(environment, limit);
    this.progress = progress;
  }

  /**
   * Checks a repository out.
   *
   * @param parent the directory to make the one of the files in
   * @throws GitException if that fails; nothing is left then
   * @throws IOException if the directory cannot be written
   */
  public GitCheckout fetch(GitRepository repository, Submodules submodules, Path parent)
      throws IOException {
    Files.createDirectories(parent);
    var directory =
        Files.createTempDirectory(
            parent,
            repository.name() + "-",
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    try {
      progress.accept(
          "Fetching %s of %s"
              .formatted(repository.ref().orElse("the default branch"), repository.shown()));
      return checkOut(repository, submodules, directory);
    } catch (IOException | RuntimeException | Error e) {
      GitCheckout.remove(directory);
      throw e;
    }
  }

  private GitCheckout checkOut(GitRepository repository, Submodules submodules, Path directory)
      throws IOException {
    run(directory, Settings.NONE, "init", "-q", "--template=");
    Files.createDirectories(directory.resolve(".git/info"));
    fetch(repository, directory);
    run(directory, Settings.NONE, "checkout", "-q", "--detach", "FETCH_HEAD");
    if (Files.exists(directory.resolve(".gitmodules"), LinkOption.NOFOLLOW_LINKS)) {
      addSubmodules(repository, submodules, directory);
    }
    // It names the URL, as the user wrote it.
    Files.deleteIfExists(directory.resolve(".git/FETCH_HEAD"));
    var commit = run(directory, Settings.NONE, "rev-parse", "HEAD").strip();
    progress.accept("Checked out %s".formatted(commit));
    var large =
        run(directory, Settings.NONE, "ls-files", "-z", "--", ":(attr:filter=lfs)").split("\0");
    return new GitCheckout(
        directory, commit, List.of(large).stream().filter(f -> !f.isEmpty()).toList());
  }

  private void fetch(GitRepository repository, Path directory) throws GitException {
    try {
      git.run(
          directory,
          Settings.USER,
          protocols(repository),
          List.of(
              "fetch",
              "-q",
              "--depth=1",
              "--no-tags",
              "--no-recurse-submodules",
              "--",
              repository.url(),
              repository.wanted()));
    } catch (GitException e) {
      throw new GitException(
          "%s of %s cannot be fetched%s: %s"
              .formatted(
                  repository.ref().orElse("The default branch"),
                  repository.shown(),
                  repository.ref().isPresent() && !repository.isCommit()
                      ? " (a commit must be named by its full id)"
                      : "",
                  e.getMessage()),
          e);
    }
  }

  private void addSubmodules(GitRepository repository, Submodules submodules, Path directory)
      throws GitException {
    if (submodules == Submodules.NONE) {
      progress.accept("The submodules are left out, as sandbox.submodules is none");
      return;
    }
    progress.accept("Fetching the submodules");
    var anonymous = submodules == Submodules.ANONYMOUS;
    var configuration = new ArrayList<>(protocols(repository));
    if (anonymous) {
      configuration.add("protocol.ssh.allow=never");
    }
    try {
      // Relative URLs start there, and stay in the submodules' settings.
      run(directory, Settings.NONE, "config", ORIGIN, repository.urlWithoutPassword());
      git.run(
          directory,
          anonymous ? Settings.NONE : Settings.USER,
          configuration,
          List.of("submodule", "--quiet", "update", "--init", "--recursive", "--depth=1"));
    } catch (GitException e) {
      throw new GitException(
          "The submodules of %s cannot be fetched%s; -Dsandbox.submodules=none leaves them out%s"
              .formatted(
                  repository.shown(),
                  anonymous ? " without credentials" : "",
                  (anonymous ? ", credentials fetches them with yours" : "")
                      + ": "
                      + e.getMessage()),
          e);
    } finally {
      run(directory, Settings.NONE, "config", "--unset-all", ORIGIN);
    }
  }

  /** What may be spoken: nothing else that a repository, or a server by a redirect, names. */
  private static List<String> protocols(GitRepository repository) {
    return List.of(
        "protocol.allow=never",
        "protocol.https.allow=always",
        "protocol.ssh.allow=always",
        "protocol.file.allow=" + (repository.isOfThisMachine() ? "always" : "never"));
  }

  private String run(Path directory, Settings settings, String... arguments) throws GitException {
    return git.run(directory, settings, List.of(), List.of(arguments));
  }
}
