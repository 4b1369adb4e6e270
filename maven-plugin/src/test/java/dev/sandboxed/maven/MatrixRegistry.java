package dev.sandboxed.maven;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/** The registry of Debian's {@code docker-registry}, with small images that skopeo puts there. */
final class MatrixRegistry implements AutoCloseable {
  private static final Pattern LISTENING = Pattern.compile("listening on (127\\.0\\.0\\.1:\\d+)");

  /** A shell and some programs of the host's, and a file that says which image it is. */
  private static final String PUT =
      """
      cd "$1"
      root=root-$3
      mkdir -p $root/usr/bin $root/tmp $root/etc
      for d in bin sbin lib lib64; do ln -s usr/$d $root/$d; mkdir -p $root/usr/$d; done
      for p in sh cat; do cp -L "$(command -v $p)" $root/usr/bin/; done
      ldd $root/usr/bin/* | sed -n 's/.*\\s\\(\\/[^ ]*\\) (.*/\\1/p' | sort -u | while read -r l; do
        mkdir -p "$root$(dirname "$l")"
        cp -L "$l" "$root$l"
      done
      echo 'root:x:0:0::/root:/bin/sh' > $root/etc/passwd
      echo "$3" > $root/etc/which
      tar --numeric-owner --owner=0 --group=0 -cf layer-$3.tar -C $root .
      umoci init --layout layout-$3
      umoci new --image layout-$3:image
      umoci raw add-layer --image layout-$3:image layer-$3.tar
      skopeo --insecure-policy copy --dest-tls-verify=false oci:layout-$3:image "docker://$2/team/app:$3"
      """;

  private final Path directory;
  private final Path log;
  private final Process process;
  private final String host;

  private MatrixRegistry(Path directory, Path log, Process process) {
    this.directory = directory;
    this.log = log;
    this.process = process;
    try {
      host = await().atMost(Duration.ofMinutes(2)).until(this::address, a -> !a.isEmpty());
    } catch (RuntimeException | Error e) {
      process.destroyForcibly();
      throw e;
    }
  }

  /** Starts one that keeps its files in a directory, which need not be there. */
  static MatrixRegistry in(Path directory) throws IOException {
    Files.createDirectories(directory);
    var log = directory.resolve("registry.log");
    var config =
        Files.writeString(
            directory.resolve("config.yml"),
            """
            version: 0.1
            storage: {filesystem: {rootdirectory: %s}}
            http: {addr: "127.0.0.1:0"}
            """
                .formatted(directory.resolve("storage")));
    return new MatrixRegistry(
        directory, log, start(log, "docker-registry", "serve", config.toString()));
  }

  /** Its host and port. */
  String host() {
    return host;
  }

  /** Puts an image there whose {@code /etc/which} has the tag, and returns its reference. */
  String put(String tag) throws Exception {
    var output = directory.resolve("put.log");
    var put = start(output, "bash", "-euc", PUT, "put", directory.toString(), host, tag);
    try {
      assertThat(put.waitFor(2, TimeUnit.MINUTES)).isTrue();
      assertThat(put.exitValue()).as(Files.readString(output)).isZero();
    } finally {
      put.destroyForcibly();
    }
    return host + "/team/app:" + tag;
  }

  private static Process start(Path output, String... command) throws IOException {
    return new ProcessBuilder(List.of(command))
        .redirectErrorStream(true)
        .redirectOutput(output.toFile())
        .start();
  }

  private String address() throws IOException {
    var text = Files.readString(log);
    assertThat(process.isAlive()).as(text).isTrue();
    var matcher = LISTENING.matcher(text);
    return matcher.find() ? matcher.group(1) : "";
  }

  @Override
  public void close() throws InterruptedException {
    process.destroyForcibly();
    process.waitFor(1, TimeUnit.MINUTES);
  }
}
