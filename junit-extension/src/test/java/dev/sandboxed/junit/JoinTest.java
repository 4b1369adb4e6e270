package dev.sandboxed.junit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sandboxed.Sandbox;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;

/** Sandboxes that find each other by name. */
class JoinTest {
  private static final String HERE = JoinTest.class.getName();

  @Sandboxed
  static class Joined {
    @Sandboxed(joinAs = "db", ports = 5432)
    Sandbox db;

    @Sandboxed(joinAs = "app")
    Sandbox app;

    @Test
    void first(@Sandboxed Sandbox stranger) {
      assertThat(looksUp(app, "db")).isTrue();
      assertThat(looksUp(db, "app")).isTrue();
      assertThat(looksUp(stranger, "db")).isFalse();
    }

    @Test
    void hasAnotherNetworkInTheNextTest(@Sandboxed(joinAs = "late") Sandbox late) {
      assertThat(looksUp(late, "db")).isTrue();
      assertThat(late.spec().network().networks().keySet())
          .isEqualTo(app.spec().network().networks().keySet());
    }

    private static boolean looksUp(Sandbox sandbox, String name) {
      return sandbox.exec("getent", "hosts", name).await().isSuccess();
    }
  }

  static class Misnamed {
    @Sandboxed(joinAs = "No Name")
    Sandbox sandbox;

    @Test
    void test() {}
  }

  @Test
  void joinsTheSandboxesOfOneTest() {
    Engine.pass(Joined.class).testEvents().assertStatistics(s -> s.succeeded(2));
  }

  @Test
  void namesTheElementWhoseNameIsNone() {
    assertThat(Engine.fail(Misnamed.class))
        .isInstanceOf(ExtensionConfigurationException.class)
        .hasMessageContaining("joinAs = \"No Name\"")
        .hasMessageContaining(HERE + "$Misnamed");
  }
}
