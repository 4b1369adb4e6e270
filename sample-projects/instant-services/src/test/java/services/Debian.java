package services;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.sandboxed.Image;
import dev.sandboxed.junit.ImageFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** Images of Debian's packages. They are built once, and kept in the user's cache. */
final class Debian {
  private static final Path BUILDER = Path.of("/usr/bin/mmdebstrap");

  private Debian() {}

  /** PostgreSQL 15, whose users need no password. */
  static class Postgres implements ImageFactory {
    @Override
    public Image image() {
      return Image.debian("bookworm")
          .aptInstall("postgresql")
          .run(
              "sh",
              "-c",
              "echo 'local all all trust' > /etc/postgresql/15/main/pg_hba.conf;"
                  + " echo 'host all all all trust' >> /etc/postgresql/15/main/pg_hba.conf")
          .user("postgres");
    }
  }

  /** Redis. */
  static class Redis implements ImageFactory {
    @Override
    public Image image() {
      return Image.debian("bookworm").aptInstall("redis-server").user("redis").workdir("/tmp");
    }
  }

  static void assumeInstalled() {
    assumeTrue(missing().isEmpty(), missing().orElse(""));
  }

  /** Says what is missing to build them, if anything is. */
  static Optional<String> missing() {
    return Files.isExecutable(BUILDER)
        ? Optional.empty()
        : Optional.of(
            BUILDER
                + " builds base systems of Debian and is not here; install it to run these tests");
  }
}
