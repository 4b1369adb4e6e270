package dev.sandboxed.maven.git;

import com.sun.net.httpserver.BasicAuthenticator;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.List;
import java.util.Map;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/** Repositories by HTTPS, for those who know the password: git's own CGI program behind it. */
final class GitServer implements AutoCloseable {
  static final String USER = "reader";
  static final String PASSWORD = "s3cr3t-of-the-reader";
  private static final String STORE_PASSWORD = "changeit";

  private final HttpsServer server;
  private final Path root;
  private final Path certificate;

  GitServer(Path root, Path scratch) throws IOException, GeneralSecurityException {
    this.root = root;
    var store = scratch.resolve("server.p12");
    certificate = scratch.resolve("server.pem");
    keytool(
        store,
        List.of(
            "-genkeypair",
            "-alias",
            "server",
            "-keyalg",
            "RSA",
            "-dname",
            "CN=localhost",
            "-ext",
            "san=ip:127.0.0.1"));
    keytool(store, List.of("-exportcert", "-rfc", "-alias", "server", "-file", "" + certificate));
    server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setHttpsConfigurator(new HttpsConfigurator(context(store)));
    server
        .createContext("/", this::serve)
        .setAuthenticator(
            new BasicAuthenticator("repositories") {
              @Override
              public boolean checkCredentials(String user, String password) {
                return user.equals(USER) && password.equals(PASSWORD);
              }
            });
    server.start();
  }

  /** Returns the address of a repository below the root, with what stands before the host. */
  String url(String repository, String userInfo) {
    return "https://%s127.0.0.1:%d/%s"
        .formatted(userInfo, server.getAddress().getPort(), repository);
  }

  Path certificate() {
    return certificate;
  }

  private void serve(HttpExchange exchange) throws IOException {
    var builder = new ProcessBuilder("git", "http-backend");
    var uri = exchange.getRequestURI();
    var headers = exchange.getRequestHeaders();
    builder
        .environment()
        .putAll(
            Map.of(
                "GIT_PROJECT_ROOT", root.toString(),
                "GIT_HTTP_EXPORT_ALL", "1",
                "PATH_INFO", uri.getPath(),
                "QUERY_STRING", text(uri.getQuery()),
                "REQUEST_METHOD", exchange.getRequestMethod(),
                "CONTENT_TYPE", text(headers.getFirst("Content-Type")),
                "HTTP_CONTENT_ENCODING", text(headers.getFirst("Content-Encoding")),
                "GIT_PROTOCOL", text(headers.getFirst("Git-Protocol"))));
    var process = builder.start();
    try (exchange) {
      try (var input = process.getOutputStream()) {
        exchange.getRequestBody().transferTo(input);
      }
      var status = 200;
      var output = process.getInputStream();
      for (var line = line(output); !line.isEmpty(); line = line(output)) {
        var colon = line.indexOf(':');
        var value = line.substring(colon + 1).strip();
        if (line.startsWith("Status:")) {
          status = Integer.parseInt(value.substring(0, 3));
        } else {
          exchange.getResponseHeaders().add(line.substring(0, colon), value);
        }
      }
      exchange.sendResponseHeaders(status, 0);
      output.transferTo(exchange.getResponseBody());
    } finally {
      process.destroy();
    }
  }

  private static String line(InputStream output) throws IOException {
    var line = new StringBuilder();
    for (var c = output.read(); c >= 0 && c != '\n'; c = output.read()) {
      line.append((char) c);
    }
    return line.toString().strip();
  }

  private static String text(String value) {
    return value == null ? "" : value;
  }

  private static SSLContext context(Path store) throws IOException, GeneralSecurityException {
    var keys = KeyStore.getInstance("PKCS12");
    try (var in = Files.newInputStream(store)) {
      keys.load(in, STORE_PASSWORD.toCharArray());
    }
    var factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    factory.init(keys, STORE_PASSWORD.toCharArray());
    var context = SSLContext.getInstance("TLS");
    context.init(factory.getKeyManagers(), null, null);
    return context;
  }

  private static void keytool(Path store, List<String> arguments) throws IOException {
    var command = new java.util.ArrayList<String>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
    command.addAll(arguments);
    command.addAll(
        List.of("-keystore", "" + store, "-storetype", "PKCS12", "-storepass", STORE_PASSWORD));
    var process = new ProcessBuilder(command).redirectErrorStream(true).start();
    var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    try {
      if (process.waitFor() != 0) {
        throw new IOException(output);
      }
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
