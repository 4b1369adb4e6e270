package dev.sandboxed.core.registry;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;

/** A registry that answers whatever a test wants, over plain HTTP on the loopback device. */
public final class FakeRegistry implements AutoCloseable {
  /** Answers a request in the place of the registry. */
  @FunctionalInterface
  public interface Misbehaviour {
    /** Returns whether it has answered. */
    boolean answer(HttpExchange exchange) throws IOException;
  }

  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final Map<String, byte[]> contents = new ConcurrentHashMap<>();
  private final Map<String, String> types = new ConcurrentHashMap<>();
  private final List<String> requests = new CopyOnWriteArrayList<>();
  private volatile Misbehaviour misbehaviour = exchange -> false;

  /** Starts it. */
  public FakeRegistry() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext("/", this::handle);
    server.start();
  }

  /** Returns its address, host and port. */
  public String host() {
    return "127.0.0.1:" + server.getAddress().getPort();
  }

  /** Returns the requests so far, method and path. */
  public List<String> requests() {
    return List.copyOf(requests);
  }

  /** Answers some requests otherwise from now on. */
  public FakeRegistry misbehaving(Misbehaviour other) {
    misbehaviour = other;
    return this;
  }

  /** Answers requests whose path holds a text otherwise. */
  public FakeRegistry misbehaving(String path, Misbehaviour other) {
    return misbehaving(e -> e.getRequestURI().getPath().contains(path) && other.answer(e));
  }

  /** Puts a content under a path below {@code /v2/}. */
  public FakeRegistry put(String path, String type, byte[] bytes) {
    types.put("/v2/" + path, type);
    contents.put("/v2/" + path, bytes);
    return this;
  }

  /** Puts a blob; returns its descriptor. */
  public String blob(String repository, String type, byte[] bytes) {
    put(repository + "/blobs/" + digest(bytes), "application/octet-stream", bytes);
    return "{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%d}"
        .formatted(type, digest(bytes), bytes.length);
  }

  /** Puts a manifest under a tag and its digest; returns the digest. */
  public String manifest(String repository, String tag, String text) {
    var bytes = text.getBytes(UTF_8);
    put(repository + "/manifests/" + tag, Manifest.OCI_MANIFEST, bytes);
    put(repository + "/manifests/" + digest(bytes), Manifest.OCI_MANIFEST, bytes);
    return digest(bytes);
  }

  /** Puts an image of one layer, with one file {@code /file}; returns the manifest's digest. */
  public String image(String repository, String tag, String text) throws IOException {
    var tar = tar(text.getBytes(UTF_8));
    var layer = blob(repository, "application/vnd.oci.image.layer.v1.tar+gzip", gzip(tar));
    var config =
        blob(
            repository,
            "application/vnd.oci.image.config.v1+json",
            config(digest(tar)).getBytes(UTF_8));
    return manifest(repository, tag, manifestOf(config, layer));
  }

  /** Returns a manifest of descriptors. */
  public static String manifestOf(String config, String... layers) {
    return "{\"schemaVersion\":2,\"mediaType\":\"%s\",\"config\":%s,\"layers\":[%s]}"
        .formatted(Manifest.OCI_MANIFEST, config, String.join(",", layers));
  }

  /** Returns a configuration for this machine. */
  public static String config(String... layers) {
    return "{\"os\":\"linux\",\"architecture\":\"%s\",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[%s]}}"
        .formatted(
            architecture(),
            String.join(",", List.of(layers).stream().map(l -> '"' + l + '"').toList()));
  }

  private static String architecture() {
    return System.getProperty("os.arch").equals("aarch64") ? "arm64" : "amd64";
  }

  static byte[] tar(byte[] content) throws IOException {
    var bytes = new ByteArrayOutputStream();
    try (var out = new TarArchiveOutputStream(bytes)) {
      var entry = new TarArchiveEntry("file");
      entry.setSize(content.length);
      out.putArchiveEntry(entry);
      out.write(content);
      out.closeArchiveEntry();
    }
    return bytes.toByteArray();
  }

  static byte[] gzip(byte[] content) throws IOException {
    var bytes = new ByteArrayOutputStream();
    try (var out = new GZIPOutputStream(bytes)) {
      out.write(content);
    }
    return bytes.toByteArray();
  }

  static String digest(byte[] bytes) {
    return Digest.sha256(bytes).text();
  }

  /** Answers with a status, headers and a text. */
  public static boolean answer(
      HttpExchange exchange, int status, Map<String, String> headers, String text)
      throws IOException {
    headers.forEach(exchange.getResponseHeaders()::set);
    var bytes = text.getBytes(UTF_8);
    var isEmpty = bytes.length == 0 || exchange.getRequestMethod().equals("HEAD");
    exchange.sendResponseHeaders(status, isEmpty ? -1 : bytes.length);
    if (!isEmpty) {
      exchange.getResponseBody().write(bytes);
    }
    return true;
  }

  /** Takes what is pushed to a repository, as a registry does. */
  public boolean take(HttpExchange exchange, String repository) throws IOException {
    var path = exchange.getRequestURI().getPath();
    if (exchange.getRequestMethod().equals("POST")) {
      return answer(exchange, 202, Map.of("Location", "/upload?state=1"), "");
    }
    if (!exchange.getRequestMethod().equals("PUT")) {
      return false;
    }
    var bytes = exchange.getRequestBody().readAllBytes();
    if (path.equals("/upload")) {
      blob(repository, "", bytes);
    } else {
      manifest(repository, path.substring(path.lastIndexOf('/') + 1), new String(bytes, UTF_8));
    }
    return answer(exchange, 201, Map.of("Docker-Content-Digest", digest(bytes)), "");
  }

  /** Returns the content of a path. */
  public Optional<byte[]> content(String path) {
    return Optional.ofNullable(contents.get(path));
  }

  private void handle(HttpExchange exchange) {
    try (exchange) {
      var path = exchange.getRequestURI().getPath();
      requests.add(exchange.getRequestMethod() + " " + path);
      if (misbehaviour.answer(exchange)) {
        return;
      }
      var bytes = contents.get(path);
      if (bytes == null) {
        answer(
            exchange,
            404,
            Map.of(),
            "{\"errors\":[{\"code\":\"MANIFEST_UNKNOWN\",\"message\":\"not here\"}]}");
        return;
      }
      exchange.getResponseHeaders().set("Content-Type", types.get(path));
      if (path.contains("/manifests/")) {
        exchange.getResponseHeaders().set("Docker-Content-Digest", digest(bytes));
      }
      var head = exchange.getRequestMethod().equals("HEAD");
      exchange.sendResponseHeaders(200, head ? -1 : bytes.length);
      if (!head) {
        exchange.getResponseBody().write(bytes);
      }
    } catch (IOException e) {
      // The client went away, as it may.
      if (!String.valueOf(e.getMessage())
          .matches("(?i).*(broken pipe|reset|closed|insufficient|not enough).*")) {
        throw new UncheckedIOException(e);
      }
    }
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
