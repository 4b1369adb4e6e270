package dev.sandboxed;

import java.io.Serial;

/** A file call failed; the subclass says how. */
public class SandboxFileException extends SandboxException {
  @Serial private static final long serialVersionUID = 1L;
  private final String path;

  /**
   * Makes the exception.
   *
   * @param message what was wrong, with which value, and what to do
   * @param path the path inside the sandbox
   */
  public SandboxFileException(String message, String path) {
    super(message);
    this.path = path;
  }

  /**
   * Returns the path that the call failed at.
   *
   * @return the path inside the sandbox
   */
  public String path() {
    return path;
  }

  /** There is nothing at the path. */
  public static final class NotFound extends SandboxFileException {
    @Serial private static final long serialVersionUID = 1L;

    /**
     * Makes the exception.
     *
     * @param message what was wrong, with which value, and what to do
     * @param path the path inside the sandbox
     */
    public NotFound(String message, String path) {
      super(message, path);
    }
  }

  /** There is something at the path already. */
  public static final class AlreadyExists extends SandboxFileException {
    @Serial private static final long serialVersionUID = 1L;

    /**
     * Makes the exception.
     *
     * @param message what was wrong, with which value, and what to do
     * @param path the path inside the sandbox
     */
    public AlreadyExists(String message, String path) {
      super(message, path);
    }
  }

  /** A directory is needed, and the path is none. */
  public static final class NotADirectory extends SandboxFileException {
    @Serial private static final long serialVersionUID = 1L;

    /**
     * Makes the exception.
     *
     * @param message what was wrong, with which value, and what to do
     * @param path the path inside the sandbox
     */
    public NotADirectory(String message, String path) {
      super(message, path);
    }
  }

  /** The path is a directory, where none can be used. */
  public static final class IsADirectory extends SandboxFileException {
    @Serial private static final long serialVersionUID = 1L;

    /**
     * Makes the exception.
     *
     * @param message what was wrong, with which value, and what to do
     * @param path the path inside the sandbox
     */
    public IsADirectory(String message, String path) {
      super(message, path);
    }
  }

  /** The directory is not empty. */
  public static final class NotEmpty extends SandboxFileException {
    @Serial private static final long serialVersionUID = 1L;

    /**
     * Makes the exception.
     *
     * @param message what was wrong, with which value, and what to do
     * @param path the path inside the sandbox
     */
    public NotEmpty(String message, String path) {
      super(message, path);
    }
  }

  /** The file system refuses the call. */
  public static final class PermissionDenied extends SandboxFileException {
    @Serial private static final long serialVersionUID = 1L;

    /**
     * Makes the exception.
     *
     * @param message what was wrong, with which value, and what to do
     * @param path the path inside the sandbox
     */
    public PermissionDenied(String message, String path) {
      super(message, path);
    }
  }

  /** The file is larger than the caller is ready to keep. */
  public static final class TooLarge extends SandboxFileException {
    @Serial private static final long serialVersionUID = 1L;

    /**
     * Makes the exception.
     *
     * @param message what was wrong, with which value, and what to do
     * @param path the path inside the sandbox
     */
    public TooLarge(String message, String path) {
      super(message, path);
    }
  }

  /** The sandbox's disk limit is reached. */
  public static final class NoSpace extends SandboxFileException {
    @Serial private static final long serialVersionUID = 1L;

    /**
     * Makes the exception.
     *
     * @param message what was wrong, with which value, and what to do
     * @param path the path inside the sandbox
     */
    public NoSpace(String message, String path) {
      super(message, path);
    }
  }
}
