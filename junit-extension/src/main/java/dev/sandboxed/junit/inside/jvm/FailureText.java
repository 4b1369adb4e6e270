package dev.sandboxed.junit.inside.jvm;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.opentest4j.AssertionFailedError;
import org.opentest4j.TestAbortedException;
import org.opentest4j.ValueWrapper;

/**
 * Turns a failure into a list: itself, then its causes and what it suppressed, each of which says
 * by numbers in the list what it has. Where there is too much of it, it is cut off.
 */
final class FailureText {
  private static final int MAX_THROWABLES = 32;
  private static final int MAX_FRAMES = 1024;
  private static final int MAX_ALL_FRAMES = 4096;
  private static final int MAX_TEXT = 32 * 1024;

  private final List<Map<String, Object>> list = new ArrayList<>();
  private final IdentityHashMap<Throwable, Integer> known = new IdentityHashMap<>();
  private final Deque<Throwable> waiting = new ArrayDeque<>();
  private int frames;

  private FailureText() {}

  static List<Map<String, Object>> of(Throwable failure) {
    return new FailureText().describe(failure);
  }

  private List<Map<String, Object>> describe(Throwable failure) {
    number(failure);
    while (!waiting.isEmpty()) {
      list.add(one(waiting.removeFirst()));
    }
    return list;
  }

  private Map<String, Object> one(Throwable failure) {
    var one = new LinkedHashMap<String, Object>();
    one.put("class", cut(failure.getClass().getName()));
    put(one, "message", text(failure::getMessage));
    if (failure instanceof TestAbortedException) {
      one.put("kind", "aborted");
    } else if (failure instanceof AssertionFailedError assertion) {
      one.put("kind", "compared");
      putValue(one, "expected", assertion::getExpected);
      putValue(one, "actual", assertion::getActual);
    } else if (failure instanceof AssertionError) {
      one.put("kind", "assertion");
    }
    var trace = safely(failure::getStackTrace);
    if (trace != null) {
      one.put("frames", frames(trace));
    }
    var cause = safely(failure::getCause);
    if (cause != null && number(cause) > 0) {
      one.put("cause", number(cause));
    }
    var suppressed = new ArrayList<Integer>();
    for (var other : failure.getSuppressed()) {
      if (number(other) > 0) {
        suppressed.add(number(other));
      }
    }
    one.put("suppressed", suppressed);
    return one;
  }

  /** Returns the number in the list, or -1 if there is no more room. */
  private int number(Throwable failure) {
    var number = known.get(failure);
    if (number != null) {
      return number;
    }
    if (known.size() >= MAX_THROWABLES) {
      return -1;
    }
    known.put(failure, known.size());
    waiting.addLast(failure);
    return known.size() - 1;
  }

  private List<List<String>> frames(StackTraceElement[] trace) {
    var texts = new ArrayList<List<String>>();
    for (var frame : trace) {
      if (texts.size() == MAX_FRAMES || frames == MAX_ALL_FRAMES) {
        break;
      }
      frames++;
      texts.add(
          List.of(
              cutName(frame.getClassName()),
              cutName(frame.getMethodName()),
              frame.getFileName() == null ? "" : cutName(frame.getFileName()),
              String.valueOf(frame.getLineNumber()),
              frame.getModuleName() == null ? "" : cutName(frame.getModuleName()),
              frame.getModuleVersion() == null ? "" : cutName(frame.getModuleVersion())));
    }
    return texts;
  }

  private static void putValue(
      Map<String, Object> to, String name, Supplier<@Nullable ValueWrapper> value) {
    var wrapper = safely(value);
    put(to, name, wrapper == null ? null : text(wrapper::getStringRepresentation));
  }

  private static void put(Map<String, Object> to, String name, @Nullable String text) {
    if (text != null) {
      to.put(name, text);
    }
  }

  private static @Nullable String text(Supplier<@Nullable String> getter) {
    var text = safely(getter);
    return text == null ? null : cut(text);
  }

  /** A test's own exception may throw another one when it is asked for anything. */
  private static <T> @Nullable T safely(Supplier<? extends @Nullable T> getter) {
    try {
      return getter.get();
    } catch (RuntimeException | Error e) {
      return null;
    }
  }

  private static String cut(String text) {
    return text.length() > MAX_TEXT ? text.substring(0, MAX_TEXT) + "…" : text;
  }

  private static String cutName(String text) {
    return text.length() > 512 ? text.substring(0, 512) : text;
  }
}
