package dev.sandboxed.core.agent;

import dev.sandboxed.CommandNotExecutableException;
import dev.sandboxed.CommandNotFoundException;
import dev.sandboxed.ExecException;
import dev.sandboxed.OutputTail;
import dev.sandboxed.SandboxException;

/** Turns the agent's errors about execs into exceptions for the caller. */
final class ExecErrors {
  private ExecErrors() {}

  static SandboxException of(AgentError error, ExecCommand exec) {
    var program = exec.program();
    var message = exec.mask().apply(error.message());
    return switch (error.kind()) {
      case "COMMAND_NOT_FOUND" ->
          new CommandNotFoundException(
              exec.command().get(0).contains("/")
                  ? "There is no file %s in the sandbox (exit code 127); is the path right, and does the image hold it?"
                      .formatted(program)
                  : "The command %s was not found in the sandbox (exit code 127), whose PATH is %s; give its full path, or use an image that has it"
                      .formatted(
                          program, OutputTail.printable(exec.mask().apply(exec.searchPath()))));
      case "COMMAND_NOT_EXECUTABLE" ->
          new CommandNotExecutableException(
              "%s cannot be executed in the sandbox (exit code 126): %s. It must be a program of this machine's architecture, or begin with #! and an interpreter, and have the execute permission"
                  .formatted(program, message));
      case "WORKDIR_NOT_FOUND" ->
          new ExecException(
              "%s cannot be started in %s: there is no such directory in the sandbox; make it with files().makeDirectories(...)"
                  .formatted(program, OutputTail.printable(exec.mask().apply(exec.workdir()))));
      case "USER_NOT_FOUND" ->
          new ExecException(
              "%s cannot be started as the user %s: %s; add the user to the image, or give a number"
                  .formatted(
                      program,
                      OutputTail.printable(exec.mask().apply(exec.user().orElse("root"))),
                      message));
      case "TOO_MANY" ->
          new ExecException(
              "%s was not started: the sandbox has too many calls open at once (%s); wait for some of them to end"
                  .formatted(program, message));
      case "CANCELLED" ->
          new ExecException("%s was cancelled before it was started".formatted(program));
      default ->
          new ExecException(
              "%s could not be run in the sandbox: %s (%s)"
                  .formatted(program, message, error.kind()));
    };
  }
}
