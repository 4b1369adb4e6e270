package dev.sandboxed.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sandboxed.Sandbox;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A test or class of which one sandbox starts and another does not: nothing is left. */
class HalfwayStartTest {
  private static final List<Sandbox> STARTED = new ArrayList<>();

  @BeforeEach
  void forget() {
    STARTED.clear();
  }

  @AfterEach
  void nothingIsLeft() {
    assertThat(STARTED).hasSize(1).allSatisfy(s -> assertThat(s.poll()).isPresent());
    await().atMost(Duration.ofSeconds(30)).until(() -> Keepers.count() == 0);
  }

  static class OfTest {
    OfTest(@Sandboxed Sandbox first) {
      STARTED.add(first);
    }

    @Test
    void test(@Sandboxed(image = "directory:/nonexistent") Sandbox second) {}
  }

  static class BeforeFields {
    @Sandboxed(image = "directory:/nonexistent")
    Sandbox second;

    BeforeFields(@Sandboxed Sandbox first) {
      STARTED.add(first);
    }

    @Test
    void test() {}
  }

  @Sandboxed(scope = SandboxScope.CLASS)
  static class OfClass {
    OfClass(Sandbox first) {
      STARTED.add(first);
    }

    @Test
    void test(
        @Sandboxed(scope = SandboxScope.CLASS, image = "directory:/nonexistent") Sandbox second) {}
  }

  @Sandboxed(scope = SandboxScope.EXECUTION)
  static class OfExecution {
    OfExecution(Sandbox first) {
      STARTED.add(first);
    }

    @Test
    void test(
        @Sandboxed(scope = SandboxScope.SESSION, image = "directory:/nonexistent")
            Sandbox second) {}
  }

  @ParameterizedTest
  @ValueSource(classes = {OfTest.class, BeforeFields.class, OfClass.class, OfExecution.class})
  void endsTheOneThatHasStarted(Class<?> fixture) {
    assertThat(Engine.fail(fixture)).hasMessageContaining("/nonexistent");
  }

  static class NotReady {
    NotReady(@Sandboxed Sandbox first) {
      STARTED.add(first);
    }

    @Test
    void test(
        @Sandboxed(
                command = {"sleep", "600"},
                readyWhen = @Probe(tcp = 5432),
                readyTimeout = "1s")
            Sandbox second) {}
  }

  @Test
  void endsTheOneThatDoesNotGetReadyToo() {
    assertThat(Engine.fail(NotReady.class)).hasMessageContaining("5432");
  }
}
