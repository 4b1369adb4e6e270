package dev.sandboxed.maven;

/** Where a run says what it does; each call is one line. */
interface Console {

  void info(String line);

  void warn(String line);
}
