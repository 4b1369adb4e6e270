package dev.sandboxed.gvisor.model;

/**
 * What came of an operation.
 *
 * @param how whether it was done, threw, or its process died over it
 * @param value what it returned, or the simple name of what it threw
 * @param message what the exception said
 */
record Answer(How how, String value, String message) {
  /** What an operation that died with its process came to. */
  static final Answer GONE = new Answer(How.GONE, "", "");

  private static final String END = "\t.";

  enum How {
    OK,
    ERROR,
    GONE
  }

  static Answer ok(String value) {
    return new Answer(How.OK, value, "");
  }

  static Answer error(Exception thrown) {
    return new Answer(
        How.ERROR,
        thrown.getClass().getSimpleName(),
        String.valueOf(thrown.getMessage()).replaceAll("\\s+", " "));
  }

  /** Reads what {@link #toLine} wrote; a process that was killed may have left half a line. */
  static Answer parse(String line) {
    var parts = line.split("\t", -1);
    return line.endsWith(END) ? new Answer(How.valueOf(parts[0]), parts[1], parts[2]) : GONE;
  }

  String toLine() {
    return how + "\t" + value + "\t" + message + END;
  }

  boolean isOk() {
    return how == How.OK;
  }

  boolean isGone() {
    return how == How.GONE;
  }

  boolean isError(String name) {
    return how == How.ERROR && value.equals(name);
  }
}
