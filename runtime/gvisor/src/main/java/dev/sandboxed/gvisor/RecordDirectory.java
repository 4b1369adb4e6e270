package dev.sandboxed.gvisor;

import dev.sandboxed.BackendUnavailableException;
import dev.sandboxed.core.agent.LogFiles;
import dev.sandboxed.core.binaries.Settings;
import dev.sandboxed.core.binaries.UserDirectory;
import dev.sandboxed.core.protocol.JsonObject;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The directory that holds what is left to be known of this user's sandboxes that have ended. It is
 * private to the user.
 *
 * @param path an absolute path
 */
record RecordDirectory(Path path) {
  /** The system property that names another directory. */
  static final String PROPERTY = "sandboxed.records";

  /** The environment variable that names another directory; the property goes first. */
  static final String VARIABLE = "SANDBOXED_RECORDS";

  private static final UserDirectory KIND =
      new UserDirectory(
          "directory of records",
          "the records of ended sandboxes",
          "change what is said of ended sandboxes",
          PROPERTY,
          VARIABLE,
          "XDG_STATE_HOME",
          ".local/state",
          "sandboxed");

  /** Makes sure that the directory exists and that nobody else can change what is in it. */
  static RecordDirectory open(Settings settings) {
    var path = KIND.find(settings);
    try {
      KIND.makePrivate(path);
      return new RecordDirectory(path.toRealPath());
    } catch (IOException e) {
      throw new BackendUnavailableException(
          "The directory for the records of ended sandboxes, %s, cannot be made: %s; %s"
              .formatted(path, e, KIND.howToNameAnother()),
          e);
    }
  }

  /** Returns where what the entrypoint of a sandbox printed is kept. */
  LogFiles logs(String id) {
    return new LogFiles(path, id);
  }

  /** Reads the record of a sandbox; empty if there is none. */
  Optional<JsonObject> read(String id) throws IOException {
    try {
      return Optional.of(
          JsonObject.parse(ByteBuffer.wrap(Files.readAllBytes(path.resolve(id + ".json")))));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }
}
