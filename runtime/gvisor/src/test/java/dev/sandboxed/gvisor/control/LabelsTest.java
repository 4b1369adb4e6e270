package dev.sandboxed.gvisor.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.sandboxed.Image;
import dev.sandboxed.InvalidSpecException;
import dev.sandboxed.NameTakenException;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxBuilder;
import dev.sandboxed.SandboxFilter;
import dev.sandboxed.SandboxInfo;
import dev.sandboxed.SandboxNotRunningException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class LabelsTest {
  /** Nobody else's sandboxes are in it. */
  private final String app = "test-" + UUID.randomUUID();

  private final List<Sandbox> created = new ArrayList<>();

  @AfterEach
  void end() {
    created.forEach(Sandbox::terminate);
    created.forEach(Sandbox::close);
  }

  @Test
  void lists_what_runs_with_what_it_was_created_from(@TempDir Path directory) throws Exception {
    Files.copy(Path.of("/bin/true"), directory.resolve("true"));
    var before = Instant.now().minusMillis(1);
    var sandbox =
        create(
            builder()
                .name("db")
                .tag("role", "db")
                .command("sh", "-c", "sleep 60")
                .timeout(Duration.ofMinutes(2))
                .idleTimeout(Duration.ofMinutes(1))
                .port(5432));
    var image = create(builder().image(Image.directory(directory)));

    var listed = Sandbox.list(SandboxFilter.all().app(app));
    assertThat(listed).extracting(SandboxInfo::id).containsExactly(sandbox.id(), image.id());
    var info = listed.get(0);
    assertThat(info.app()).isEqualTo(app);
    assertThat(info.name()).contains("db");
    assertThat(info.tags()).containsExactly(Map.entry("role", "db"));
    assertThat(info.created()).isBetween(before, Instant.now());
    assertThat(info.image()).isEqualTo("host");
    assertThat(info.command()).isEqualTo("sh -c 'sleep 60'");
    assertThat(info.timeout()).hasMinutes(2);
    assertThat(info.idleTimeout()).contains(Duration.ofMinutes(1));
    assertThat(info.ports()).containsExactly(5432);
    assertThat(listed.get(1).image()).isEqualTo("directory " + directory);
    assertThat(listed.get(1).name()).isEmpty();
    assertThat(listed.get(1).command()).isEmpty();
    assertThat(Sandbox.list()).contains(info);

    sandbox.close();
    assertThat(ids(SandboxFilter.all())).containsExactly(image.id());
  }

  @Test
  void filters_five_by_tags_that_must_all_match() {
    for (var i = 0; i < 5; i++) {
      create(
          builder()
              .tag("number", String.valueOf(i))
              .tag("parity", i % 2 == 0 ? "even" : "odd")
              .tag("size", i < 3 ? "small" : "large"));
    }
    assertThat(ids(SandboxFilter.all())).hasSize(5);
    assertThat(ids(SandboxFilter.all().tag("parity", "even"))).containsExactly(id(0), id(2), id(4));
    assertThat(ids(SandboxFilter.all().tag("parity", "even").tag("size", "small")))
        .containsExactly(id(0), id(2));
    assertThat(ids(SandboxFilter.all().tag("parity", "even").tag("number", "1"))).isEmpty();
    assertThat(ids(SandboxFilter.all().tag("parity", "eve"))).isEmpty();
  }

  @Test
  void replaces_tags_while_it_runs() {
    var sandbox = create(builder().tag("state", "free").tag("zone", "a"));
    assertThat(sandbox.tags()).containsOnly(Map.entry("state", "free"), Map.entry("zone", "a"));

    sandbox.replaceTags(Map.of("state", "taken"));
    assertThat(sandbox.tags()).containsOnly(Map.entry("state", "taken"));
    assertThat(ids(SandboxFilter.all().tag("state", "free"))).isEmpty();
    assertThat(ids(SandboxFilter.all().tag("state", "taken"))).containsExactly(sandbox.id());

    assertThatExceptionOfType(InvalidSpecException.class)
        .isThrownBy(() -> sandbox.replaceTags(Map.of("a\nb", "")))
        .withMessageContaining("key");
    sandbox.replaceTags(Map.of());
    assertThat(sandbox.tags()).isEmpty();

    sandbox.replaceTags(Map.of("last", "words"));
    sandbox.close();
    assertThat(sandbox.tags()).containsOnly(Map.entry("last", "words"));
    assertThatExceptionOfType(SandboxNotRunningException.class)
        .isThrownBy(() -> sandbox.replaceTags(Map.of()));
  }

  @Test
  void all_handles_know_the_last_tags_after_the_end_whoever_gave_them() {
    var sandbox = create(builder().tag("state", "free"));
    try (var other = Sandbox.fromId(sandbox.id());
        var third = Sandbox.fromId(sandbox.id())) {
      other.replaceTags(Map.of("state", "taken"));
      other.terminate().join();

      sandbox.onExit().join();
      third.onExit().join();
      assertThat(sandbox.tags()).containsOnly(Map.entry("state", "taken"));
      assertThat(third.tags()).containsOnly(Map.entry("state", "taken"));
    }
    var cleared = create(builder().tag("state", "free"));
    try (var other = Sandbox.fromId(cleared.id())) {
      other.replaceTags(Map.of());
      other.terminate().join();

      cleared.onExit().join();
      assertThat(cleared.tags()).isEmpty();
    }
  }

  @Test
  void has_its_name_to_itself_in_its_app_until_it_has_ended() {
    var first = create(builder().name("db"));
    var other = create(builder().app(app + "x").name("db"));

    assertThatExceptionOfType(NameTakenException.class)
        .isThrownBy(() -> create(builder().name("db")))
        .withMessageContaining("\"db\"")
        .withMessageContaining(app)
        .withMessageContaining(first.id());

    first.close();
    var second = create(builder().name("db"));
    assertThat(ids(SandboxFilter.all())).containsExactly(second.id());
    assertThat(other.poll()).isEmpty();
  }

  @Test
  void is_free_again_though_the_one_that_had_it_did_not_start() {
    for (var i = 0; i < 2; i++) {
      assertThatExceptionOfType(dev.sandboxed.CommandNotFoundException.class)
          .isThrownBy(() -> create(builder().name("db").command("no-such-program")));
    }
    create(builder().name("db"));
  }

  @Test
  void one_of_those_who_race_for_a_name_gets_it() {
    var races = new ArrayList<CompletableFuture<Sandbox>>();
    for (var i = 0; i < 8; i++) {
      races.add(builder().name("prize").createAsync());
    }
    var lost = 0;
    for (var race : races) {
      try {
        created.add(race.join());
      } catch (CompletionException e) {
        assertThat(e).hasCauseInstanceOf(NameTakenException.class);
        lost++;
      }
    }
    assertThat(lost).isEqualTo(7);
    assertThat(ids(SandboxFilter.all())).containsExactly(id(0));
  }

  @Test
  void says_what_is_wrong_with_labels() {
    for (var name : List.of("", "-a", ".", "a/b", "ä", "a b", "x".repeat(64))) {
      assertThatExceptionOfType(InvalidSpecException.class)
          .isThrownBy(() -> Sandbox.builder().name(name).build())
          .withMessageContaining("\"" + name + "\"")
          .withMessageContaining("1 to 63");
      assertThatExceptionOfType(InvalidSpecException.class)
          .isThrownBy(() -> Sandbox.builder().app(name).build())
          .withMessageContaining("\"" + name + "\"");
    }
    assertThatExceptionOfType(InvalidSpecException.class)
        .isThrownBy(() -> Sandbox.builder().tag("key", "x".repeat(1025)).build())
        .withMessageContaining("\"key\"")
        .withMessageContaining("1,024");
    assertThatExceptionOfType(InvalidSpecException.class)
        .isThrownBy(
            () -> {
              var builder = Sandbox.builder();
              for (var i = 0; i < 65; i++) {
                builder.tag("k" + i, "");
              }
              builder.build();
            })
        .withMessageContaining("65 tags");
  }

  private SandboxBuilder builder() {
    return Sandbox.builder().app(app);
  }

  private Sandbox create(SandboxBuilder builder) {
    var sandbox = builder.create();
    created.add(sandbox);
    return sandbox;
  }

  private String id(int number) {
    return created.get(number).id();
  }

  private List<String> ids(SandboxFilter filter) {
    return Sandbox.list(filter.app(app)).stream().map(SandboxInfo::id).toList();
  }
}
