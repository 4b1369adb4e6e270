package dev.sandboxed.junit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sandboxed.Image;
import dev.sandboxed.ImageStep;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxFiles;
import java.io.IOException;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Files that are there before anything runs. */
class FilesTest {
  private static final String HERE = FilesTest.class.getName();

  @Sandboxed(
      files = {
        @SandboxFile(resource = "greeting.txt", target = "/srv/a/greeting.txt"),
        @SandboxFile(resource = "/dev/sandboxed/junit/greeting.txt", target = "/srv/from-the-top"),
        @SandboxFile(resource = "/org/junit/jupiter/api/Test.class", target = "/srv/of-a-jar"),
        @SandboxFile(resource = "site", target = "/srv/site"),
        @SandboxFile(path = "pom.xml", target = "/srv/pom.xml", mode = "0600", owner = "12:34"),
        @SandboxFile(path = "src/test/resources/dev/sandboxed/junit/site", target = "/srv/copy"),
        @SandboxFile(content = "#!/bin/sh\necho run\n", target = "/srv/run", mode = "0755")
      })
  static class EverySource {
    static Path unpacked;

    @Test
    void hasThem(Sandbox sandbox) throws IOException {
      unpacked = source("/srv/of-a-jar", sandbox.spec().image());
      assertThat(unpacked).exists();
      var files = sandbox.files();
      assertThat(files.readText("/srv/a/greeting.txt")).isEqualTo("hello\n");
      assertThat(files.readText("/srv/from-the-top")).isEqualTo("hello\n");
      try (var ofJar = Test.class.getResourceAsStream("Test.class")) {
        assertThat(files.readBytes("/srv/of-a-jar")).isEqualTo(ofJar.readAllBytes());
      }
      assertThat(files.readText("/srv/site/index.html")).isEqualTo("<p>hello</p>\n");
      assertThat(files.readText("/srv/copy/index.html")).isEqualTo("<p>hello</p>\n");
      assertThat(files.readText("/srv/pom.xml")).isEqualTo(Files.readString(Path.of("pom.xml")));
      assertThat(sandbox.exec("/srv/run").await().stdout()).isEqualTo("run\n");
      assertThat(
              sandbox
                  .exec("stat", "-c", "%a %u:%g", "/srv/a/greeting.txt", "/srv/of-a-jar")
                  .await()
                  .stdout())
          .isEqualTo("644 0:0\n644 0:0\n");
      assertThat(sandbox.exec("stat", "-c", "%a %u:%g", "/srv/pom.xml").await().stdout())
          .isEqualTo("600 12:34\n");
    }
  }

  private static Path source(String target, Image image) {
    var built = (Image.BuiltImage) image;
    return built.step() instanceof ImageStep.Copy copy && copy.target().equals(target)
        ? copy.source()
        : source(target, built.base());
  }

  @Test
  void come_from_the_class_path_from_the_host_and_from_words() {
    Engine.pass(EverySource.class).testEvents().assertStatistics(s -> s.succeeded(1));
    assertThat(EverySource.unpacked).as("what was unpacked of a jar").doesNotExist();
  }

  @Sandboxed(
      files =
          @SandboxFile(
              content =
                  "cp /srv/word /tmp/seen; echo changed > /srv/word; echo up; exec sleep infinity",
              target = "/srv/main"),
      command = {"sh", "/srv/main"},
      readyWhen = @Probe(log = "up"),
      snapshot = SnapshotMode.READY)
  static class BeforeTheCommand {
    @Test
    @Sandboxed(files = @SandboxFile(content = "one", target = "/srv/word"))
    void one(SandboxFiles files) {
      assertThat(files.readText("/tmp/seen")).isEqualTo("one");
    }

    @Test
    @Sandboxed(files = @SandboxFile(content = "two", target = "/srv/word"))
    void two(SandboxFiles files) {
      assertThat(files.readText("/tmp/seen")).isEqualTo("two");
    }

    @Test
    @Sandboxed(files = @SandboxFile(content = "two", target = "/srv/word"))
    void twoOnceMore(SandboxFiles files) {
      assertThat(files.readText("/tmp/seen")).isEqualTo("two");
      assertThat(files.readText("/srv/word")).isEqualTo("changed\n");
    }
  }

  @Test
  void are_there_before_the_command_runs_and_in_copies_of_what_was_ready() {
    Engine.pass(BeforeTheCommand.class).testEvents().assertStatistics(s -> s.succeeded(3));
  }

  @Sandboxed(
      files = {
        @SandboxFile(content = "composed", target = "/srv/composed"),
        @SandboxFile(content = "composed", target = "/srv/class")
      })
  @Retention(RetentionPolicy.RUNTIME)
  @interface WithFiles {}

  @WithFiles
  @Sandboxed(
      files = {
        @SandboxFile(content = "class", target = "/srv/class"),
        @SandboxFile(content = "class", target = "/srv/method"),
        @SandboxFile(resource = "site", target = "/srv/site")
      })
  static class Nearest {
    @Test
    @Sandboxed(
        files = {
          @SandboxFile(content = "method", target = "/srv/method"),
          @SandboxFile(content = "method", target = "/srv/site/index.html")
        })
    void counts(Sandbox sandbox) {
      assertThat(
              sandbox
                  .exec(
                      "sh",
                      "-c",
                      "cd /srv; tail -n +1 composed class method site/index.html configured")
                  .await()
                  .stdout()
                  .replaceAll("\\s+", " "))
          .isEqualTo(
              "==> composed <== composed ==> class <== class ==> method <== method"
                  + " ==> site/index.html <== method ==> configured <== hello ");
      assertThat(sandbox.exec("stat", "-c", "%a", "/srv/configured").await().stdout())
          .isEqualTo("640\n");
    }
  }

