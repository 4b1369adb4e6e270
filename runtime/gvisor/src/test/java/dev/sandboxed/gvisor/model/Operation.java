package dev.sandboxed.gvisor.model;

import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/**
 * Something that a process was asked to do.
 *
 * @param worker the process
 * @param box the sandbox it is about, if it is about one
 * @param words what it was asked
 * @param answer what came of it, once it is there
 * @param judge takes the answer
 */
record Operation(
    Worker worker,
    Optional<Box> box,
    String words,
    CompletableFuture<Answer> answer,
    Consumer<Answer> judge) {

  static Operation ask(Worker worker, Optional<Box> box, Consumer<Answer> judge, String... words) {
    return new Operation(worker, box, String.join(" ", words), worker.ask(words), judge);
  }
}
