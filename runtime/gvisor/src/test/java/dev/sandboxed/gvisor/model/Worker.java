package dev.sandboxed.gvisor.model;

import dev.sandboxed.gvisor.kill.Arena;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** One of the processes that use sandboxes; it can be asked for several things at once. */
final class Worker implements AutoCloseable {
  private final Process process;
  private final Writer questions;
  private final Map<String, CompletableFuture<Answer>> asked = new ConcurrentHashMap<>();
  private final AtomicInteger numbers = new AtomicInteger();
  private final Thread reader;

  Worker(Arena arena, Path errors) throws IOException {
    process =
        arena
            .program(List.of(), List.of(), Performer.class)
            .redirectError(ProcessBuilder.Redirect.appendTo(errors.toFile()))
            .start();
    questions = process.outputWriter(StandardCharsets.UTF_8);
    reader = new Thread(this::read, "answers of " + process.pid());
    reader.start();
  }

  long pid() {
    return process.pid();
  }

  /** Has something done; completes in any case, with {@link Answer#GONE} if the process dies. */
  CompletableFuture<Answer> ask(String... words) {
    var number = Integer.toString(numbers.incrementAndGet());
    var answer = new CompletableFuture<Answer>();
    asked.put(number, answer);
    try {
      questions.write(number + "\t" + String.join("\t", words) + "\n");
      questions.flush();
    } catch (IOException e) {
      answer.complete(Answer.GONE);
    }
    if (!reader.isAlive()) {
      answer.complete(Answer.GONE);
    }
    return answer;
  }

  /** Ends the process, as {@code kill -9} does, and waits until it is gone. */
  void kill() {
    process.destroyForcibly();
    try {
      process.waitFor();
      reader.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    kill();
  }

  private void read() {
    try (BufferedReader answers = process.inputReader(StandardCharsets.UTF_8)) {
      for (var line = answers.readLine(); line != null; line = answers.readLine()) {
        var parts = line.split("\t", 2);
        var known = parts.length == 2 ? asked.remove(parts[0]) : null;
        if (known != null) {
          known.complete(Answer.parse(parts[1]));
        }
      }
    } catch (IOException e) {
      // The process was killed.
    } finally {
      asked.values().forEach(answer -> answer.complete(Answer.GONE));
    }
  }
}
