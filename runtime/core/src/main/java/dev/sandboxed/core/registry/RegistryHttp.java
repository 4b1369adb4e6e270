package dev.sandboxed.core.registry;

import dev.sandboxed.OutputTail;
import dev.sandboxed.core.registry.RegistryException.Kind;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.ProxySelector;
import java.net.URI;
import java.net.UnknownHostException;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.channels.UnresolvedAddressException;
import java.nio.file.Files;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

/**
 * Requests to registries: with a time limit on every wait, and redirects that take no credentials
 * to another host. Thread-safe.
 */
final class RegistryHttp {
  private static final int MAX_REDIRECTS = 5;
  private static final int MAX_SHOWN = 300;
  private static final Duration CONNECT = Duration.ofSeconds(30);

  private final RegistrySettings settings;
  private final HttpClient client;

  RegistryHttp(RegistrySettings settings) throws IOException {
    this.settings = settings;
    var builder =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(
                settings.patience().compareTo(CONNECT) < 0 ? settings.patience() : CONNECT);
    var proxies = ProxySelector.getDefault();
    if (proxies != null) {
      builder.proxy(proxies);
    }
    if (!settings.authorities().isEmpty()) {
      builder.sslContext(trusting());
    }
    client = builder.build();
  }

  /** An answer; its body is closed by who asked. */
  record Answer(int status, HttpHeaders headers, InputStream body) implements AutoCloseable {
    @Override
    public void close() throws IOException {
      body.close();
    }

    /** Returns the body if it is small enough. */
    byte[] bytes(int limit, String what) throws IOException {
      var bytes = body.readNBytes(limit + 1);
      if (bytes.length > limit) {
        throw RegistryException.invalid(
            "%s has more than %,d bytes: refused".formatted(what, limit));
      }
      return bytes;
    }
  }

  /** Returns the address of a registry. */
  URI base(String host) {
    return URI.create((isInsecure(host) ? "http://" : "https://") + host);
  }

  private boolean isInsecure(String host) {
    return settings.insecure().contains(host);
  }

  /**
   * Sends a request and follows redirects.
   *
   * @param headers sent to the first address and, but for {@code Authorization}, on to others
   * @param form sent to the first address only, since it holds a secret: a redirect of it is
   *     refused
   * @throws RegistryException of the kind UNREACHABLE if there is no answer
   */
  Answer send(String method, URI uri, Map<String, String> headers, String form) throws IOException {
    var at = uri;
    for (int i = 0; i <= MAX_REDIRECTS; i++) {
      var answer = exchange(method, at, headers, form, sameOrigin(uri, at));
      if (answer.status() < 300 || answer.status() == 304 || answer.status() >= 400) {
        return answer;
      }
      answer.close();
      if (!form.isEmpty()) {
        throw RegistryException.invalid(
            "%s redirects a request with a token to somewhere else: refused"
                .formatted(uri.getAuthority()));
      }
      at = redirected(at, answer.headers().firstValue("Location").orElse(""));
    }
    throw RegistryException.invalid(
        "%s redirects more than %d times: refused".formatted(uri.getAuthority(), MAX_REDIRECTS));
  }

  /** What is sent; opened anew for each try. */
  interface Upload {
    long size();

    InputStream open() throws IOException;
  }

  /**
   * Puts a content, as slowly as its registry takes it, but not without going on. Redirects are not
   * followed.
   *
   * @throws RegistryException of the kind UNREACHABLE if there is no answer
   */
  Answer upload(URI uri, Map<String, String> headers, Upload upload) throws IOException {
    var lastRead = new AtomicLong(System.nanoTime());
    var body =
        upload.size() == 0
            ? HttpRequest.BodyPublishers.noBody()
            : HttpRequest.BodyPublishers.fromPublisher(
                HttpRequest.BodyPublishers.ofInputStream(() -> watched(upload, lastRead)),
                upload.size());
    var request = HttpRequest.newBuilder(uri).PUT(body);
    headers.forEach(request::header);
    var response = client.sendAsync(request.build(), HttpResponse.BodyHandlers.ofInputStream());
    while (true) {
      var silent = Duration.ofNanos(System.nanoTime() - lastRead.get());
      try {
        return answer(
            uri, response.get(settings.patience().minus(silent).toNanos(), TimeUnit.NANOSECONDS));
      } catch (TimeoutException e) {
        if (System.nanoTime() - lastRead.get() >= settings.patience().toNanos()) {
          response.cancel(true);
          throw RegistryException.passing(
              "The registry %s took no more and said nothing for %d s"
                  .formatted(uri.getAuthority(), settings.patience().toSeconds()),
              e);
        }
      } catch (InterruptedException e) {
        response.cancel(true);
        Thread.currentThread().interrupt();
        throw new InterruptedIOException("interrupted while sending to " + uri.getAuthority());
      } catch (ExecutionException e) {
        throw e.getCause() instanceof IOException io
            ? explained(uri, io)
            : new IOException("sending to " + uri.getAuthority() + " failed", e.getCause());
      }
    }
  }

