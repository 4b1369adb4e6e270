package dev.sandboxed.gvisor.model;

/** What a process has of a sandbox. */
final class Handle {
  private final String name;
  private final Worker worker;
  private final Box box;
  private final boolean creators;
  private boolean detached;
  private boolean knowsEnd;

  Handle(String name, Worker worker, Box box, boolean creators) {
    this.name = name;
    this.worker = worker;
    this.box = box;
    this.creators = creators;
  }

  Worker worker() {
    return worker;
  }

  Box box() {
    return box;
  }

  String name() {
    return name;
  }

  /** Whether closing it ends the sandbox. */
  boolean owns() {
    return creators && !detached;
  }

  void detach() {
    detached = true;
  }

  boolean isDetached() {
    return detached;
  }

  /** Notes that it has told of the end, so it cannot say otherwise any more. */
  void tellEnd() {
    knowsEnd = true;
  }

  boolean knowsEnd() {
    return knowsEnd;
  }
}
