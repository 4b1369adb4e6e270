package dev.sandboxed.junit.inside.jvm;

/**
 * The words that both sides use. A JVM inside prints {@link #READY}, reads one {@link BodyRequest}
 * from its stdin, and prints events: lines of the request's nonce, a blank and a JSON object, whose
 * member {@link #EVENT} says which of them it is. All other lines are somebody else's.
 */
public final class Wire {
  /** The line by which the JVM says that it waits for its request. */
  public static final String READY = "sandboxed-inside: ready";

  /** The configuration parameter that tests inside have, so that nothing tries to go in again. */
  public static final String INSIDE_PARAMETER = "sandboxed.inside.body";

  /** The engine that runs the tests inside. */
  public static final String JUPITER = "junit-jupiter";

  /** Which event it is. */
  public static final String EVENT = "event";

  /** A test or container that was not known before: id, parent, name, legacy, type. */
  public static final String REGISTERED = "registered";

  /** A test or container begins: id. */
  public static final String STARTED = "started";

  /** A test or container is not run: id, reason. */
  public static final String SKIPPED = "skipped";

  /** A test or container is over: id, status, failure. */
  public static final String FINISHED = "finished";

  /** Something that a test publishes: id, entries. */
  public static final String ENTRY = "entry";

  /** Something that was printed: error, text. */
  public static final String OUTPUT = "output";

  /** Nothing could be run: failure. */
  public static final String BROKEN = "broken";

  /** All is over. */
  public static final String END = "end";

  private Wire() {}
}
