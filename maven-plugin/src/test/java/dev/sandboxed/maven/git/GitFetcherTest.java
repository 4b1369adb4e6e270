package dev.sandboxed.maven.git;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Repositories on this machine, fetched by its git. */
class GitFetcherTest {
  private static final Duration LIMIT = Duration.ofMinutes(2);
  private final List<String> progress = new ArrayList<>();
  @TempDir private Path temporary;
  private Path home;
  private Path parent;

  @BeforeEach
  void makeHome() throws IOException {
    assumeTrue(
        Stream.of(System.getenv("PATH").split(":"))
            .anyMatch(p -> Files.isExecutable(Path.of(p, "git"))),
        "git is not on the PATH");
    home = Files.createDirectory(temporary.resolve("home"));
    parent = temporary.resolve("checkouts");
  }

  @Test
  void checksOutBranchesTagsAndCommits() throws Exception {
    var upstream = new Upstream(temporary.resolve("project.git"));
    var first = upstream.write("dir/file", "one").commit("one");
    upstream.git("tag", "v1");
    upstream.git("tag", "-a", "-m", "annotated", "v1-annotated");
    var second = upstream.write("dir/file", "two").commit("two");
    upstream.git("checkout", "-q", "-b", "topic/a");
    Files.createSymbolicLink(upstream.directory().resolve("link"), Path.of("dir/file"));
    var program = upstream.write("run.sh", "echo").directory().resolve("run.sh");
    assertThat(program.toFile().setExecutable(true)).isTrue();
    var third = upstream.commit("three");
    upstream.git("checkout", "-q", "main");

    assertThat(commitOf(upstream, null)).isEqualTo(second);
    assertThat(commitOf(upstream, "main")).isEqualTo(second);
    assertThat(commitOf(upstream, "v1")).isEqualTo(first);
    assertThat(commitOf(upstream, "v1-annotated")).isEqualTo(first);
    assertThat(commitOf(upstream, first)).isEqualTo(first);
    Path directory;
    try (var checkout = fetch(upstream.url(), "topic/a", Submodules.ANONYMOUS)) {
      directory = checkout.directory();
      assertThat(checkout.commit()).isEqualTo(third);
      assertThat(directory.resolve("dir/file")).hasContent("two");
      assertThat(directory.resolve("run.sh")).isExecutable();
      assertThat(Files.readSymbolicLink(directory.resolve("link"))).hasToString("dir/file");
      assertThat(Files.readString(directory.resolve(".git/shallow")))
          .isEqualToIgnoringNewLines(third);
      assertThat(checkout.largeFiles()).isEmpty();
    }
    assertThat(directory).doesNotExist();
    assertThat(parent).isEmptyDirectory();
    assertThat(progress).endsWith("Fetching topic/a of " + upstream.url(), "Checked out " + third);
  }

  @Test
  void saysWhatIsNotThereAndLeavesNothing() throws Exception {
    var upstream = new Upstream(temporary.resolve("project"));
    var commit = upstream.write("file", "one").commit("one");
    assertThatThrownBy(() -> fetch(upstream.url(), "v9", Submodules.ANONYMOUS))
        .isInstanceOf(GitException.class)
        .hasMessageContaining("v9 of " + upstream.url() + " cannot be fetched")
        .hasMessageContaining("couldn't find remote ref v9");
    assertThatThrownBy(() -> fetch(upstream.url(), commit.substring(0, 8), Submodules.ANONYMOUS))
        .hasMessageContaining("a commit must be named by its full id");
    assertThatThrownBy(() -> fetch("file:///no/such/repository", null, Submodules.ANONYMOUS))
        .hasMessageContaining("The default branch of file:///no/such/repository cannot be fetched")
        .hasMessageContaining("'/no/such/repository'");
    assertThat(parent).isEmptyDirectory();
  }

  @Test
  void runsNothingOfTheRepositoryOrForIt() throws Exception {
    var ran = temporary.resolve("ran");
    var templates = Files.createDirectories(temporary.resolve("templates/hooks"));
    var hook = templates.resolve("post-checkout");
    Files.writeString(hook, "#!/bin/sh\ntouch " + ran + "\n");
    assertThat(hook.toFile().setExecutable(true)).isTrue();
    Files.writeString(
        home.resolve(".gitconfig"),
        """
        [init]
          templateDir = %s
        [core]
          hooksPath = %s
        [filter "program"]
          smudge = touch %s; cat
          required = true
        """
            .formatted(templates.getParent(), templates, ran));
    var upstream = new Upstream(temporary.resolve("project"));
    upstream.write(".gitattributes", "* filter=program\n").write("file", "as it is").commit("one");
    try (var checkout = fetch(upstream.url(), null, Submodules.ANONYMOUS)) {
      assertThat(checkout.directory().resolve("file")).hasContent("as it is");
      assertThat(ran).doesNotExist();
    }
  }

  @Test
  void notesLargeFiles() throws Exception {
    var upstream = new Upstream(temporary.resolve("project"));
    var pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n";
    upstream
        .write(".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n")
        .write("data/a b.bin", pointer)
        .write("other", "text")
        .commit("one");
    try (var checkout = fetch(upstream.url(), null, Submodules.ANONYMOUS)) {
      assertThat(checkout.largeFiles()).containsExactly("data/a b.bin");
      assertThat(checkout.directory().resolve("data/a b.bin")).hasContent(pointer);
    }
  }

