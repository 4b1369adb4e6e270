package dev.sandboxed;

import java.io.InputStream;
import java.util.stream.Stream;

/**
 * One output stream of a process. It is read once: choose one of the methods.
 *
 * <p>The bytes come from inside the sandbox: treat them as hostile.
 */
public interface ProcessOutput {

  /**
   * Returns the raw bytes as they arrive.
   *
   * @return the stream; closing it discards what is still to come, so that the process goes on
   */
  InputStream stream();

  /**
   * Reads to the end, as UTF-8 with malformed bytes replaced.
   *
   * @return the text
   * @throws OutputTooLargeException above 64 MiB
   */
  String text();

  /**
   * Reads to the end.
   *
   * @return the bytes
   * @throws OutputTooLargeException above 64 MiB
   */
  byte[] bytes();

  /**
   * Returns the lines as they arrive, without their ends, as UTF-8 with malformed bytes replaced.
   *
   * <p>A line longer than a mebibyte is handed out in pieces of that length.
   *
   * @return a lazy, sequential stream
   */
  Stream<String> lines();
}
