package dev.sandboxed.core.image;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sandboxed.core.tree.FileTree;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HostToolsTest {
  private static final Path JAVA = Path.of(System.getProperty("java.home"));

  @TempDir private Path directory = Path.of("");
  private Path home = Path.of("");

  @BeforeEach
  void makeHome() throws IOException {
    home = Files.createDirectory(directory.toRealPath().resolve("home"));
    for (String secret :
        List.of(
            ".ssh/id_rsa",
            ".npmrc",
            ".m2/settings.xml",
            ".cargo/credentials.toml",
            ".config/gh/hosts.yml",
            "notes")) {
      write(home.resolve(secret), "secret");
    }
  }

  @Test
  void showsTheSystemsDirectories() throws IOException {
    HostTools tools = discover("/usr/bin:/bin");

    assertThat(tools.mounts()).contains(new HostMount(Path.of("/usr"), "/usr"));
    assertThat(tools.path()).startsWith("/usr/bin", "/bin");
    assertThat(tools.variables()).containsEntry("JAVA_HOME", JAVA.toRealPath().toString());
  }

  @Test
  void showsTheChosenVersionBehindPyenvsStandIns() throws IOException {
    program(".pyenv/shims/python3");
    program(".pyenv/bin/pyenv");
    for (String version : List.of("3.9.1", "3.10.2", "3.12.0")) {
      program(".pyenv/versions/" + version + "/bin/python3");
      Files.createDirectories(home.resolve(".pyenv/versions/" + version + "/lib"));
    }
    write(home.resolve(".pyenv/version"), "3.10.2\n");
    String path = home.resolve(".pyenv/shims") + ":" + home.resolve(".pyenv/bin") + ":/usr/bin";

    assertThat(homeMounts(discover(path))).containsExactly(".pyenv/versions/3.10.2");
    assertThat(discover(path).path())
        .startsWith(home.resolve(".pyenv/versions/3.10.2/bin").toString());
    assertThat(homeMounts(discover(path, Map.of("PYENV_VERSION", "3"))))
        .containsExactly(".pyenv/versions/3.12.0");
    assertThat(homeMounts(discover(path, Map.of("PYENV_VERSION", "../../.ssh")))).isEmpty();
  }

  @Test
  void showsTheToolChainBehindRustupsStandIns() throws IOException {
    program(".cargo/bin/rustup");
    program(".cargo/bin/cargo");
    program(".rustup/toolchains/stable-x86_64-unknown-linux-gnu/bin/cargo");
    Files.createDirectories(home.resolve(".rustup/toolchains/stable-x86_64-unknown-linux-gnu/lib"));
    write(
        home.resolve(".rustup/settings.toml"),
        "version = \"12\"\ndefault_toolchain = \"stable\"\n");

    HostTools tools = discover(home.resolve(".cargo/bin") + ":/usr/bin");

    assertThat(homeMounts(tools))
        .containsExactly(".rustup/toolchains/stable-x86_64-unknown-linux-gnu");
    assertThat(tools.path())
        .startsWith(
            home.resolve(".rustup/toolchains/stable-x86_64-unknown-linux-gnu/bin").toString());
  }

  @Test
  void showsToolChainsOnThePathAndBehindLinks() throws IOException {
    for (String chain :
        List.of(
            ".nvm/versions/node/v20.1.0",
            ".sdkman/candidates/maven/3.9.9",
            "go/sdk/go1.24",
            "apps/gradle-9")) {
      String tool =
          chain.contains("node")
              ? "node"
              : chain.contains("maven") ? "mvn" : chain.contains("go") ? "go" : "gradle";
      program(chain + "/bin/" + tool);
      Files.createDirectories(home.resolve(chain + "/lib"));
    }
    Files.createSymbolicLink(home.resolve(".sdkman/candidates/maven/current"), Path.of("3.9.9"));
    Files.createDirectories(home.resolve("bin"));
    Files.createSymbolicLink(home.resolve("bin/gradle"), home.resolve("apps/gradle-9/bin/gradle"));

    HostTools tools =
        discover(
            Stream.of(
                    ".nvm/versions/node/v20.1.0/bin",
                    ".sdkman/candidates/maven/current/bin",
                    "go/sdk/go1.24/bin",
                    "bin")
                .map(bin -> home.resolve(bin).toString())
                .reduce((a, b) -> a + ":" + b)
                .orElseThrow());

    assertThat(homeMounts(tools))
        .containsExactly(
            ".nvm/versions/node/v20.1.0",
            ".sdkman/candidates/maven/3.9.9",
            "apps/gradle-9",
            "go/sdk/go1.24");
  }

  @Test
  void showsNothingElseOfAHome() throws IOException {
    for (String program :
        List.of(
            "bin/mvn", ".local/bin/python3", ".cargo/bin/cargo", "go/bin/go", "project/bin/node")) {
      program(program);
      Path around = home.resolve(program).getParent().getParent();
      Files.createDirectories(around.resolve("lib"));
    }
    Files.createDirectories(home.resolve("go/pkg/mod"));
    Files.createDirectories(home.resolve("project/.git"));
    String path =
        Stream.of(
                "bin", ".local/bin", ".cargo/bin", "go/bin", "project/bin", "", ".", "../home/bin")
            .map(bin -> home + "/" + bin)
            .reduce("relative/bin", (a, b) -> a + ":" + b);

    HostTools tools =
        discover(
            path, Map.of("MAVEN_HOME", home.toString(), "GOROOT", home.resolve("go").toString()));

    assertThat(homeMounts(tools)).isEmpty();
    assertThat(tools.path()).noneMatch(entry -> entry.startsWith(home.toString()));
    assertThat(tools.variables()).doesNotContainKeys("MAVEN_HOME", "GOROOT");
  }

  @Test
  void hidesAHomeWithinADirectoryOfTools() throws IOException {
    HostTools outside = discover("/usr/bin");
    var within =
        new HostTools.Environment(Map.of("PATH", "/usr/bin:/usr/sbin"), Path.of("/usr/sbin"), JAVA);

    assertThat(outside.hidden()).isEmpty();
    // Somebody's only if they can write to it.
    assertThat(HostTools.discover(within).hidden())
        .isEqualTo(Files.isWritable(Path.of("/usr/sbin")) ? List.of("/usr/sbin") : List.of());
  }

  @Test
  void masksSettingsOfToolsThatHoldCredentials() throws IOException {
    program("apps/maven/bin/mvn");
    program("apps/node/bin/npm");
    program("apps/node/bin/node");
    Files.createDirectories(home.resolve("apps/maven/lib"));
    Files.createDirectories(home.resolve("apps/node/lib"));
    Files.createDirectories(home.resolve("apps/node/etc"));
    Files.createDirectories(home.resolve("apps/maven/conf"));
    Files.writeString(
        home.resolve("apps/maven/conf/settings.xml"),
        "<settings><!-- <password>none</password> --><servers><server><id>a</id>"
            + "<password>hunter2</password></server></servers></settings>");
    Files.writeString(
        home.resolve("apps/node/etc/npmrc"),
        "# no _authToken here\nregistry=https://npm.example/\n");

    HostTools tools =
        discover(home.resolve("apps/maven/bin") + ":" + home.resolve("apps/node/bin"));

    assertThat(tools.masked())
        .containsExactly(home.resolve("apps/maven/conf/settings.xml").toRealPath().toString());
  }

  @Test
  void leavesOutWhatTheUserMayNotRead() throws IOException {
    program("apps/node/bin/node");
    Files.createDirectories(home.resolve("apps/node/lib"));
    Files.setPosixFilePermissions(
        home.resolve("apps/node"), PosixFilePermissions.fromString("--x--x--x"));
    boolean readable = Files.isReadable(home.resolve("apps/node"));

    HostTools tools = discover(home.resolve("apps/node/bin").toString());

    // Root reads it all the same.
    assertThat(homeMounts(tools)).hasSize(readable ? 1 : 0);
    Files.setPosixFilePermissions(
        home.resolve("apps/node"), PosixFilePermissions.fromString("rwx------"));
  }

  @Test
  void findsInsideWhateverTheHostFinds() throws IOException {
    HostTools.Environment environment = HostTools.Environment.ofProcess();
    HostTools tools = HostTools.discover(environment);
    var missing = new TreeSet<String>();
    for (String tool :
        List.of(
            "sh", "bash", "git", "java", "mvn", "python3", "node", "npm", "go", "cargo", "make")) {
      boolean onHost =
          Stream.of(environment.variables().getOrDefault("PATH", "").split(":"))
              .anyMatch(entry -> Files.isExecutable(Path.of(entry, tool)));
      if (onHost
          && tools.path().stream().noneMatch(entry -> isVisible(tools, Path.of(entry, tool)))) {
        missing.add(tool);
      }
    }

    assertThat(missing).isEmpty();
  }

  @Test
  void showsNothingPersonalOfThisHost() throws IOException {
    HostTools.Environment environment = HostTools.Environment.ofProcess();
    HostTools tools = HostTools.discover(environment);
    Path realHome = environment.home().toRealPath();

    assertThat(tools.mounts())
        .allSatisfy(
            mount -> {
              assertThat(realHome.startsWith(mount.source())).as("home within %s", mount).isFalse();
              assertThat(mount.source().toString())
                  .doesNotContainPattern(
                      "/\\.(ssh|gnupg|aws|azure|config|docker|kube|m2|npm|cargo|local|cache)(/|$)");
            });
    FileTree skeleton = HostSkeleton.build(Path.of("/etc"), tools);
    assertThat(skeleton.paths())
        .noneMatch(
            path ->
                path.matches(
                    ".*(private|\\.key|settings.*\\.xml|gshadow|machine-id|npmrc|pip\\.conf|gitconfig)$"))
        .noneMatch(path -> path.matches("(home|etc/ssh|etc/apt|etc/sudoers)/.*"));
  }

  @Test
  void takesFromEtcWhatToolsNeedAndNoKeys() throws IOException {
    Path etc = Files.createDirectory(directory.resolve("etc"));
    write(etc.resolve("ssl/certs/ca.pem"), "-----BEGIN CERTIFICATE-----");
    write(
        etc.resolve("ssl/certs/mine.pem"),
        "-----BEGIN CERTIFICATE-----\n-----BEGIN RSA PRIVATE KEY-----");
    write(etc.resolve("ssl/private/server.pem"), "x");
    write(etc.resolve("pki/tls/private/key"), "x");
    write(etc.resolve("pki/tls/certs/host.key"), "x");
    write(etc.resolve("maven/m2.conf"), "x");
    write(etc.resolve("maven/settings.xml"), "<password>x</password>");
    write(etc.resolve("java-17-openjdk/net.properties"), "x");
    write(etc.resolve("passwd"), "alice:x:1000:1000::/home/alice:/bin/sh\n");
    write(etc.resolve("shadow"), "alice:secret");
    write(etc.resolve("npmrc"), "token");
    write(etc.resolve("machine-id"), "x");
    HostTools tools =
        new HostTools(
            List.of(), Map.of("bin", "usr/bin"), List.of(), Map.of(), List.of(), List.of());

    FileTree skeleton = HostSkeleton.build(etc, tools);

    assertThat(skeleton.paths())
        .contains(
            "etc/ssl/certs/ca.pem",
            "etc/maven/m2.conf",
            "etc/java-17-openjdk/net.properties",
            "bin",
            "tmp")
        .contains(
            "etc/passwd", "etc/group", "etc/hosts", "root", "var/tmp", "proc", "sys", "dev", "work")
        .noneMatch(
            path -> path.matches(".*(mine\\.pem|private|key|settings\\.xml|npmrc|machine-id).*"));
    assertThat(skeleton.find("tmp").orElseThrow().metadata().mode()).isEqualTo(01777);
    assertThat(skeleton.find("root").orElseThrow().metadata().mode()).isEqualTo(0700);
  }

  private static boolean isVisible(HostTools tools, Path file) {
    try {
      Path real = file.toRealPath();
      return Files.isExecutable(real)
          && tools.mounts().stream().anyMatch(mount -> real.startsWith(mount.source()));
    } catch (IOException e) {
      return false;
    }
  }

  private HostTools discover(String path) throws IOException {
    return discover(path, Map.of());
  }

  private HostTools discover(String path, Map<String, String> more) throws IOException {
    var variables = new HashMap<>(more);
    variables.put("PATH", path);
    return HostTools.discover(new HostTools.Environment(variables, home, JAVA));
  }

  private List<String> homeMounts(HostTools tools) {
    return tools.mounts().stream()
        .map(HostMount::source)
        .filter(source -> source.startsWith(home))
        .map(source -> home.relativize(source).toString())
        .toList();
  }

  private void program(String path) throws IOException {
    write(home.resolve(path), "#!/bin/sh\n");
    Files.setPosixFilePermissions(home.resolve(path), PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private static void write(Path file, String text) throws IOException {
    Files.createDirectories(file.resolve("..").normalize());
    Files.writeString(file, text);
  }
}