  @Test
  void are_gathered_and_the_nearest_counts_for_a_target() {
    Engine.pass(
            Nearest.class,
            Map.of(
                Sandboxed.FILES_PROPERTY_NAME,
                "classpath:dev/sandboxed/junit/greeting.txt:/srv/configured:640,"
                    + " pom.xml:/srv/class"))
        .testEvents()
        .assertStatistics(s -> s.succeeded(1));
  }

  @Sandboxed(files = @SandboxFile(target = "/srv/a"))
  static class NoSource extends TakesSandbox {}

  @Sandboxed(files = @SandboxFile(path = "pom.xml", content = "a", target = "/srv/a"))
  static class TwoSources extends TakesSandbox {}

  @Sandboxed(
      files = {
        @SandboxFile(content = "a", target = "/srv/a"),
        @SandboxFile(content = "b", target = "/srv/a")
      })
  static class SameTarget extends TakesSandbox {}

  @Sandboxed(files = @SandboxFile(resource = "schema.sql", target = "/srv/a"))
  static class NoResource extends TakesSandbox {}

  @Sandboxed(files = @SandboxFile(resource = "/org/junit/jupiter", target = "/srv/a"))
  static class DirectoryOfJar extends TakesSandbox {}

  @Sandboxed(files = @SandboxFile(path = "/no/such/file", target = "/srv/a"))
  static class NoFile extends TakesSandbox {}

  @Sandboxed(files = @SandboxFile(content = "a", target = "srv/a"))
  static class RelativeTarget extends TakesSandbox {}

  @Sandboxed(files = @SandboxFile(path = "pom.xml", target = "/srv/"))
  static class TargetWithSlash extends TakesSandbox {}

  @Sandboxed(files = @SandboxFile(content = "a", target = "/srv/a", mode = "rwx"))
  static class BadMode extends TakesSandbox {}

  @Sandboxed(files = @SandboxFile(resource = "site", target = "/srv/a", mode = "0644"))
  static class ModeOfDirectory extends TakesSandbox {}

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          NoSource        | @Sandboxed(files = "nothing at /srv/a") on class [$NoSource]: it has 0 of resource, path and content; give it exactly one
          TwoSources      | @Sandboxed(files = "pom.xml at /srv/a") on class [$TwoSources]: it has 2 of resource, path and content; give it exactly one
          SameTarget      | @Sandboxed(files = "content at /srv/a") on class [$SameTarget]: two files have the target /srv/a; use each target once
          NoResource      | @Sandboxed(files = "schema.sql at /srv/a") on class [$NoResource]: there is no resource "schema.sql" beside class [$NoResource] on the class path; look where it is, or begin at the top with a slash
          NoFile          | @Sandboxed(files = "/no/such/file at /srv/a") on class [$NoFile]: there is no file /no/such/file; a relative path starts at the working directory of the tests
          RelativeTarget  | @Sandboxed(files = "content at srv/a") on class [$RelativeTarget]: The target of a file "srv/a" is not an absolute, normalised path; write it like /work/src
          TargetWithSlash | @Sandboxed(files = "pom.xml at /srv/") on class [$TargetWithSlash]: the target "/srv/" ends with a slash; name the file itself, or leave the slash out
          BadMode         | @Sandboxed(files = "content at /srv/a") on class [$BadMode]: "rwx" is not a mode; write an octal number such as 0644 or 0755
          """)
  void names_what_is_wrong_and_where(String fixture, String message) throws ClassNotFoundException {
    assertThat(Engine.fail(Class.forName(HERE + "$" + fixture)))
        .hasMessageEndingWith(message.replace("$", HERE + "$"));
  }

  @Test
  void refuses_directories_where_they_cannot_be_copied_as_wanted() {
    assertThat(Engine.fail(DirectoryOfJar.class))
        .hasMessageContaining(
            "[%s$DirectoryOfJar]: the resource \"/org/junit/jupiter\" is a directory in file:",
            HERE)
        .hasMessageEndingWith("; name its files one by one");
    assertThat(Engine.fail(ModeOfDirectory.class))
        .hasMessageContaining("[%s$ModeOfDirectory]: the mode 0644 is for a file, and /", HERE)
        .hasMessageEndingWith(" is a directory; leave it out, and set the modes in the directory");
  }

  @Sandboxed
  static class Plain extends TakesSandbox {}

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          pom.xml                                | "pom.xml" is not a file; write source:target or source:target:mode, with classpath: before a source on the class path
          classpath:a.sql:/srv/a                 | there is no resource "/a.sql" on the class path; look where it is
          pom.xml:/srv/a, src:/srv/a             | two files have the target /srv/a; use each target once
          """)
  void names_the_configuration_parameter(String value, String message) {
    assertThat(Engine.fail(Plain.class, Map.of(Sandboxed.FILES_PROPERTY_NAME, value)))
        .hasMessageEndingWith(
            "sandboxed.files = %s, a configuration parameter: %s", value, message);
  }
}
