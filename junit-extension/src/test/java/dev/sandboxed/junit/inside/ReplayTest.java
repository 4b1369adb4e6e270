package dev.sandboxed.junit.inside;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sandboxed.core.protocol.JsonObject;
import dev.sandboxed.core.protocol.ProtocolException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.platform.engine.EngineExecutionListener;
import org.junit.platform.engine.TestDescriptor;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.UniqueId;
import org.junit.platform.engine.reporting.ReportEntry;
import org.junit.platform.engine.support.descriptor.EngineDescriptor;

/** Whatever a JVM inside says, JUnit's listeners hear a story that can be. */
class ReplayTest {
  private static final String CLASS = "[engine:junit-jupiter]/[class:A]";
  private static final String FACTORY = CLASS + "/[test-factory:f()]";

  private final EngineDescriptor engine =
      new EngineDescriptor(UniqueId.forEngine(InsideTestEngine.ID), "engine");
  private final TestDescriptor container = child(engine, "class", "A");
  private final TestDescriptor factory = child(container, "test-factory", "f()");
  private final Story story = new Story();
  private final Replay replay = new Replay(factory, story);

  private static TestDescriptor child(TestDescriptor parent, String type, String value) {
    var child =
        new DynamicInside(
            parent.getUniqueId().append(type, value),
            value,
            value,
            TestDescriptor.Type.CONTAINER,
            null);
    parent.addChild(child);
    return child;
  }

  /** Fails at once if something is told that cannot be. */
  private static final class Story implements EngineExecutionListener {
    private final Map<TestDescriptor, String> states = new HashMap<>();
    private final List<String> told = new ArrayList<>();

    @Override
    public void dynamicTestRegistered(TestDescriptor test) {
      told.add("registered " + test.getDisplayName());
    }

    @Override
    public void executionStarted(TestDescriptor test) {
      told.add("started " + test.getDisplayName());
      assertThat(states.put(test, "started")).isNull();
    }

    @Override
    public void executionSkipped(TestDescriptor test, String reason) {
      told.add("skipped " + test.getDisplayName() + ": " + reason);
      assertThat(states.put(test, "over")).isNull();
    }

    @Override
    public void executionFinished(TestDescriptor test, TestExecutionResult result) {
      told.add("finished " + test.getDisplayName() + ": " + result.getStatus());
      assertThat(states.put(test, "over")).isEqualTo("started");
      assertThat(test.getChildren()).noneMatch(c -> "started".equals(states.get(c)));
    }

    @Override
    public void reportingEntryPublished(TestDescriptor test, ReportEntry entry) {
      assertThat(states.get(test)).isEqualTo("started");
      told.add("entry " + entry.getKeyValuePairs());
    }
  }

  private static JsonObject event(String json) {
    try {
      return JsonObject.parse(
          ByteBuffer.wrap(json.replace('\'', '"').getBytes(StandardCharsets.UTF_8)));
    } catch (ProtocolException e) {
      throw new AssertionError(json, e);
    }
  }

  private void accept(String... events) throws ForgedEventException {
    for (var event : events) {
      replay.accept(event(event));
    }
  }

  private static String registered(String id) {
    return "{'event':'registered','id':'%s','parent':'%s','name':'n','type':'TEST'}"
        .formatted(id, FACTORY);
  }

  private static String of(String event, String id) {
    return "{'event':'%s','id':'%s','status':'SUCCESSFUL'}".formatted(event, id);
  }

  @Test
  void a_story_that_can_be_is_told_as_it_is() throws ForgedEventException {
    var test = FACTORY + "/[dynamic-test:#1]";

    accept(of("started", CLASS), of("started", FACTORY), registered(test), of("started", test));
    accept(
        "{'event':'entry','id':'%s','entries':{'k':'v\\u001b'}}".formatted(test),
        of("finished", test),
        of("finished", FACTORY),
        of("finished", CLASS),
        "{'event':'end'}");
    replay.close(Optional.empty());

    assertThat(story.told)
        .containsExactly(
            "started f()",
            "registered n",
            "started n",
            "entry {k=v\\u001b}",
            "finished n: SUCCESSFUL",
            "finished f(): SUCCESSFUL");
  }