  @Test
  void fetchesSubmodulesOfSubmodules() throws Exception {
    var inner = new Upstream(temporary.resolve("inner"));
    inner.write("deep", "inner").commit("inner");
    var middle = new Upstream(temporary.resolve("middle"));
    middle.git("submodule", "--quiet", "add", "../inner", "in");
    middle.commit("middle");
    var outer = new Upstream(temporary.resolve("outer"));
    outer.git("submodule", "--quiet", "add", "../middle", "mid");
    outer.commit("outer");
    try (var checkout = fetch(outer.url(), null, Submodules.ANONYMOUS)) {
      assertThat(checkout.directory().resolve("mid/in/deep")).hasContent("inner");
    }
    try (var checkout = fetch(outer.url(), null, Submodules.NONE)) {
      assertThat(checkout.directory().resolve("mid")).isEmptyDirectory();
    }
  }

  @Test
  void fetchesNoSubmodulesByOtherTransports() throws Exception {
    for (var url :
        List.of("ext::sh -c touch% " + temporary.resolve("ran"), "ssh://git@127.0.0.1:1/a")) {
      var upstream = new Upstream(Files.createTempDirectory(temporary, "outer"));
      upstream.write("file", "x").commit("one");
      upstream.write(
          ".gitmodules", "[submodule \"sub\"]\n\tpath = sub\n\turl = \"%s\"\n".formatted(url));
      var commit = upstream.git("rev-parse", "HEAD").strip();
      upstream.git("update-index", "--add", "--cacheinfo", "160000," + commit + ",sub");
      upstream.git("add", ".gitmodules");
      upstream.git("commit", "-q", "-m", "two");
      assertThatThrownBy(() -> fetch(upstream.url(), null, Submodules.ANONYMOUS))
          .isInstanceOf(GitException.class)
          .hasMessageContaining("cannot be fetched without credentials")
          .hasMessageContaining("-Dsandbox.submodules=none leaves them out")
          .hasMessageContaining("not allowed");
    }
    assertThat(temporary.resolve("ran")).doesNotExist();
    assertThat(parent).isEmptyDirectory();
  }

  @Test
  void keepsCredentialsOutside() throws Exception {
    var upstream = new Upstream(temporary.resolve("served/project"));
    var commit = upstream.write("file", "private").commit("one");
    try (var server = new GitServer(temporary.resolve("served"), temporary)) {
      var config = "[http]\n  sslCAInfo = %s\n".formatted(server.certificate());
      Files.writeString(home.resolve(".gitconfig"), config);
      assertThatThrownBy(() -> fetch(server.url("project", ""), null, Submodules.ANONYMOUS))
          .isInstanceOf(GitException.class)
          .hasMessageContaining("terminal prompts disabled");

      var inUrl = GitServer.USER + ":" + GitServer.PASSWORD + "@";
      try (var checkout = fetch(server.url("project", inUrl), null, Submodules.ANONYMOUS)) {
        assertThat(checkout.commit()).isEqualTo(commit);
        assertHoldsNoPassword(checkout.directory());
      }

      var helper = "!f() { echo username=%s; echo password=%s; }; f";
      Files.writeString(
          home.resolve(".gitconfig"),
          config
              + "[credential]\n  helper = \"%s\"\n"
                  .formatted(helper.formatted(GitServer.USER, GitServer.PASSWORD)));
      try (var checkout = fetch(server.url("project", ""), "main", Submodules.ANONYMOUS)) {
        assertThat(checkout.directory().resolve("file")).hasContent("private");
        assertHoldsNoPassword(checkout.directory());
      }
    }
    assertThat(progress).noneMatch(l -> l.contains(GitServer.PASSWORD));
  }

  @Test
  void givesUpOnAServerThatDoesNotAnswer() throws Exception {
    try (var silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      var fetcher = new GitFetcher(environment(), Duration.ofSeconds(1), progress::add);
      var repository =
          new GitRepository("https://127.0.0.1:" + silent.getLocalPort() + "/a", Optional.empty());
      assertThatThrownBy(() -> fetcher.fetch(repository, Submodules.ANONYMOUS, parent))
          .isInstanceOf(GitException.class)
          .hasMessageContaining("git fetch took more than 1 s and was ended");
    }
    assertThat(parent).isEmptyDirectory();
  }

  private static void assertHoldsNoPassword(Path directory) throws IOException {
    try (var files = Files.walk(directory)) {
      for (var file :
          files.filter(f -> Files.isRegularFile(f, LinkOption.NOFOLLOW_LINKS)).toList()) {
        assertThat(new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1))
            .as(file.toString())
            .doesNotContain(GitServer.PASSWORD);
      }
    }
  }

  private String commitOf(Upstream upstream, String ref) throws IOException {
    try (var checkout = fetch(upstream.url(), ref, Submodules.ANONYMOUS)) {
      return checkout.commit();
    }
  }

  private GitCheckout fetch(String url, String ref, Submodules submodules) throws IOException {
    return new GitFetcher(environment(), LIMIT, progress::add)
        .fetch(GitRepository.of(url, Optional.ofNullable(ref), temporary), submodules, parent);
  }

  private Map<String, String> environment() {
    var environment = new HashMap<>(System.getenv());
    environment.keySet().removeIf(n -> n.startsWith("GIT_"));
    environment.put("HOME", home.toString());
    environment.put("XDG_CONFIG_HOME", home.toString());
    environment.put("GIT_CONFIG_NOSYSTEM", "1");
    // As where a hook runs Maven.
    environment.put("GIT_DIR", "/no/such/directory");
    return environment;
  }
}
