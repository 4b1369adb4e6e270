package dev.sandboxed.core.agent;

import dev.sandboxed.OutputTail;
import dev.sandboxed.SandboxException;
import dev.sandboxed.SandboxFileException;

/** Turns the agent's errors about files into exceptions for the caller. */
final class FileErrors {
  private FileErrors() {}

  /**
   * Makes the exception.
   *
   * @param error the agent's error
   * @param verb what was tried, such as {@code read}
   * @param path the path that the caller named
   */
  static SandboxException of(AgentError error, String verb, String path) {
    var at = error.path().isEmpty() ? OutputTail.printable(path) : error.path();
    var failed = "Cannot %s %s in the sandbox: ".formatted(verb, OutputTail.printable(path));
    var where = at.equals(OutputTail.printable(path)) ? "it" : at;
    return switch (error.kind()) {
      case "NOT_FOUND" ->
          new SandboxFileException.NotFound(
              failed + (where.equals("it") ? "there is no such file" : "there is no " + at), at);
      case "EXISTS" ->
          new SandboxFileException.AlreadyExists(
              failed + where + " exists already; remove it first", at);
      case "NOT_A_DIRECTORY" ->
          new SandboxFileException.NotADirectory(
              failed + where + " is not a directory, or leads through something that is none", at);
      case "IS_A_DIRECTORY" ->
          new SandboxFileException.IsADirectory(
              failed + where + " is a directory; removeRecursively and copyOut take directories",
              at);
      case "NOT_EMPTY" ->
          new SandboxFileException.NotEmpty(
              failed + where + " is not empty; use removeRecursively", at);
      case "PERMISSION" ->
          new SandboxFileException.PermissionDenied(
              failed
                  + where
                  + " may not be changed or read: it is part of a read-only file system,"
                  + " or the host's user may not (%s)".formatted(error.message()),
              at);
      case "TOO_LARGE" ->
          new SandboxFileException.TooLarge(
              failed + where + " is too large (%s)".formatted(error.message()), at);
      case "NO_SPACE" ->
          new SandboxFileException.NoSpace(
              failed + "the sandbox's disk is full; allow more with disk(...), or remove something",
              at);
      case "CANCELLED" -> new SandboxFileException(failed + "the call was cancelled", at);
      case "TOO_MANY" ->
          new SandboxFileException(
              failed
                  + "too many calls are open at once (%s); wait for some of them to end"
                      .formatted(error.message()),
              at);
      default ->
          new SandboxFileException(failed + "%s (%s)".formatted(error.message(), error.kind()), at);
    };
  }

  static SandboxFileException tooLarge(String path, long limit) {
    return new SandboxFileException.TooLarge(
        "Cannot read %s in the sandbox into memory: it is larger than %,d bytes; use inputStream or copyOut"
            .formatted(OutputTail.printable(path), limit),
        path);
  }
}
