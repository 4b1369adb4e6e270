package dev.sandboxed.gvisor.model;

import static dev.sandboxed.gvisor.model.Contract.check;
import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;

import dev.sandboxed.gvisor.kill.Arena;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;

/** Plays: step by step something is done, or several things at once, or something dies over it. */
final class Play implements AutoCloseable {
  private static final int WORKERS = 3;
  private static final int PATIENCE_SECONDS = 180;
  private static final int LONGEST_HEAD_START_MILLIS = 60;
  private static final int REMEMBERED_PRUNED = 5;

  private final Random random;
  private final Arena arena;
  private final Path errors;
  private final Consumer<String> notes;
  private final Contract contract = new Contract();
  private final Choices choices;
  private final Keepers keepers;
  private final List<Worker> workers = new ArrayList<>();
  private final Map<String, ProcessHandle> keeperOf = new HashMap<>();
  private final Map<String, Integer> counts = new TreeMap<>();

  Play(Random random, Arena arena, Path errors, Consumer<String> notes) throws IOException {
    this.random = random;
    this.arena = arena;
    this.errors = errors;
    this.notes = notes;
    choices = new Choices(random, contract);
    keepers = new Keepers(arena);
    for (var i = 0; i < WORKERS; i++) {
      workers.add(new Worker(arena, errors));
    }
  }

  /** Does one random thing. */
  void step() throws Exception {
    var roll = random.nextInt(100);
    if (roll < 82) {
      var operation = choices.next(workers);
      if (operation.isPresent()) {
        finish(operation.get());
      }
    } else if (roll < 86) {
      raceForAName();
    } else if (roll < 89) {
      raceToTerminate();
    } else if (roll < 91) {
      prune();
    } else {
      crash();
    }
    learn();
  }

  /** Ends all that runs, and prunes. */
  void end() throws Exception {
    for (var box : List.copyOf(contract.boxes())) {
      if (!box.isPruned()) {
        terminate(box);
      }
    }
    prune();
    check(contract.boxes().stream().allMatch(Box::isPruned), "not pruned", contract.boxes());
    finish(
        Operation.ask(
            workers.get(0),
            Optional.empty(),
            answer -> check(answer.isOk() && answer.value().isEmpty(), "left", answer),
            "list",
            "",
            ""));
  }

  /** What was done how often. */
  String summary() {
    return counts.toString();
  }

  /** Several processes want a name at once, and one at most gets it. */
  private void raceForAName() throws Exception {
    var racers = new ArrayList<Operation>();
    for (var worker : workers) {
      racers.add(choices.create(worker, "one", "race", Kind.EMPTY));
    }
    // The winner first, since the others lost to it.
    var lost = new ArrayList<Operation>();
    for (var racer : racers) {
      if (racer.answer().get(PATIENCE_SECONDS, SECONDS).isOk()) {
        finish(racer);
      } else {
        lost.add(racer);
      }
    }
    for (var racer : lost) {
      finish(racer);
    }
  }

  /** Several handles end a sandbox at once, and all hear of the same end. */
  private void raceToTerminate() throws Exception {
    var box = choices.anyUp();
    if (box.isPresent()) {
      for (var worker : workers) {
        finish(choices.fromId(worker, box.get()));
      }
      var racers = new ArrayList<Operation>();
      for (var handle : List.copyOf(contract.handles())) {
        if (handle.box() == box.get()) {
          racers.add(choices.terminate(handle));
        }
      }
      for (var racer : racers) {
        finish(racer);
      }
    }
  }

  private void prune() throws Exception {
    finish(Operation.ask(choices.of(workers), Optional.empty(), contract::pruned, "prune"));
    var pruned = contract.boxes().stream().filter(Box::isPruned).toList();
    pruned.subList(0, Math.max(0, pruned.size() - REMEMBERED_PRUNED)).forEach(contract::forget);
  }

  /** Something dies while something is done. */
  private void crash() throws Exception {
    var begun = choices.next(workers);
    if (begun.isEmpty()) {
      return;
    }
    var operation = begun.get();
    try {
      operation.answer().get(random.nextInt(LONGEST_HEAD_START_MILLIS), MILLISECONDS);
    } catch (TimeoutException e) {
      // It is under way.
    }
    var victim = operation.box().filter(Box::isUp).or(choices::anyUp);
    var roll = random.nextInt(3);
    if (roll == 0 || victim.isEmpty()) {
      killWorker(operation);
      return;
    }
    if (roll == 1) {
      killKeeper(victim.get());
    } else {
      killRuntime(victim.get());
    }
    finish(operation);
    if (random.nextBoolean()) {
      terminate(victim.get());
    }
  }

  private void killWorker(Operation operation) throws Exception {
    var worker = operation.worker();
    note("kill the process " + worker.pid());
    worker.kill();
    var heard = operation.answer().get(PATIENCE_SECONDS, SECONDS);
    note(operation.words() + " -> " + heard);
    operation.judge().accept(heard);
    contract.die(worker);
    workers.set(workers.indexOf(worker), new Worker(arena, errors));
    learn();
    var known = new HashSet<Long>();
    keeperOf.values().forEach(k -> known.add(k.pid()));
    keepers.awaitNoneBut(known);
    if (heard.isGone() && operation.box().isPresent()) {
      // Whether it was done, only its end tells for certain.
      terminate(operation.box().get());
    }
  }

  private void killKeeper(Box box) {
    var keeper = keeperOf.get(box.id());
    if (keeper != null) {
      note("kill the keeper %d of %s".formatted(keeper.pid(), box));
      box.keeperKilled();
      Keepers.kill(keeper);
    }
  }

  private void killRuntime(Box box) {
    var keeper = keeperOf.get(box.id());
    var processes = keeper == null ? List.<ProcessHandle>of() : Keepers.runtime(keeper);
    if (!processes.isEmpty()) {
      var victim = choices.of(processes);
      note("kill the runtime %d of %s".formatted(victim.pid(), box));
      box.doom("FAILED 125");
      box.doom("SIGNALED 137");
      victim.destroyForcibly();
    }
  }

  /** Ends a sandbox, from any process. */
  private void terminate(Box box) throws Exception {
    if (box.isPruned()) {
      return;
    }
    finish(choices.fromId(choices.of(workers), box));
    var handle =
        contract.handles().stream()
            .filter(h -> h.box() == box && !h.isDetached())
            .reduce((first, last) -> last)
            .orElseThrow();
    finish(choices.terminate(handle));
  }

  private void finish(Operation operation) throws Exception {
    var answer = operation.answer().get(PATIENCE_SECONDS, SECONDS);
    note(operation.words() + " -> " + answer);
    check(!answer.isGone(), "the process died by itself");
    operation.judge().accept(answer);
  }

  /** Notes the keepers of new sandboxes, and forgets those of old ones. */
  private void learn() throws IOException {
    for (var box : contract.boxes()) {
      arena.note(box.id());
      if (!box.hasEnded() && !keeperOf.containsKey(box.id())) {
        keepers.of(box.id()).ifPresent(keeper -> keeperOf.put(box.id(), keeper));
      }
    }
    keeperOf.keySet().removeIf(id -> contract.box(id).filter(b -> !b.hasEnded()).isEmpty());
  }

  private void note(String event) {
    notes.accept(event);
    counts.merge(event.split(" ")[0], 1, Integer::sum);
  }

  @Override
  public void close() {
    workers.forEach(Worker::close);
  }
}
