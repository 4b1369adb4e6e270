package dev.sandboxed.gvisor.model;

import dev.sandboxed.Backends;
import dev.sandboxed.ExitStatus;
import dev.sandboxed.LogLine;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxFilter;
import dev.sandboxed.SandboxInfo;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/**
 * A program that does with sandboxes what it is told, line by line, each line at once: a number, an
 * operation and its arguments. It answers with the number and what came of it.
 */
final class Performer {
  private static final long PATIENCE_SECONDS = 120;

  private final Map<String, Sandbox> handles = new ConcurrentHashMap<>();

  public static void main(String[] arguments) throws IOException {
    var performer = new Performer();
    var threads = Executors.newCachedThreadPool();
    var told = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (var line = told.readLine(); line != null; line = told.readLine()) {
      var words = line.split("\t", -1);
      threads.execute(
          () ->
              System.out.println(
                  words[0] + "\t" + performer.answer(Arrays.copyOfRange(words, 1, words.length))));
    }
    // What is not detached ends with this process.
    Runtime.getRuntime().halt(0);
  }

  private String answer(String[] words) {
    try {
      return Answer.ok(perform(words)).toLine();
    } catch (Exception e) {
      System.err.println(String.join(" ", words));
      e.printStackTrace();
      return Answer.error(e).toLine();
    }
  }

  private String perform(String[] words) throws Exception {
    return switch (words[0]) {
      case "create" -> kept(words[1], create(words));
      case "fromId" -> kept(words[1], Sandbox.fromId(words[2]));
      case "fromName" -> kept(words[1], Sandbox.fromName(words[2], words[3]));
      case "list" -> list(words[1], words[2]);
      case "prune" -> prune();
      default -> perform(words, handle(words[1]));
    };
  }

  private String perform(String[] words, Sandbox sandbox) throws Exception {
    return switch (words[0]) {
      case "exec" -> sandbox.exec("echo", words[2]).await().stdout().strip();
      case "write" -> done(() -> sandbox.files().write(words[2], words[3]));
      case "read" -> sandbox.files().readText(words[2]);
      case "retag" -> done(() -> sandbox.replaceTags(tags(words[2])));
      case "tags" -> text(sandbox.tags());
      case "logs" ->
          sandbox.logs().lines().stream().map(LogLine::text).collect(Collectors.joining("|"));
      case "poll" -> sandbox.poll().map(Performer::text).orElse("running");
      case "await" -> text(sandbox.onExit().get(PATIENCE_SECONDS, TimeUnit.SECONDS));
      case "waitFor" -> text(sandbox.waitFor(Duration.ofSeconds(PATIENCE_SECONDS)).orElseThrow());
      case "terminate" -> text(sandbox.terminate().get(PATIENCE_SECONDS, TimeUnit.SECONDS));
      case "detach" -> done(sandbox::detach);
      case "close" -> done(sandbox::close);
      default -> throw new IllegalArgumentException(words[0]);
    };
  }

  private static String done(Runnable call) {
    call.run();
    return "";
  }

  /** App, name (may be empty), tags, and what it is to become. */
  private static Sandbox create(String[] words) {
    var builder = Sandbox.builder().app(words[2]).timeout(Duration.ofHours(1));
    if (!words[3].isEmpty()) {
      builder.name(words[3]);
    }
    tags(words[4]).forEach(builder::tag);
    return Kind.valueOf(words[5]).applyTo(builder).create();
  }

  private static String list(String app, String tags) {
    var filter = SandboxFilter.all();
    if (!app.isEmpty()) {
      filter = filter.app(app);
    }
    for (var tag : tags(tags).entrySet()) {
      filter = filter.tag(tag.getKey(), tag.getValue());
    }
    return Sandbox.list(filter).stream().map(SandboxInfo::id).collect(Collectors.joining(","));
  }

  private static String prune() {
    try (var backend = Backends.open()) {
      return String.join(",", backend.prune());
    }
  }

  private String kept(String handle, Sandbox sandbox) {
    handles.put(handle, sandbox);
    return sandbox.id();
  }

  private Sandbox handle(String name) {
    var sandbox = handles.get(name);
    if (sandbox == null) {
      throw new IllegalArgumentException("no handle " + name);
    }
    return sandbox;
  }

  private static String text(ExitStatus status) {
    return status.reason() + " " + status.code();
  }

  /** Writes tags so that they fit in a line and can be compared. */
  static String text(Map<String, String> tags) {
    return new TreeMap<>(tags)
        .entrySet().stream()
            .map(t -> t.getKey() + "=" + t.getValue())
            .collect(Collectors.joining(","));
  }

  /** Reads what {@link #text(Map)} wrote. */
  static Map<String, String> tags(String text) {
    var tags = new LinkedHashMap<String, String>();
    for (var tag : text.isEmpty() ? List.<String>of() : List.of(text.split(","))) {
      var at = tag.indexOf('=');
      tags.put(tag.substring(0, at), tag.substring(at + 1));
    }
    return tags;
  }
}
