package dev.sandboxed.gvisor.model;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A simple model of what the contract promises: it knows every sandbox and every handle, judges
 * each answer, and learns from it what was open before.
 */
final class Contract {
  private static final String NOT_FOUND = "SandboxNotFoundException";
  private static final String DETACHED = "SandboxDetachedException";

  private final Map<String, Box> boxes = new LinkedHashMap<>();
  private final List<Handle> handles = new ArrayList<>();

  /** Thrown for an answer that the contract does not allow. */
  static final class Divergence extends AssertionError {
    private static final long serialVersionUID = 1;

    Divergence(String message) {
      super(message);
    }
  }

  Collection<Box> boxes() {
    return boxes.values();
  }

  Collection<Handle> handles() {
    return handles;
  }

  Optional<Box> box(String id) {
    return Optional.ofNullable(boxes.get(id));
  }

  void forget(Box box) {
    boxes.remove(box.id());
    handles.removeIf(h -> h.box() == box);
  }

  /** A process was killed: what is bound to it ends, and its handles are gone. */
  void die(Worker worker) {
    boxes.values().stream().filter(b -> b.isBoundTo(worker)).forEach(b -> b.doom("TERMINATED 137"));
    handles.removeIf(h -> h.worker() == worker);
  }

  /** Judges the creation of a sandbox; returns it, if there is one. */
  Optional<Box> created(Worker worker, String handle, String[] spec, Answer answer) {
    if (answer.isGone()) {
      return Optional.empty();
    }
    var called = boxes.values().stream().filter(b -> b.isCalled(spec[0], spec[1])).toList();
    if (answer.isError("NameTakenException")) {
      check(called.stream().anyMatch(b -> !b.hasEnded()), "the name is free", answer, called);
      return Optional.empty();
    }
    if (answer.isError("SandboxFailedException")
        && answer.message().contains("its timeout")
        && Kind.valueOf(spec[3]) == Kind.MORTAL) {
      return Optional.empty(); // a busy machine takes longer to start it than it may live
    }
    check(answer.isOk(), "cannot be created", answer);
    check(called.stream().noneMatch(Box::isUp), "the name is taken", called);
    check(!boxes.containsKey(answer.value()), "the id is not new", answer);
    var box = new Box(answer.value(), spec[0], spec[1], spec[2], Kind.valueOf(spec[3]), worker);
    boxes.put(box.id(), box);
    handles.add(new Handle(handle, worker, box, true));
    return Optional.of(box);
  }

  void foundById(Worker worker, String handle, Box box, Answer answer) {
    if (answer.isGone()) {
      return;
    }
    if (box.isPruned()) {
      check(answer.isError(NOT_FOUND), "found though pruned", box, answer);
      return;
    }
    check(answer.isOk() && answer.value().equals(box.id()), "not found", box, answer);
    handles.add(new Handle(handle, worker, box, false));
  }

  void foundByName(Worker worker, String handle, String app, String name, Answer answer) {
    if (answer.isGone()) {
      return;
    }
    var called = boxes.values().stream().filter(b -> b.isCalled(app, name)).toList();
    if (answer.isError(NOT_FOUND)) {
      check(called.stream().noneMatch(Box::isUp), "not found", called);
      return;
    }
    check(answer.isOk(), "failed", answer);
    var box = boxes.get(answer.value());
    check(called.contains(box) && !box.hasEnded(), "found another", box, called);
    handles.add(new Handle(handle, worker, box, false));
  }

  /** Judges a list: what runs and matches is in it; what has ended, or does not match, is not. */
  void listed(String app, String tags, Answer answer) {
    if (answer.isGone()) {
      return;
    }
    check(answer.isOk(), "failed", answer);
    var ids = ids(answer);
    check(Set.copyOf(ids).size() == ids.size(), "twice in the list", answer);
    for (var id : ids) {
      check(boxes.containsKey(id), "nobody created it", id);
    }
    for (var box : boxes.values()) {
      var may = box.tags().stream().anyMatch(t -> hasAll(t, tags)) && ofApp(box, app);
      var must = box.tags().stream().allMatch(t -> hasAll(t, tags)) && ofApp(box, app);
      var is = ids.contains(box.id());
      check(is || !(must && box.isUp()), "missing in the list", box, answer);
      check(!is || (may && !box.hasEnded()), "in the list", box, answer);
    }
  }

  void pruned(Answer answer) {
    check(answer.isOk(), "failed", answer);
    var ids = ids(answer);
    for (var id : ids) {
      // Others are of creations that nobody was told of.
      box(id)
          .ifPresent(
              box -> {
                check(!box.isUp() && !box.isPruned(), "pruned", box);
                box.end();
                box.prune();
              });
    }
    for (var box : boxes.values()) {
      check(!box.hasEnded() || box.isPruned(), "not pruned", box);
    }
  }

  void executed(Handle handle, String token, Answer answer) {
    if (done(handle, answer)) {
      check(answer.value().equals(token), "printed something else", answer);
    }
  }

