package dev.sandboxed.gvisor.model;

import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.Consumer;
import java.util.function.Function;

/** Chooses what is done next, and has it begun. */
final class Choices {
  private static final List<String> APPS = List.of("one", "two");
  private static final List<String> NAMES = List.of("", "", "db", "web", "db");
  private static final List<String> TAGS = List.of("", "role=a", "role=b", "role=a,size=l");
  private static final List<String> PATHS = List.of("/tmp/a", "/tmp/b");
  private static final int MOST_UP = 8;

  private final Random random;
  private final Contract contract;
  private int numbers;

  Choices(Random random, Contract contract) {
    this.random = random;
    this.contract = contract;
  }

  /** Begins an operation of one of the processes; empty if what was chosen cannot be done now. */
  Optional<Operation> next(List<Worker> workers) {
    var worker = of(workers);
    var roll = random.nextInt(100);
    var up = contract.boxes().stream().filter(Box::isUp).count();
    if (up == 0 || roll < 12) {
      return up < MOST_UP ? Optional.of(create(worker)) : onHandle(this::terminate);
    }
    if (roll < 20) {
      return onBox(box -> fromId(worker, box));
    }
    if (roll < 24) {
      return Optional.of(fromName(worker));
    }
    if (roll < 32) {
      return Optional.of(list(worker));
    }
    return onHandle(handle -> call(handle, roll));
  }

  private Operation call(Handle handle, int roll) {
    if (roll < 46) {
      return exec(handle);
    }
    if (roll < 54) {
      return write(handle);
    }
    if (roll < 62) {
      return simple(handle, "read", of(PATHS));
    }
    if (roll < 67) {
      return retag(handle);
    }
    if (roll < 92) {
      var calls = List.of("tags", "logs", "poll", "await", "waitFor");
      return simple(handle, of(calls), "");
    }
    if (roll < 94) {
      return detach(handle);
    }
    return roll < 97 ? terminate(handle) : close(handle);
  }

  private Operation create(Worker worker) {
    var kinds = Kind.values();
    var kind = random.nextInt(3) == 0 ? kinds[random.nextInt(kinds.length)] : Kind.GREETER;
    return create(worker, of(APPS), of(NAMES), kind);
  }

  /** Begins the creation of a sandbox. */
  Operation create(Worker worker, String app, String name, Kind kind) {
    var handle = newHandle();
    var spec = new String[] {app, name, of(TAGS), kind.name()};
    return Operation.ask(
        worker,
        Optional.empty(),
        answer -> contract.created(worker, handle, spec, answer),
        "create",
        handle,
        spec[0],
        spec[1],
        spec[2],
        spec[3]);
  }

  /** Begins to find a sandbox by its id. */
  Operation fromId(Worker worker, Box box) {
    var handle = newHandle();
    return Operation.ask(
        worker,
        Optional.of(box),
        answer -> contract.foundById(worker, handle, box, answer),
        "fromId",
        handle,
        box.id());
  }

  private Operation fromName(Worker worker) {
    var handle = newHandle();
    var app = of(APPS);
    var name = random.nextBoolean() ? "db" : "web";
    return Operation.ask(
        worker,
        Optional.empty(),
        answer -> contract.foundByName(worker, handle, app, name, answer),
        "fromName",
        handle,
        app,
        name);
  }

  private Operation list(Worker worker) {
    var app = random.nextBoolean() ? "" : of(APPS);
    var tags = of(TAGS);
    return Operation.ask(
        worker, Optional.empty(), answer -> contract.listed(app, tags, answer), "list", app, tags);
  }

  private Operation exec(Handle handle) {
    var token = "token-" + numbers++;
    return ask(handle, a -> contract.executed(handle, token, a), "exec", handle.name(), token);
  }

  private Operation write(Handle handle) {
    var path = of(PATHS);
    var content = "content-" + numbers++;
    return ask(
        handle,
        a -> contract.wrote(handle, path, content, a),
        "write",
        handle.name(),
        path,
        content);
  }

  private Operation retag(Handle handle) {
    var tags = of(TAGS);
    return ask(handle, a -> contract.retagged(handle, tags, a), "retag", handle.name(), tags);
  }

  /** Begins a call that changes nothing. Nobody waits for what does not end. */
  private Operation simple(Handle handle, String call, String argument) {
    if (handle.box().isUp() && (call.equals("await") || call.equals("waitFor"))) {
      return simple(handle, "poll", "");
    }
    return ask(
        handle,
        answer -> {
          switch (call) {
            case "read" -> contract.read(handle, argument, answer);
            case "tags" -> contract.toldTags(handle, answer);
            case "logs" -> contract.toldLogs(handle, answer);
            case "poll" -> contract.polled(handle, answer);
            case "await" -> contract.ended(handle, answer);
            default -> contract.waited(handle, answer);
          }
        },
        call,
        handle.name(),
        argument);
  }

  private Operation detach(Handle handle) {
    return ask(handle, answer -> contract.detached(handle, answer), "detach", handle.name());
  }

  /** Begins to end a sandbox. */
  Operation terminate(Handle handle) {
    if (!handle.isDetached()) {
      handle.box().doom("TERMINATED 137");
    }
    return ask(handle, answer -> contract.terminated(handle, answer), "terminate", handle.name());
  }

  private Operation close(Handle handle) {
    if (handle.owns()) {
      handle.box().doom("TERMINATED 137");
    }
    return ask(handle, answer -> contract.closed(handle, answer), "close", handle.name());
  }

  private static Operation ask(Handle handle, Consumer<Answer> judge, String... words) {
    return Operation.ask(handle.worker(), Optional.of(handle.box()), judge, words);
  }

  /** Chooses a handle, more often one whose sandbox runs. */
  private Optional<Operation> onHandle(Function<Handle, Operation> begin) {
    var all = List.copyOf(contract.handles());
    var up = all.stream().filter(h -> h.box().isUp()).toList();
    var among = !up.isEmpty() && random.nextInt(4) > 0 ? up : all;
    return among.isEmpty() ? Optional.empty() : Optional.of(begin.apply(of(among)));
  }

  private Optional<Operation> onBox(Function<Box, Operation> begin) {
    var boxes = List.copyOf(contract.boxes());
    return boxes.isEmpty() ? Optional.empty() : Optional.of(begin.apply(of(boxes)));
  }

  /** Chooses one that runs. */
  Optional<Box> anyUp() {
    var up = contract.boxes().stream().filter(Box::isUp).toList();
    return up.isEmpty() ? Optional.empty() : Optional.of(of(up));
  }

  <T> T of(List<T> all) {
    return all.get(random.nextInt(all.size()));
  }

  private String newHandle() {
    return "h" + numbers++;
  }
}