  @Test
  void what_cannot_be_is_refused() throws ForgedEventException {
    refused(of("started", "[engine:junit-jupiter]/[class:B]"), "unknown test");
    refused(of("finished", FACTORY), "the end of a test that does not run");
    refused("{}", "without the id");
    refused("{'event':'dance','id':'%s'}".formatted(FACTORY), "unknown event");
    refused(registered(CLASS + "/[method:other()]"), "impossible id");
    refused(registered("nonsense"), "impossible id");
    refused(registered(FACTORY), "impossible place");
    accept(of("started", FACTORY));
    refused(of("started", FACTORY), "cannot begin");
    accept(registered(FACTORY + "/[dynamic-test:#1]"), of("finished", FACTORY));
    refused(of("finished", FACTORY), "does not run");
    refused(of("started", FACTORY + "/[dynamic-test:#1]"), "cannot begin");
    accept("{'event':'end'}");
    refused(of("started", FACTORY), "after the end");
  }

  private void refused(String event, String why) {
    assertThatThrownBy(() -> accept(event)).hasMessageContaining(why);
  }

  @Test
  void a_flood_of_dynamic_tests_is_cut_off() throws ForgedEventException {
    accept(of("started", FACTORY));
    for (var i = 0; i < 50_000; i++) {
      accept(registered(FACTORY + "/[dynamic-test:#%d]".formatted(i)));
    }
    refused(registered(FACTORY + "/[dynamic-test:#x]"), "more than");
  }

  @Test
  void an_end_in_the_middle_fails_what_runs_and_what_is_left() throws ForgedEventException {
    var test = FACTORY + "/[dynamic-test:#1]";
    accept(of("started", FACTORY), registered(test), of("started", test));

    replay.close(Optional.of(new IllegalStateException("gone")));

    assertThat(story.told).endsWith("finished n: FAILED", "finished f(): FAILED");
  }

  @Test
  void whatever_comes_the_story_is_possible_and_has_an_end() {
    var random = new Random(8);
    for (var round = 0; round < 400; round++) {
      var own = new Story();
      var engineHere = new EngineDescriptor(UniqueId.forEngine(InsideTestEngine.ID), "engine");
      var root = child(child(engineHere, "class", "A"), "test-factory", "f()");
      var here = new Replay(root, own);
      for (var i = 0; i < 60; i++) {
        try {
          here.accept(random(random));
        } catch (ForgedEventException e) {
          assertThat(e).message().isNotBlank();
        }
      }
      here.close(
          random.nextBoolean() ? Optional.empty() : Optional.of(new IllegalStateException("end")));
      assertThat(own.states.values()).containsOnly("over");
      assertThat(own.states).containsKey(root);
    }
  }

  private static JsonObject random(Random random) {
    var members = new HashMap<String, Object>();
    var kinds =
        List.of("started", "started", "finished", "skipped", "registered", "entry", "broken", "x");
    members.put("event", kinds.get(random.nextInt(kinds.size())));
    members.put("id", id(random));
    members.put("parent", id(random));
    if (random.nextInt(4) > 0) {
      members.put("status", List.of("SUCCESSFUL", "ABORTED", "FAILED").get(random.nextInt(3)));
    }
    members.put("type", random.nextBoolean() ? "TEST" : "CONTAINER");
    members.put("reason", random.nextBoolean() ? "because" : 7);
    members.put("entries", random.nextBoolean() ? Map.of("a", "b", " ", "c") : List.of(1));
    if (random.nextBoolean()) {
      members.put(
          "failure",
          List.of(
              Map.of(
                  "class", "A",
                  "kind", List.of("aborted", "compared", "assertion", "").get(random.nextInt(4)),
                  "frames", List.of(List.of("a", "b"), 3, List.of()),
                  "cause", random.nextInt(4) - 1,
                  "suppressed", List.of(0, 1, 2, "x")),
              "none",
              Map.of("message", "b", "cause", 1)));
    }
    try {
      return JsonObject.parse(ByteBuffer.wrap(JsonObject.of(members).toBytes()));
    } catch (ProtocolException e) {
      throw new AssertionError(e);
    }
  }

  private static String id(Random random) {
    var ids =
        List.of(
            FACTORY,
            FACTORY,
            FACTORY + "/[dynamic-test:#1]",
            FACTORY + "/[dynamic-test:#2]",
            FACTORY + "/[dynamic-test:#1]/[dynamic-test:#3]",
            CLASS,
            "[engine:junit-jupiter]",
            "[[",
            "");
    return ids.get(random.nextInt(ids.size()));
  }
}