  void wrote(Handle handle, String path, String content, Answer answer) {
    if (done(handle, answer)) {
      handle.box().setFile(path, content);
    } else if (!answer.isError(DETACHED)) {
      // It may have come to nothing, to all, or to the empty file that it begins with.
      handle.box().file(path).addAll(List.of(content, ""));
    }
  }

  void read(Handle handle, String path, Answer answer) {
    var known = handle.box().file(path);
    if (answer.isError("NotFound")) {
      check(known.contains(Box.ABSENT), "the file is gone", path, handle.box(), answer);
      handle.box().setFile(path, Box.ABSENT);
    } else if (done(handle, answer)) {
      check(known.contains(answer.value()), "the file holds something else", path, answer, known);
      handle.box().setFile(path, answer.value());
    }
  }

  void retagged(Handle handle, String tags, Answer answer) {
    if (done(handle, answer)) {
      handle.box().setTags(tags);
    } else if (!answer.isError(DETACHED)) {
      handle.box().tags().add(tags);
    }
  }

  void toldTags(Handle handle, Answer answer) {
    if (answer.isGone()) {
      return;
    }
    var box = handle.box();
    check(answer.isOk(), "not so", answer, box);
    // Whoever knew the last ones is dead, and each handle knows what it has heard.
    if (!box.isKeeperKilled()) {
      check(box.tags().contains(answer.value()), "not so", answer, box);
      box.setTags(answer.value());
    }
  }

  void toldLogs(Handle handle, Answer answer) {
    if (answer.isGone()) {
      return;
    }
    var box = handle.box();
    check(answer.isOk(), "not so", answer, box);
    if (answer.value().equals(box.kind().output())) {
      if (!answer.value().isEmpty()) {
        box.print();
      }
      return;
    }
    var whole = box.hasPrinted() || (box.hasEnded() && box.ends().equals(Set.of("EXITED 7")));
    check(answer.value().isEmpty() && (!whole || box.isPruned()), "not so", answer, box);
  }

  void polled(Handle handle, Answer answer) {
    if (!answer.isOk() || !answer.value().equals("running")) {
      ended(handle, answer);
    } else {
      check(!handle.knowsEnd(), "runs again", handle.box());
    }
  }

  /** Judges the status that a handle tells. */
  void ended(Handle handle, Answer answer) {
    if (answer.isGone()) {
      return;
    }
    var box = handle.box();
    check(answer.isOk(), "not so", answer, box);
    check(box.end(answer.value()), "not so", answer, box);
    handle.tellEnd();
  }

  void waited(Handle handle, Answer answer) {
    var reason =
        switch (answer.value()) {
          case "SandboxTimeoutException" -> Stream.of("TIMEOUT 124", "IDLE_TIMEOUT 124");
          case "SandboxTerminatedException" -> Stream.of("TERMINATED 137");
          case "SandboxFailedException" -> Stream.of("FAILED 125");
          default -> Stream.of(answer.value());
        };
    if (!answer.isGone()) {
      check(reason.anyMatch(handle.box().ends()::contains), "not so", answer, handle.box());
      handle.box().end();
      handle.tellEnd();
    }
  }

  void terminated(Handle handle, Answer answer) {
    if (handle.isDetached() && answer.isError(DETACHED)) {
      return;
    }
    ended(handle, answer);
  }

  void detached(Handle handle, Answer answer) {
    if (handle.isDetached()) {
      check(answer.isOk() || answer.isGone(), "fails the second time", answer);
    } else if (done(handle, answer)) {
      handle.detach();
      handle.box().detach();
    }
  }

  void closed(Handle handle, Answer answer) {
    check(answer.isOk() || answer.isGone(), "closing throws", answer);
    if (handle.owns() && answer.isOk()) {
      handle.box().end();
    }
    handles.remove(handle);
  }

  /** Judges a call that needs the sandbox to run; returns whether it was done. */
  private static boolean done(Handle handle, Answer answer) {
    var box = handle.box();
    if (answer.isOk()) {
      check(!handle.isDetached(), "a handle that has detached did it", box);
      check(!box.hasEnded(), "has ended and did it", box);
      return true;
    }
    check(
        answer.isGone()
            || (handle.isDetached() && answer.isError(DETACHED))
            || box.explains(answer),
        "not so",
        answer,
        box);
    return false;
  }

  /** Throws what is wrong, and about what, unless it holds. */
  static void check(boolean holds, String wrong, Object... about) {
    if (!holds) {
      throw new Divergence(wrong + ": " + Arrays.toString(about));
    }
  }

  private static boolean hasAll(String tags, String wanted) {
    return Performer.tags(tags).entrySet().containsAll(Performer.tags(wanted).entrySet());
  }

  private static boolean ofApp(Box box, String app) {
    return app.isEmpty() || box.app().equals(app);
  }

  private static List<String> ids(Answer answer) {
    return answer.value().isEmpty()
        ? List.of()
        : Arrays.stream(answer.value().split(",")).collect(Collectors.toList());
  }
}
