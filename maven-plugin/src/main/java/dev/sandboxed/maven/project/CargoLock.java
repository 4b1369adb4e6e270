package dev.sandboxed.maven.project;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.toml.TomlMapper;

/**
 * What a {@code Cargo.lock} names that has to be downloaded.
 *
 * @param crates the files of crates, such as {@code itoa-1.0.11.crate}
 * @param commits the commits of Git repositories
 */
record CargoLock(List<String> crates, List<Commit> commits) {
  static final String NAME = "Cargo.lock";

  /** No name or version leads to another directory. */
  private static final Pattern PART = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_.+-]{0,120}");

  private static final Pattern COMMIT = Pattern.compile("[0-9a-f]{40}");

  /**
   * A commit of a repository.
   *
   * @param repository the last part of its URL, without {@code .git}
   * @param id the commit's
   */
  record Commit(String repository, String id) {

    /** Reads one of a source such as {@code git+https://example.org/a/b?branch=c#0123…}. */
    static Optional<Commit> of(String source) {
      var mark = source.lastIndexOf('#');
      var id = source.substring(mark + 1);
      var url = mark < 0 ? "" : source.substring(0, mark).split("\\?", 2)[0];
      var path = url.endsWith("/") ? url.substring(0, url.length() - 1) : url;
      var name = path.substring(path.lastIndexOf('/') + 1);
      var repository = name.endsWith(".git") ? name.substring(0, name.length() - 4) : name;
      return source.startsWith("git+")
              && COMMIT.matcher(id).matches()
              && PART.matcher(repository).matches()
          ? Optional.of(new Commit(repository, id))
          : Optional.empty();
    }
  }

  /** Copies the lists. */
  CargoLock {
    crates = List.copyOf(crates);
    commits = List.copyOf(commits);
  }

  /** Reads a project's; empty if there is none, or none that can be understood. */
  static Optional<CargoLock> read(Checkout checkout) {
    return checkout.read(NAME).flatMap(CargoLock::parse);
  }

  private static Optional<CargoLock> parse(String text) {
    JsonNode root;
    try {
      root = new TomlMapper().readTree(text);
    } catch (JacksonException e) {
      return Optional.empty();
    }
    var crates = new ArrayList<String>();
    var commits = new ArrayList<Commit>();
    for (var entry : root.path("package")) {
      var source = entry.path("source").asString("");
      var file = entry.path("name").asString("") + "-" + entry.path("version").asString("");
      if (source.startsWith("registry+") || source.startsWith("sparse+")) {
        if (!PART.matcher(file).matches()) {
          return Optional.empty();
        }
        crates.add(file + ".crate");
      } else if (!source.isEmpty()) {
        var commit = Commit.of(source);
        if (commit.isEmpty()) {
          return Optional.empty();
        }
        commits.add(commit.get());
      }
    }
    return Optional.of(new CargoLock(crates, commits));
  }
}
