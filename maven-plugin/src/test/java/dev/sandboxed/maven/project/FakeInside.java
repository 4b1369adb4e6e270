package dev.sandboxed.maven.project;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/** A sandbox that answers as it is told to, for plans that are only looked at. */
final class FakeInside implements Inside {
  private final Predicate<List<String>> answer;
  private final boolean online;
  private final Map<String, String> written = new HashMap<>();

  FakeInside(boolean answer) {
    this(answer, false);
  }

  /** Makes one that has every tool or none, and in which nothing was installed. */
  FakeInside(boolean answer, boolean online) {
    this(command -> answer && !command.get(0).startsWith(Layout.SCRATCH), online);
  }

  private FakeInside(Predicate<List<String>> answer, boolean online) {
    this.answer = answer;
    this.online = online;
  }

  /** Returns one with these programs and no network. */
  static FakeInside with(String... programs) {
    return new FakeInside(command -> List.of(programs).contains(command.get(0)), false);
  }

  /** Returns the same with a network. */
  FakeInside reachingServers() {
    return new FakeInside(answer, true);
  }

  /** Returns what was written, by path. */
  Map<String, String> written() {
    return Map.copyOf(written);
  }

  @Override
  public boolean succeeds(List<String> command, Map<String, String> env) {
    return answer.test(command);
  }

  @Override
  public boolean online() {
    return online;
  }

  @Override
  public void write(String path, String text) {
    written.put(path, text);
  }
}
