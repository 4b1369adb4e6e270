package dev.sandboxed.junit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxFiles;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

/** Which backend creates the sandboxes of tests. */
class BackendTest {
  @Sandboxed
  static class Two {
    @RepeatedTest(2)
    void runs(Sandbox sandbox) {
      assertThat(sandbox.exec("echo", "hello").await().stdout()).isEqualTo("hello\n");
    }
  }

  @Sandboxed(backend = OtherBackend.NAME)
  static class OnTheOther extends Two {}

  @Sandboxed(backend = "gvisor")
  static class OnTheDefault extends OnTheOther {}

  @BeforeEach
  void forget() {
    OtherBackend.CALLS.clear();
  }

  @Test
  void is_the_default_one_unless_one_is_named() {
    Engine.pass(Two.class);
    assertThat(OtherBackend.CALLS).isEmpty();
  }

  @Test
  void is_the_one_that_the_nearest_annotation_names_or_the_configuration() {
    Engine.pass(OnTheOther.class).testEvents().assertStatistics(s -> s.succeeded(2));
    assertThat(OtherBackend.CALLS).contains("create", "prepareAsync");

    OtherBackend.CALLS.clear();
    Engine.pass(OnTheDefault.class, Map.of(Sandboxed.BACKEND_PROPERTY_NAME, OtherBackend.NAME));
    assertThat(OtherBackend.CALLS).isEmpty();

    Engine.pass(Two.class, Map.of(Sandboxed.BACKEND_PROPERTY_NAME, OtherBackend.NAME));
    assertThat(OtherBackend.CALLS).isNotEmpty();
  }

  @Sandboxed(backend = OtherBackend.NAME, joinAs = "one", ports = 1)
  static class Joined {
    @Test
    void findEachOther(
        Sandbox one,
        @Sandboxed(joinAs = "two") Sandbox two,
        @Sandboxed(backend = "gvisor", joinAs = "one") Sandbox elsewhere) {
      assertThat(two.exec("getent", "hosts", "one").await().isSuccess()).isTrue();
      assertThat(elsewhere.exec("getent", "hosts", "two").await().isSuccess()).isFalse();
    }
  }

  @Test
  void has_networks_of_its_own() {
    Engine.pass(Joined.class);
    assertThat(OtherBackend.CALLS).contains("createNetwork").doesNotContain("prepareAsync");
  }

  @Sandboxed(backend = OtherBackend.NAME, scope = SandboxScope.EXECUTION, joinAs = "shared")
  static class Shared {
    @Test
    void runs(Sandbox sandbox) {
      assertThat(sandbox.exec("true").await().isSuccess()).isTrue();
    }
  }

  @Test
  void also_creates_what_classes_share() {
    Engine.pass(Shared.class);
    assertThat(OtherBackend.CALLS).contains("createNetwork", "create");
  }

  @Sandboxed(backend = OtherBackend.NAME, snapshot = SnapshotMode.AFTER_SETUP)
  static class SetUp {
    @SandboxSetup
    static void load(SandboxFiles files) {
      files.write("/tmp/data", "loaded");
    }

    @Test
    void hasIt(SandboxFiles files) {
      assertThat(files.readText("/tmp/data")).isEqualTo("loaded");
    }
  }

  @Test
  void also_boots_what_is_set_up() {
    Engine.pass(SetUp.class);
    assertThat(OtherBackend.CALLS).contains("create");
  }

  @Sandboxed
  static class One {
    @Test
    void test(Sandbox sandbox) {}
  }

  @Sandboxed(backend = "firecracker")
  static class Unknown {
    @Test
    void test(Sandbox sandbox) {}
  }

  @Test
  void an_unknown_one_is_an_error_that_names_those_that_are_there() {
    assertThat(Engine.fail(Unknown.class))
        .hasMessageContaining(
            "@Sandboxed(backend = \"firecracker\") on class [%s]: The sandbox backend"
                + " \"firecracker\" is not on the class path (found: ",
            Unknown.class.getName())
        .hasMessageContaining("gvisor")
        .hasMessageContaining(OtherBackend.NAME);
    assertThat(Engine.fail(One.class, Map.of(Sandboxed.BACKEND_PROPERTY_NAME, "firecracker")))
        .hasMessageContaining("sandboxed.backend = firecracker, a configuration parameter: ");
  }
}
