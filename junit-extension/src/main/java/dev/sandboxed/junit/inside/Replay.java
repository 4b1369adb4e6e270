package dev.sandboxed.junit.inside;

import dev.sandboxed.OutputTail;
import dev.sandboxed.core.protocol.JsonObject;
import dev.sandboxed.junit.inside.jvm.Wire;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.platform.commons.JUnitException;
import org.junit.platform.engine.EngineExecutionListener;
import org.junit.platform.engine.TestDescriptor;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.UniqueId;
import org.junit.platform.engine.reporting.ReportEntry;

/**
 * Tells JUnit what happened inside, as far as it can have happened: each test of the unit begins
 * once, within its container, and ends once. Of the containers around the unit only failures count,
 * as the unit's own. Not thread-safe.
 */
final class Replay {
  private static final int MAX_DYNAMIC = 50_000;
  private static final int MAX_ENTRIES = 10_000;
  private static final int MAX_PAIRS = 100;
  private static final int MAX_ID = 16 * 1024;

  private enum State {
    KNOWN,
    STARTED,
    OVER
  }

  private final TestDescriptor root;
  private final EngineExecutionListener listener;
  private final Map<String, TestDescriptor> descriptors = new HashMap<>();
  private final Map<TestDescriptor, State> states = new LinkedHashMap<>();
  private final Set<String> around = new HashSet<>();
  private @Nullable TestExecutionResult rootResult;
  private @Nullable Throwable failureAround;
  private @Nullable String skippedAround;
  private int dynamic;
  private int entries;
  private boolean ended;

  Replay(TestDescriptor root, EngineExecutionListener listener) {
    this.root = root;
    this.listener = listener;
    know(root);
    root.getDescendants().forEach(this::know);
    for (var a = root.getParent(); a.isPresent(); a = a.get().getParent()) {
      around.add(BodyUnit.insideId(a.get().getUniqueId()));
    }
  }

  private void know(TestDescriptor descriptor) {
    descriptors.put(BodyUnit.insideId(descriptor.getUniqueId()), descriptor);
    states.put(descriptor, State.KNOWN);
  }

  /** Returns whether the JVM inside has said that all is over. */
  boolean hasEnded() {
    return ended;
  }

  /** Takes one event. */
  void accept(JsonObject event) throws ForgedEventException {
    var kind = event.string(Wire.EVENT).orElse("");
    if (ended) {
      throw new ForgedEventException("an event after the end");
    }
    switch (kind) {
      case Wire.END -> ended = true;
      case Wire.BROKEN -> failureAround(failure(event).orElseGet(Replay::undescribed));
      case Wire.REGISTERED -> register(event);
      default -> ofTest(kind, event);
    }
  }

  private void ofTest(String kind, JsonObject event) throws ForgedEventException {
    var id = id(event, "id");
    if (around.contains(id)) {
      ofContainerAround(kind, event);
      return;
    }
    var descriptor = descriptors.get(id);
    if (descriptor == null) {
      throw new ForgedEventException("an event of an unknown test " + OutputTail.printable(id));
    }
    switch (kind) {
      case Wire.STARTED -> start(descriptor);
      case Wire.SKIPPED -> skip(descriptor, text(event, "reason"));
      case Wire.FINISHED -> finish(descriptor, result(event));
      case Wire.ENTRY -> publish(descriptor, event);
      default ->
          throw new ForgedEventException("an unknown event \"" + OutputTail.printable(kind) + "\"");
    }
  }

  private void ofContainerAround(String kind, JsonObject event) {
    if (kind.equals(Wire.SKIPPED)) {
      skippedAround = text(event, "reason");
    } else if (kind.equals(Wire.FINISHED)) {
      result(event).getThrowable().ifPresent(this::failureAround);
    }
  }

  private void failureAround(Throwable failure) {
    if (failureAround == null) {
      failureAround = failure;
    } else {
      failureAround.addSuppressed(failure);
    }
  }

  private void register(JsonObject event) throws ForgedEventException {
    var id = id(event, "id");
    var parent = descriptors.get(id(event, "parent"));
    if (++dynamic > MAX_DYNAMIC) {
      throw new ForgedEventException("more than %,d dynamic tests".formatted(MAX_DYNAMIC));
    }
    if (parent == null || parent.isTest() || descriptors.containsKey(id)) {
      throw new ForgedEventException("a dynamic test in an impossible place");
    }
    var uniqueId = childId(parent, id);
    var name = text(event, "name");
    var descriptor =
        new DynamicInside(
            uniqueId,
            name.isBlank() ? uniqueId.getLastSegment().getValue() : name,
            text(event, "legacy"),
            type(event),
            parent.getSource().orElse(null));
    parent.addChild(descriptor);
    know(descriptor);
    listener.dynamicTestRegistered(descriptor);
  }

  private static UniqueId childId(TestDescriptor parent, String id) throws ForgedEventException {
    try {
      var segments = UniqueId.parse(id).getSegments();
      var child = parent.getUniqueId().append(segments.get(segments.size() - 1));
      if (BodyUnit.insideId(child).equals(id)) {
        return child;
      }
    } catch (JUnitException e) {
      // As bad as another parent's.
    }
    throw new ForgedEventException("a dynamic test with an impossible id");
  }

  private static TestDescriptor.Type type(JsonObject event) {
    return switch (event.string("type").orElse("")) {
      case "CONTAINER" -> TestDescriptor.Type.CONTAINER;
      case "CONTAINER_AND_TEST" -> TestDescriptor.Type.CONTAINER_AND_TEST;
      default -> TestDescriptor.Type.TEST;
    };
  }

