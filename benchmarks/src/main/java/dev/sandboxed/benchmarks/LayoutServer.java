package dev.sandboxed.benchmarks;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.regex.Pattern;

/**
 * A registry on loopback that has the images of OCI layouts: what a registry costs, without a
 * network and without another program's pace.
 */
final class LayoutServer implements AutoCloseable {
  private static final Pattern DIGEST = Pattern.compile("sha256:([0-9a-f]{64})");
  private static final String MANIFEST = "application/vnd.oci.image.manifest.v1+json";

  private final Path layouts;
  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();

  /**
   * Serves the layouts in a directory, each as the image of its name, by any tag.
   *
   * @param layouts the directory
   */
  LayoutServer(Path layouts) throws IOException {
    this.layouts = layouts;
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext("/v2/", this::answer);
    server.start();
  }

  String host() {
    return "localhost:" + server.getAddress().getPort();
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      // /v2/<name>/manifests/<reference> or /v2/<name>/blobs/<digest>
      var parts = exchange.getRequestURI().getPath().split("/");
      var layout = layouts.resolve(parts.length > 2 ? parts[2] : "none");
      if (parts.length < 5 || !Files.exists(layout)) {
        exchange.sendResponseHeaders(404, -1);
        return;
      }
      var digest = DIGEST.matcher(parts[4]);
      var blob = layout.resolve("blobs/sha256").resolve(digest.matches() ? hex(parts[4]) : "");
      if (!digest.matches()) {
        var named = DIGEST.matcher(Files.readString(layout.resolve("index.json")));
        blob = blob.resolve(named.find() ? named.group(1) : "none");
      }
      var isManifest = parts[3].equals("manifests");
      exchange
          .getResponseHeaders()
          .set("Content-Type", isManifest ? MANIFEST : "application/octet-stream");
      exchange.getResponseHeaders().set("Docker-Content-Digest", "sha256:" + blob.getFileName());
      if (exchange.getRequestMethod().equals("HEAD")) {
        exchange.getResponseHeaders().set("Content-Length", Long.toString(Files.size(blob)));
        exchange.sendResponseHeaders(200, -1);
        return;
      }
      exchange.sendResponseHeaders(200, Files.size(blob));
      Files.copy(blob, exchange.getResponseBody());
    }
  }

  private static String hex(String digest) {
    return digest.substring("sha256:".length());
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
