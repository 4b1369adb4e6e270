package dev.sandboxed.junit.inside;

import dev.sandboxed.OutputTail;
import dev.sandboxed.core.protocol.JsonObject;
import java.io.Serial;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.opentest4j.AssertionFailedError;
import org.opentest4j.TestAbortedException;

/**
 * Makes exceptions of the texts that tell of those inside: only a few types of ours and JUnit's,
 * which say whose place they take. Nothing is loaded by a name from inside.
 */
final class RebuiltFailure {
  private static final int MAX_THROWABLES = 64;
  private static final int MAX_FRAMES = 4096;

  private RebuiltFailure() {}

  /** Returns the first of a list of throwables, with those that it has of the others. */
  static Throwable of(List<?> list) {
    var objects =
        list.stream()
            .limit(MAX_THROWABLES)
            .map(o -> o instanceof JsonObject object ? object : null)
            .toList();
    var built = new ArrayList<Throwable>();
    for (var object : objects) {
      built.add(one(object));
    }
    if (built.isEmpty()) {
      return undescribed();
    }
    for (var i = 0; i < objects.size(); i++) {
      var object = objects.get(i);
      if (object != null) {
        connect(built, i, object);
      }
    }
    return built.get(0);
  }

  /** References lead forward only: there is no circle. */
  private static void connect(List<Throwable> built, int index, JsonObject object) {
    var throwable = built.get(index);
    var cause = object.number("cause").orElse(-1);
    if (cause > index && cause < built.size()) {
      throwable.initCause(built.get((int) cause));
    }
    for (var number : object.array("suppressed").orElse(List.of())) {
      if (number instanceof Long other && other > index && other < built.size()) {
        throwable.addSuppressed(built.get(other.intValue()));
      }
    }
  }

  private static Throwable one(@Nullable JsonObject object) {
    if (object == null) {
      return undescribed();
    }
    var type = safe(object.string("class").orElse("an unknown exception"));
    var message = object.string("message").map(RebuiltFailure::safe).orElse(null);
    var named = message == null ? type : type + ": " + message;
    var throwable =
        switch (object.string("kind").orElse("")) {
          case "aborted" -> new TestAbortedException(message);
          case "compared" -> compared(object, type, message);
          case "assertion" ->
              type.equals(AssertionError.class.getName())
                  ? bare(message)
                  : new AssertionInside(named, message);
          default -> new FailureInside(named, message);
        };
    throwable.setStackTrace(frames(object.array("frames").orElse(List.of())));
    return throwable;
  }

  private static Throwable undescribed() {
    return new FailureInside("a failure that is not described", null);
  }

  private static AssertionError bare(@Nullable String message) {
    return message == null ? new AssertionError() : new AssertionError((Object) message);
  }

  private static Throwable compared(JsonObject object, String type, @Nullable String message) {
    if (!type.equals(AssertionFailedError.class.getName())) {
      message = message == null ? type : type + ": " + message;
    }
    var expected = object.string("expected");
    var actual = object.string("actual");
    return expected.isPresent() && actual.isPresent()
        ? new AssertionFailedError(message, safe(expected.get()), safe(actual.get()))
        : new AssertionFailedError(message);
  }

  private static StackTraceElement[] frames(List<?> list) {
    return list.stream()
        .limit(MAX_FRAMES)
        .filter(List.class::isInstance)
        .map(f -> frame((List<?>) f))
        .toArray(StackTraceElement[]::new);
  }

  private static StackTraceElement frame(List<?> texts) {
    return new StackTraceElement(
        null,
        orNull(text(texts, 4)),
        orNull(text(texts, 5)),
        text(texts, 0),
        text(texts, 1),
        orNull(text(texts, 2)),
        line(text(texts, 3)));
  }

  private static @Nullable String orNull(String text) {
    return text.isEmpty() ? null : text;
  }

  private static int line(String text) {
    try {
      return Integer.parseInt(text);
    } catch (NumberFormatException e) {
      return -1;
    }
  }

  private static String text(List<?> texts, int index) {
    return index < texts.size() && texts.get(index) instanceof String text
        ? safe(text).replace('\n', ' ')
        : "";
  }

  private static String safe(String text) {
    return OutputTail.printable(text);
  }

  /** An exception inside; prints as it would there. */
  @SuppressWarnings("OverrideThrowableToString") // Its own class says nothing to anybody.
  static final class FailureInside extends RuntimeException {
    @Serial private static final long serialVersionUID = 1L;
    private final String text;

    FailureInside(String text, @Nullable String message) {
      super(message);
      this.text = text;
    }

    @Override
    public String toString() {
      return text;
    }
  }

  /** An error of an assertion inside; prints as it would there. */
  @SuppressWarnings("OverrideThrowableToString") // Its own class says nothing to anybody.
  static final class AssertionInside extends AssertionError {
    @Serial private static final long serialVersionUID = 1L;
    private final String text;

    private final @Nullable String message;

    AssertionInside(String text, @Nullable String message) {
      this.text = text;
      this.message = message;
    }

    @Override
    public @Nullable String getMessage() {
      return message;
    }

    @Override
    public String toString() {
      return text;
    }
  }
}
