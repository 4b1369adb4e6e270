package dev.sandboxed.core.buildtools;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.util.Base64;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The certificates of authorities that the user's tools trust, which a company's mirror or proxy
 * may need. Only certificates are read of the files, so a key that lies beside them stays outside.
 */
final class CaCertificates {
  /** Where they lie inside. */
  static final String FILE = "/etc/sandboxed/ca-certificates.pem";

  private static final List<String> VARIABLES =
      List.of(
          "SSL_CERT_FILE",
          "NODE_EXTRA_CA_CERTS",
          "PIP_CERT",
          "REQUESTS_CA_BUNDLE",
          "CARGO_HTTP_CAINFO");

  /** Where systems keep them, in the order in which Go looks. */
  private static final List<Path> SYSTEM =
      List.of(
          Path.of("/etc/ssl/certs/ca-certificates.crt"),
          Path.of("/etc/pki/tls/certs/ca-bundle.crt"),
          Path.of("/etc/ssl/ca-bundle.pem"),
          Path.of("/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem"),
          Path.of("/etc/ssl/cert.pem"));

  private static final String BEGIN = "-----BEGIN CERTIFICATE-----";
  private static final String END = "-----END CERTIFICATE-----";
  private static final long MAX_FILE = 8 << 20;
  private static final Base64.Encoder PEM = Base64.getMimeEncoder(64, new byte[] {'\n'});

  /** Variables that name the file to Go and OpenSSL, Node, pip and Cargo. */
  static final Map<String, String> ENVIRONMENT =
      Map.of(
          "SSL_CERT_FILE", FILE,
          "NODE_EXTRA_CA_CERTS", FILE,
          "PIP_CERT", FILE,
          "CARGO_HTTP_CAINFO", FILE);

  private CaCertificates() {}

  /**
   * Returns all of them as PEM, each once; empty if there is none.
   *
   * @param configured files that tools are configured with
   * @param warnings gets what cannot be read
   */
  static String read(HostEnvironment environment, List<Path> configured, List<String> warnings) {
    var files = new LinkedHashSet<Path>();
    SYSTEM.stream().filter(Files::isReadable).findFirst().ifPresent(files::add);
    VARIABLES.forEach(name -> environment.path(name).ifPresent(files::add));
    files.addAll(configured);
    Set<Certificate> certificates = new LinkedHashSet<>();
    for (var file : files) {
      try {
        certificates.addAll(read(file));
      } catch (IOException | CertificateException e) {
        warnings.add(
            "certificates: %s is not a readable file of PEM certificates, and is left out"
                .formatted(file));
      }
    }
    var text = new StringBuilder();
    for (var certificate : certificates) {
      try {
        text.append(BEGIN)
            .append('\n')
            .append(PEM.encodeToString(certificate.getEncoded()))
            .append('\n')
            .append(END)
            .append('\n');
      } catch (CertificateException e) {
        throw new IllegalStateException("A certificate that was read cannot be written", e);
      }
    }
    return text.toString();
  }

  private static Set<Certificate> read(Path file) throws IOException, CertificateException {
    if (Files.size(file) > MAX_FILE) {
      throw new IOException("too large");
    }
    var found = new LinkedHashSet<Certificate>();
    var factory = CertificateFactory.getInstance("X.509");
    var text = Files.readString(file, StandardCharsets.ISO_8859_1);
    // The factory does not like anything else between them, such as comments or keys.
    for (var begin = text.indexOf(BEGIN); begin >= 0; begin = text.indexOf(BEGIN, begin + 1)) {
      var end = text.indexOf(END, begin);
      if (end < 0) {
        throw new CertificateException("cut off");
      }
      var pem = text.substring(begin, end + END.length()).getBytes(StandardCharsets.ISO_8859_1);
      found.add(factory.generateCertificate(new ByteArrayInputStream(pem)));
    }
    return found;
  }
}
