package dev.sandboxed.gvisor;

import dev.sandboxed.InvalidSpecException;
import dev.sandboxed.OutputTail;
import dev.sandboxed.SandboxException;
import dev.sandboxed.SandboxNetwork;
import dev.sandboxed.core.binaries.ProcessIdentity;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/**
 * A network of sandboxes: a directory in which each member's keeper has a socket. A file in it
 * names the process that made it, so that another can remove what a killed one left.
 */
final class DirectoryNetwork implements SandboxNetwork {
  private static final String PREFIX = "net-";
  private static final String OWNER = "owner";

  /** What the kernel takes for the path of a socket. */
  private static final int MAX_SOCKET_PATH = 107;

  /** How old a directory without an owner must be to count as left: it may just be being made. */
  private static final Duration YOUNG = Duration.ofSeconds(10);

  private final Path directory;
  private final Consumer<SandboxNetwork> onClose;
  private final AtomicBoolean closed = new AtomicBoolean();

  private DirectoryNetwork(Path directory, Consumer<SandboxNetwork> onClose) {
    this.directory = directory;
    this.onClose = onClose;
  }

  /**
   * Makes a network.
   *
   * @param state where its directory is made
   * @param onClose called once, when it is closed
   */
  static DirectoryNetwork create(StateDirectory state, Consumer<SandboxNetwork> onClose) {
    var random = Long.toString(ThreadLocalRandom.current().nextLong(1L << 40), 36);
    var directory = state.path().resolve(PREFIX + random);
    try {
      Files.createDirectory(
          directory,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      Files.writeString(directory.resolve(OWNER), ProcessIdentity.own().toString());
    } catch (IOException e) {
      throw new SandboxException(
          "A network of sandboxes cannot be made: %s cannot be written: %s"
              .formatted(directory, e.getMessage()),
          e);
    }
    return new DirectoryNetwork(directory, onClose);
  }

  /** Removes the networks whose processes are gone. */
  static void sweep(StateDirectory state) {
    try (var networks = Files.newDirectoryStream(state.path(), PREFIX + "*")) {
      for (var network : networks) {
        if (isLeft(network)) {
          remove(network);
        }
      }
    } catch (IOException e) {
      System.getLogger("dev.sandboxed")
          .log(Level.WARNING, "Cannot sweep the networks in " + state.path(), e);
    }
  }

  @Override
  public String id() {
    return directory.getFileName().toString();
  }

  /**
   * Returns the directory for a member.
   *
   * @throws InvalidSpecException if its socket's path would be too long
   * @throws SandboxException if the network is closed
   */
  Path directory(String name) {
    if (closed.get()) {
      throw new SandboxException(
          "The network %s is closed, so the sandbox \"%s\" cannot join it; create another"
              .formatted(id(), name));
    }
    var length = directory.resolve(name + ".sock").toString().length();
    if (length > MAX_SOCKET_PATH) {
      throw new InvalidSpecException(
          "The name \"%s\" is too long for a sandbox in the network %s: use %d characters at most"
              .formatted(
                  OutputTail.printable(name), id(), name.length() - (length - MAX_SOCKET_PATH)));
    }
    return directory;
  }

  @Override
  public void close() {
    if (!closed.getAndSet(true)) {
      onClose.accept(this);
      try {
        remove(directory);
      } catch (IOException e) {
        System.getLogger("dev.sandboxed").log(Level.WARNING, "Cannot remove " + directory, e);
      }
    }
  }

  @Override
  public String toString() {
    return "network " + id() + (closed.get() ? " (closed)" : "");
  }

  private static boolean isLeft(Path network) throws IOException {
    try {
      var owner = ProcessIdentity.parse(Files.readString(network.resolve(OWNER)));
      return owner.map(o -> !o.mayLive()).orElseGet(() -> isOld(network));
    } catch (NoSuchFileException e) {
      return isOld(network);
    } catch (NotDirectoryException e) {
      return false;
    }
  }

  private static boolean isOld(Path network) {
    try {
      return Files.getLastModifiedTime(network).toInstant().isBefore(Instant.now().minus(YOUNG));
    } catch (IOException e) {
      return false;
    }
  }

  /** Removes the sockets first and the owner last, so that a half removed one is still known. */
  private static void remove(Path network) throws IOException {
    try (DirectoryStream<Path> entries =
        Files.newDirectoryStream(network, e -> !e.endsWith(OWNER))) {
      for (var entry : entries) {
        Files.deleteIfExists(entry);
      }
    } catch (NoSuchFileException e) {
      return;
    }
    Files.deleteIfExists(network.resolve(OWNER));
    Files.deleteIfExists(network);
  }
}