  private void start(TestDescriptor descriptor) throws ForgedEventException {
    requireBegin(descriptor);
    states.put(descriptor, State.STARTED);
    listener.executionStarted(descriptor);
  }

  private void skip(TestDescriptor descriptor, String reason) throws ForgedEventException {
    requireBegin(descriptor);
    states.put(descriptor, State.OVER);
    listener.executionSkipped(descriptor, reason);
  }

  private void finish(TestDescriptor descriptor, TestExecutionResult result)
      throws ForgedEventException {
    if (states.get(descriptor) != State.STARTED || (descriptor == root && rootResult != null)) {
      throw new ForgedEventException("the end of a test that does not run");
    }
    for (var child : descriptor.getChildren()) {
      if (states.get(child) == State.STARTED) {
        throw new ForgedEventException("the end of a container whose tests run");
      }
    }
    if (descriptor == root) {
      // What comes after it, such as @AfterAll, can still fail.
      rootResult = result;
    } else {
      states.put(descriptor, State.OVER);
      listener.executionFinished(descriptor, result);
    }
  }

  private void requireBegin(TestDescriptor descriptor) throws ForgedEventException {
    var isWithin =
        descriptor == root
            || descriptor.getParent().filter(p -> states.get(p) == State.STARTED).isPresent();
    if (states.get(descriptor) != State.KNOWN || !isWithin || rootResult != null) {
      throw new ForgedEventException("the beginning of a test that cannot begin");
    }
  }

  private void publish(TestDescriptor descriptor, JsonObject event) throws ForgedEventException {
    if (states.get(descriptor) != State.STARTED || ++entries > MAX_ENTRIES) {
      throw new ForgedEventException("a report entry too many");
    }
    var pairs = new LinkedHashMap<String, String>();
    event
        .object("entries")
        .ifPresent(
            all ->
                all.strings().entrySet().stream()
                    .limit(MAX_PAIRS)
                    .filter(e -> !e.getKey().isBlank() && !e.getValue().isBlank())
                    .forEach(
                        e ->
                            pairs.put(
                                OutputTail.printable(e.getKey()),
                                OutputTail.printable(e.getValue()))));
    if (!pairs.isEmpty()) {
      listener.reportingEntryPublished(descriptor, ReportEntry.from(pairs));
    }
  }

  /** Ends all that has not ended: nothing more comes from inside. */
  void close(Optional<Throwable> failure) {
    var cause = failure.or(() -> Optional.ofNullable(failureAround)).orElse(null);
    if (failure.isPresent() && failureAround != null) {
      failure.get().addSuppressed(failureAround);
    }
    if (states.get(root) == State.KNOWN) {
      closeUnbegun(cause);
    } else if (states.get(root) == State.STARTED) {
      closeBegun(failure.orElse(null), cause);
    }
  }

  private void closeUnbegun(@Nullable Throwable cause) {
    states.put(root, State.OVER);
    if (cause == null && skippedAround != null) {
      listener.executionSkipped(root, skippedAround);
      return;
    }
    listener.executionStarted(root);
    listener.executionFinished(
        root,
        TestExecutionResult.failed(
            cause != null
                ? cause
                : new JUnitException(
                    "Inside the sandbox Jupiter did not find the test; is everything on the class"
                        + " path that it needs?")));
  }

  private void closeBegun(@Nullable Throwable end, @Nullable Throwable cause) {
    var result = rootResult;
    if (end == null && result == null) {
      end = new JUnitException("The JVM inside said that all is over while the test ran");
      cause = end;
    }
    if (end != null) {
      closeBelow(root, end);
    }
    states.put(root, State.OVER);
    listener.executionFinished(root, merge(result, cause));
  }

  private static TestExecutionResult merge(
      @Nullable TestExecutionResult result, @Nullable Throwable cause) {
    if (cause == null && result != null) {
      return result;
    }
    var failed = result == null ? null : result.getThrowable().orElse(null);
    if (failed != null && cause != null && failed != cause) {
      failed.addSuppressed(cause);
      return TestExecutionResult.failed(failed);
    }
    return TestExecutionResult.failed(cause);
  }

  /** The test that ran fails, and so does what could not begin any more; nothing is left out. */
  private void closeBelow(TestDescriptor container, Throwable end) {
    for (var child : new ArrayList<>(container.getChildren())) {
      var state = states.get(child);
      if (state == State.OVER) {
        continue;
      }
      if (state == State.KNOWN) {
        listener.executionStarted(child);
      }
      closeBelow(child, end);
      states.put(child, State.OVER);
      listener.executionFinished(child, TestExecutionResult.failed(end));
    }
  }

  private static TestExecutionResult result(JsonObject event) {
    var failure = failure(event);
    return switch (event.string("status").orElse("")) {
      case "SUCCESSFUL" -> TestExecutionResult.successful();
      case "ABORTED" -> TestExecutionResult.aborted(failure.orElse(null));
      default -> TestExecutionResult.failed(failure.orElseGet(Replay::undescribed));
    };
  }

  private static Optional<Throwable> failure(JsonObject event) {
    return event.array("failure").map(RebuiltFailure::of);
  }

  private static Throwable undescribed() {
    return new JUnitException("The test failed inside without saying why");
  }

  private static String id(JsonObject event, String name) throws ForgedEventException {
    var id = event.string(name).orElse("");
    if (id.isEmpty() || id.length() > MAX_ID) {
      throw new ForgedEventException("an event without the id of a test");
    }
    return id;
  }

  private static String text(JsonObject event, String name) {
    return OutputTail.printable(event.string(name).orElse(""));
  }
}
