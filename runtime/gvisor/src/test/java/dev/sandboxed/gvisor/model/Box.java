package dev.sandboxed.gvisor.model;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** A sandbox as far as the contract, and what was seen of it, say what it may be by now. */
final class Box {
  /** What a file that is not there has in it. */
  static final String ABSENT = "absent";

  private static final String FAILED = "FAILED 125";

  private final String id;
  private final String app;
  private final String name;
  private final Kind kind;
  private final Worker creator;
  private final Set<String> tags = new TreeSet<>();
  private final Map<String, Set<String>> files = new HashMap<>();
  private final Set<String> ends = new TreeSet<>();
  private boolean detached;
  private boolean keeperKilled;
  private boolean ended;
  private boolean pruned;
  private boolean printed;

  Box(String id, String app, String name, String tags, Kind kind, Worker creator) {
    this.id = id;
    this.app = app;
    this.name = name;
    this.kind = kind;
    this.creator = creator;
    this.tags.add(tags);
    kind.end().ifPresent(ends::add);
  }

  String id() {
    return id;
  }

  String app() {
    return app;
  }

  boolean isCalled(String anApp, String aName) {
    return !name.isEmpty() && app.equals(anApp) && name.equals(aName);
  }

  Kind kind() {
    return kind;
  }

  /** Whether it ends with the process that created it. */
  boolean isBoundTo(Worker worker) {
    return creator == worker && !detached;
  }

  void detach() {
    detached = true;
  }

  /** Whether it runs for certain: nothing that ends it has happened. */
  boolean isUp() {
    return ends.isEmpty();
  }

  /** Whether it has ended for certain. */
  boolean hasEnded() {
    return ended;
  }

  /** Notes something that may end it in this way. */
  void doom(String end) {
    if (!ended) {
      ends.add(end);
    }
  }

  /** Notes that whoever could tell how it ended is dead. */
  void keeperKilled() {
    if (!ended) {
      keeperKilled = true;
      ends.add(FAILED);
    }
  }

  boolean isKeeperKilled() {
    return keeperKilled;
  }

  /** Notes that it has ended, whichever way. */
  void end() {
    ended = true;
  }

  /** Notes how it ended; returns whether it may have. Without a keeper, handles may differ. */
  boolean end(String status) {
    if (!ends.contains(status)) {
      return false;
    }
    if (!keeperKilled) {
      ends.retainAll(Set.of(status));
    }
    ended = true;
    return true;
  }

  Set<String> ends() {
    return ends;
  }

  /** Whether a call on it may fail with this error, since it may have ended. */
  boolean explains(Answer error) {
    var failed = ends.contains(FAILED);
    return (failed && error.isError("SandboxFailedException"))
        || (ends.size() > (failed ? 1 : 0) && error.isError("SandboxNotRunningException"));
  }

  void prune() {
    pruned = true;
  }

  boolean isPruned() {
    return pruned;
  }

  /** The tags that it may have. */
  Set<String> tags() {
    return tags;
  }

  void setTags(String value) {
    tags.clear();
    tags.add(value);
  }

  /** What a file inside may hold. */
  Set<String> file(String path) {
    return files.computeIfAbsent(path, p -> new TreeSet<>(Set.of(ABSENT)));
  }

  void setFile(String path, String content) {
    files.put(path, new TreeSet<>(Set.of(content)));
  }

  /** Notes that the whole output has been seen, which cannot be less from then on. */
  void print() {
    printed = true;
  }

  boolean hasPrinted() {
    return printed;
  }

  @Override
  public String toString() {
    return "%s (%s, %s %s, tags %s%s%s%s%s, ends %s)"
        .formatted(
            id,
            kind,
            app,
            name.isEmpty() ? "-" : name,
            tags,
            detached ? ", detached" : "",
            keeperKilled ? ", keeper killed" : "",
            ended ? ", ended" : "",
            pruned ? ", pruned" : "",
            ends);
  }
}
