package dev.sandboxed.core.agent;

import static dev.sandboxed.core.protocol.ProtocolException.Rule.CONVERSATION;

import dev.sandboxed.FileStat;
import dev.sandboxed.FileStat.FileType;
import dev.sandboxed.core.protocol.JsonObject;
import dev.sandboxed.core.protocol.ProtocolException;
import java.math.BigInteger;
import java.time.Instant;
import java.util.regex.Pattern;

/** Reads descriptions of files that come from inside. */
final class FileStats {
  private static final Pattern NANOS = Pattern.compile("-?\\d{1,25}");
  private static final BigInteger SECOND = BigInteger.valueOf(1_000_000_000);

  private FileStats() {}

  static FileStat of(JsonObject stat) throws ProtocolException {
    return new FileStat(
        stat.string("name").orElseThrow(FileStats::refused),
        stat.string("path").orElseThrow(FileStats::refused),
        type(stat.string("type").orElse("")),
        stat.number("size").orElse(0),
        (int) stat.number("mode").orElse(0) & 07777,
        (int) stat.number("uid").orElse(0),
        (int) stat.number("gid").orElse(0),
        stat.string("user"),
        stat.string("group"),
        time(stat.string("mtimeNanos").orElse("0")),
        stat.string("target"));
  }

  private static FileType type(String name) throws ProtocolException {
    return switch (name) {
      case "file" -> FileType.FILE;
      case "directory" -> FileType.DIRECTORY;
      case "symlink" -> FileType.SYMLINK;
      case "fifo" -> FileType.FIFO;
      case "socket" -> FileType.SOCKET;
      case "char" -> FileType.CHARACTER_DEVICE;
      case "block" -> FileType.BLOCK_DEVICE;
      default -> throw refused();
    };
  }

  private static Instant time(String nanos) throws ProtocolException {
    if (!NANOS.matcher(nanos).matches()) {
      throw refused();
    }
    var parts = new BigInteger(nanos).divideAndRemainder(SECOND);
    return Instant.ofEpochSecond(parts[0].longValue(), parts[1].longValue());
  }

  private static ProtocolException refused() {
    return new ProtocolException(CONVERSATION, "the description of a file that is none");
  }
}
