package dev.sandboxed.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import dev.sandboxed.Sandbox;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.platform.engine.CancellationToken;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherExecutionRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/** An execution that is cancelled by the token of JUnit 6 leaves no sandbox of any scope. */
class CancellationTokenTest {
  private static final CancellationToken TOKEN = CancellationToken.create();
  private static final List<Sandbox> SEEN = new ArrayList<>();

  @Sandboxed
  static class Suite {
    @Sandboxed static Sandbox ofClass;

    @Sandboxed(scope = SandboxScope.EXECUTION)
    static Sandbox ofExecution;

    @Sandboxed(scope = SandboxScope.SESSION)
    static Sandbox ofSession;

    @RepeatedTest(4)
    void test(Sandbox sandbox) {
      SEEN.addAll(List.of(sandbox, ofClass, ofExecution, ofSession));
      // One is prepared for the next test, which will not come.
      await().atMost(Duration.ofSeconds(60)).until(() -> Keepers.count() == 5);
      TOKEN.cancel();
    }
  }

  @Test
  void leavesNothing() {
    var failures = new Failures(new ArrayList<>());
    try (var session = LauncherFactory.openSession()) {
      var tests =
          LauncherDiscoveryRequestBuilder.request().selectors(selectClass(Suite.class)).build();
      session
          .getLauncher()
          .execute(
              LauncherExecutionRequestBuilder.request(tests)
                  .cancellationToken(TOKEN)
                  .listeners(failures)
                  .build());

      assertThat(SEEN).hasSize(4);
      assertThat(SEEN.subList(0, 3)).allSatisfy(s -> assertThat(s.poll()).isPresent());
      assertThat(SEEN.get(3).poll()).isEmpty();
    }

    assertThat(SEEN.get(3).poll()).isPresent();
    await().atMost(Duration.ofSeconds(30)).until(() -> Keepers.count() == 0);
  }
}