  private static InputStream watched(Upload upload, AtomicLong lastRead) {
    try {
      return new FilterInputStream(upload.open()) {
        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
          lastRead.set(System.nanoTime());
          return in.read(buffer, offset, length);
        }
      };
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Answer answer(URI uri, HttpResponse<InputStream> response) {
    return new Answer(
        response.statusCode(),
        response.headers(),
        new PatientStream(response.body(), settings.patience(), uri.getAuthority()));
  }

  private URI redirected(URI from, String location) throws RegistryException {
    URI to;
    try {
      to = from.resolve(location);
    } catch (IllegalArgumentException e) {
      throw RegistryException.invalid(from.getAuthority() + " redirects to no address: refused");
    }
    if (location.isEmpty() || to.getHost() == null) {
      throw RegistryException.invalid(from.getAuthority() + " redirects to no address: refused");
    }
    requireSafe(from, to);
    return to;
  }

  /** Refuses to go on in the clear from a registry that is spoken to by TLS. */
  void requireSafe(URI from, URI to) throws RegistryException {
    var secure = "https".equalsIgnoreCase(to.getScheme());
    var plain = "http".equalsIgnoreCase(to.getScheme());
    if (!secure && !(plain && ("http".equals(from.getScheme()) || isInsecure(to.getAuthority())))) {
      throw RegistryException.invalid(
          "%s leads to %s without TLS: refused; if that is meant, add %s to -D%s"
              .formatted(
                  from.getAuthority(),
                  shown(String.valueOf(to.getAuthority())),
                  shown(String.valueOf(to.getAuthority())),
                  RegistrySettings.INSECURE));
    }
  }

  static boolean sameOrigin(URI a, URI b) {
    return String.valueOf(a.getScheme()).equalsIgnoreCase(b.getScheme())
        && String.valueOf(a.getAuthority()).equalsIgnoreCase(b.getAuthority());
  }

  private Answer exchange(
      String method, URI uri, Map<String, String> headers, String form, boolean authorized)
      throws IOException {
    var request =
        HttpRequest.newBuilder(uri)
            .timeout(settings.patience())
            .method(
                method,
                form.isEmpty()
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofString(form));
    headers.forEach(
        (name, value) -> {
          if (authorized || !name.equals("Authorization")) {
            request.header(name, value);
          }
        });
    HttpResponse<InputStream> response;
    try {
      response = client.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while waiting for " + uri.getAuthority());
    } catch (InterruptedIOException e) {
      throw e;
    } catch (IOException e) {
      throw explained(uri, e);
    }
    return answer(uri, response);
  }

  private RegistryException explained(URI uri, IOException e) {
    var host = uri.getAuthority();
    if (e instanceof SSLHandshakeException) {
      return new RegistryException(
          Kind.INVALID,
          "The registry %s shows a certificate that is not trusted (%s); name the PEM file of its authority in -D%s"
              .formatted(host, shown(reason(e)), RegistrySettings.AUTHORITIES),
          e);
    }
    if (e instanceof SSLException) {
      return new RegistryException(
          Kind.INVALID,
          "The registry %s does not speak TLS (%s); if it speaks plain HTTP, and that is meant, add %s to -D%s"
              .formatted(host, shown(reason(e)), host, RegistrySettings.INSECURE),
          e);
    }
    if (e instanceof HttpConnectTimeoutException
        || e instanceof ConnectException
        || e instanceof UnknownHostException
        || e.getCause() instanceof UnresolvedAddressException) {
      return new RegistryException(
          Kind.UNREACHABLE,
          "The registry %s cannot be reached (%s); check its name, the network and the proxy"
              .formatted(host, shown(reason(e))),
          e);
    }
    return RegistryException.passing(
        "The registry %s broke off (%s)".formatted(host, shown(reason(e))), e);
  }

  /** Connection errors of the JDK's client often have no message of their own. */
  static String reason(Throwable e) {
    for (Throwable t = e; t != null; t = t.getCause()) {
      if (t.getMessage() != null && !t.getMessage().isBlank()) {
        return t.getMessage();
      }
    }
    return e instanceof ConnectException ? "connection refused or no such host" : e.toString();
  }

  /** Returns a foreign text fit for a message. */
  static String shown(String text) {
    var line = OutputTail.printable(text).replaceAll("\\s+", " ").strip();
    return line.length() > MAX_SHOWN ? line.substring(0, MAX_SHOWN) + "…" : line;
  }

  /** Returns what trusts Java's authorities and those of the settings. */
  private SSLContext trusting() throws IOException {
    try {
      var store = KeyStore.getInstance(KeyStore.getDefaultType());
      store.load(null, null);
      var defaults = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      defaults.init((KeyStore) null);
      int number = 0;
      for (var manager : defaults.getTrustManagers()) {
        if (manager instanceof X509TrustManager x509) {
          for (var authority : Arrays.asList(x509.getAcceptedIssuers())) {
            store.setCertificateEntry("a" + number++, authority);
          }
        }
      }
      for (var file : settings.authorities()) {
        try (var in = Files.newInputStream(file)) {
          for (var authority : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
            store.setCertificateEntry("a" + number++, authority);
          }
        } catch (IOException | GeneralSecurityException e) {
          throw new RegistryException(
              Kind.INVALID,
              "-D%s names %s, which has no certificates that can be read: %s"
                  .formatted(RegistrySettings.AUTHORITIES, file, shown(reason(e))),
              e);
        }
      }
      var all = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      all.init(store);
      var context = SSLContext.getInstance("TLS");
      context.init(null, all.getTrustManagers(), new SecureRandom());
      return context;
    } catch (GeneralSecurityException e) {
      throw new IOException("Java's store of authorities cannot be used", e);
    }
  }
}
