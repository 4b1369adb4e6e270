package dev.sandboxed.core.dockerfile;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sandboxed.Image;
import dev.sandboxed.Image.BuiltImage;
import dev.sandboxed.Image.DockerfileImage;
import dev.sandboxed.ImageException;
import dev.sandboxed.ImageStep;
import dev.sandboxed.core.registry.ImageConfig;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What Dockerfiles come to, as Docker's reference of them says. */
class DockerfileImagesTest {
  private static final Image BASE = Image.registry("base:1");

  @TempDir private Path context = Path.of("");

  @Test
  void each_instruction_becomes_a_step() throws IOException {
    write("app.py", "print(1)");

    assertThat(
            steps(
                """
                # syntax=docker/dockerfile:1
                FROM base:1
                LABEL org.example.title="An app"
                MAINTAINER someone
                ENV A=1 B="two words" C=three\\ words
                WORKDIR /srv
                COPY app.py .
                RUN pip install \\
                    # a comment in between

                    --no-cache-dir flask
                RUN ["python3", "-c", "print('exec')"]
                USER app:staff
                EXPOSE 80/tcp
                VOLUME /data
                STOPSIGNAL SIGTERM
                HEALTHCHECK --interval=5m CMD true
                ENTRYPOINT ["python3"]
                CMD ["app.py"]
                """))
        .containsExactly(
            ImageStep.env(Map.of("A", "1", "B", "two words", "C", "three words")),
            ImageStep.workdir("/srv"),
            ImageStep.copy(context.resolve("app.py"), "/srv/app.py"),
            ImageStep.run("/bin/sh", "-c", "pip install     --no-cache-dir flask"),
            ImageStep.run("python3", "-c", "print('exec')"),
            ImageStep.user("app:staff"),
            ImageStep.entrypoint("python3"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "$A | one",
        "${A}x | onex",
        "\\$A | $A",
        "'$A' | $A",
        "\"$A b\" | one b",
        "\"\\\"$A\\\"\" | \"one\"",
        "${NONE:-two} | two",
        "${NONE-two} | two",
        "${EMPTY:-two} | two",
        "${EMPTY-two}x | x",
        "${A:+two} | two",
        "${NONE:+two}x | x",
        "${NONE:-${A}s} | ones",
        "${NONE:-a\\}b} | a}b",
        "$A$A | oneone",
        "$1 | $1",
        "${A:?no} | one",
        "${FROM_BASE} | base's",
        "a$ | a$",
      })
  void variables_have_their_values(String text, String value) throws IOException {
    assertThat(steps("FROM base:1\nENV A=one EMPTY=\nWORKDIR /w/" + text + "\n").get(1))
        .isEqualTo(ImageStep.workdir("/w/" + value));
  }

  @Test
  void all_of_an_instruction_sees_the_values_before_it() throws IOException {
    assertThat(steps("FROM base:1\nENV abc=hello\nENV abc=bye def=$abc\nENV ghi=$abc\n"))
        .containsExactly(
            ImageStep.env(Map.of("abc", "hello")),
            ImageStep.env(Map.of("abc", "bye", "def", "hello")),
            ImageStep.env(Map.of("ghi", "bye")));
  }

  @Test
  void the_old_form_of_env_takes_the_rest_of_the_line() throws IOException {
    assertThat(steps("FROM base:1\nENV ONE TWO= THREE=world\n"))
        .containsExactly(ImageStep.env(Map.of("ONE", "TWO= THREE=world")));
  }

  @Test
  void the_escape_directive_changes_the_character() throws IOException {
    assertThat(steps("# escape=`\nFROM base:1\nRUN one `\n  two\\\nWORKDIR /c`$d\n"))
        .containsExactly(ImageStep.run("/bin/sh", "-c", "one   two\\"), ImageStep.workdir("/c$d"));
  }

  @Test
  void arguments_reach_programs_and_later_words_and_env_goes_before_them() throws IOException {
    var image =
        image(
                """
                ARG VERSION=1
                FROM base:${VERSION}
                ARG VERSION
                ARG USER=someone HOME_DIR
                RUN a
                ENV USER=other
                RUN b $USER
                WORKDIR /$USER/$VERSION
                """)
            .argument("HOME_DIR", "/h");

    assertThat(steps(translated(image)))
        .containsExactly(
            ImageStep.run("/bin/sh", "-c", "a")
                .env(Map.of("VERSION", "1", "USER", "someone", "HOME_DIR", "/h")),
            ImageStep.env(Map.of("USER", "other")),
            ImageStep.run("/bin/sh", "-c", "b $USER").env(Map.of("VERSION", "1", "HOME_DIR", "/h")),
            ImageStep.workdir("/other/1"));
    assertThat(base(translated(image.argument("VERSION", "2"))))
        .isEqualTo(Image.registry("base:2"));
  }

  @Test
  void an_argument_before_from_is_none_of_the_stage_unless_it_says_so() throws IOException {
    assertThat(steps("ARG V=1\nFROM base:$V\nWORKDIR /a$V\nRUN a\n"))
        .containsExactly(ImageStep.workdir("/a"), ImageStep.run("/bin/sh", "-c", "a"));
  }

  @Test
  void stages_are_built_on_and_copied_from() throws IOException {
    var build = BASE.with(ImageStep.workdir("/src")).with(ImageStep.run("/bin/bash", "-c", "make"));
    var text =
        """
        FROM base:1 AS Build
        WORKDIR /src
        SHELL ["/bin/bash", "-c"]
        RUN make
        FROM unused:1
        COPY --from=nowhere:1 / /
        FROM build AS test
        RUN make test
        FROM scratch
        COPY --from=build out/*.jar /app/
        COPY --from=0 /src /src
        COPY --from=other:1 --chown=1:2 --chmod=755 /etc /etc
        """;

    assertThat(translated(image(text)))
        .isEqualTo(
            Image.empty()
                .with(ImageStep.copyFrom(build, "/out/*.jar", "/app/"))
                .with(ImageStep.copyFrom(build, "/src", "/src"))
                .with(
                    ImageStep.copyFrom(Image.registry("other:1"), "/etc", "/etc")
                        .owner("1:2")
                        .mode(0755)));
    assertThat(translated(image(text).target("TEST")))
        .isEqualTo(build.with(ImageStep.run("/bin/bash", "-c", "make test")));
    assertThat(translated(image(text).target("0"))).isEqualTo(build);
    assertThatThrownBy(() -> translated(image(text).target("none")))
        .isInstanceOf(ImageException.class)
        .hasMessage(dockerfile() + ": there is no stage none; there are [build, test]");
  }

  @Test
  void here_documents_are_scripts_inputs_and_files() throws IOException {
    assertThat(
            steps(
                """
                FROM base:1
                ENV N=name
                RUN <<EOF
                set -e
                # no comment of the Dockerfile
                echo $N
                EOF
                RUN python3 <<-'END' && cat <<EOF
                \t\tprint(1)
                \tEND
                text
                EOF
                COPY <<one <<"two" /etc/
                $N \\$N "quoted"
                one
                $N
                two
                COPY --chmod=0600 <<EOF /root/.rc
                EOF
                """))
        .containsExactly(
            ImageStep.env(Map.of("N", "name")),
            ImageStep.run("/bin/sh", "-c", "set -e\n# no comment of the Dockerfile\necho $N\n"),
            ImageStep.run(
                "/bin/sh", "-c", "python3 <<-'END' && cat <<EOF\nprint(1)\nEND\ntext\nEOF"),
            ImageStep.write("/etc/one", "name $N \"quoted\"\n"),
            ImageStep.write("/etc/two", "$N\n"),
            ImageStep.write("/root/.rc", "").mode(0600));
  }

  @Test
  void copies_know_files_directories_and_wildcards() throws IOException {
    write("a.txt", "");
    write("b.txt", "");
    write("b.md", "");
    write("sub/c.txt", "");
    write("with space", "");
    Files.createSymbolicLink(context.resolve("link.txt"), Path.of("sub/../sub/c.txt"));

    assertThat(
            steps(
                """
                FROM base:1
                WORKDIR /w
                COPY . .
                COPY sub /sub
                COPY /a.txt b.md rel/
                COPY ?.txt [^ab]*.txt /texts/
                COPY ["with space", "/a b"]
                COPY a.txt /w/../x/./y
                """))
        .containsExactly(
            ImageStep.workdir("/w"),
            ImageStep.copy(context, "/w/"),
            ImageStep.copy(context.resolve("sub"), "/sub"),
            ImageStep.copy(context.resolve("a.txt"), "/w/rel/a.txt"),
            ImageStep.copy(context.resolve("b.md"), "/w/rel/b.md"),
            ImageStep.copy(context.resolve("a.txt"), "/texts/a.txt"),
            ImageStep.copy(context.resolve("b.txt"), "/texts/b.txt"),
            ImageStep.copy(context.resolve("sub/c.txt"), "/texts/link.txt"),
            ImageStep.copy(context.resolve("with space"), "/a b"),
            ImageStep.copy(context.resolve("a.txt"), "/x/y"));
  }

  @Test
  void what_dockerignore_names_is_not_there() throws IOException {
    write("keep/a.txt", "");
    write("keep/secret.txt", "");
    write("logs/one.log", "");
    write("logs/kept.log", "");
    write("deep/er/node_modules/x", "");
    write(".env", "");
    Files.createSymbolicLink(context.resolve("alias"), Path.of(".env"));
    write(
        ".dockerignore",
        """
        # a comment
        **/node_modules
        */secret.*
        logs
        !logs/kept.log
        .env
        Dockerfile
        .dockerignore
        """);

    assertThat(steps("FROM base:1\nCOPY . /x\nCOPY logs /logs\nCOPY keep/*.txt /y/\n"))
        .containsExactly(
            ImageStep.copy(context, "/x")
                .excluding(
                    List.of(
                        Path.of(".dockerignore"),
                        Path.of(".env"),
                        Path.of("Dockerfile"),
                        Path.of("deep/er/node_modules"),
                        Path.of("keep/secret.txt"),
                        Path.of("logs/one.log"))),
            ImageStep.copy(context.resolve("logs"), "/logs").excluding(List.of(Path.of("one.log"))),
            ImageStep.copy(context.resolve("keep/a.txt"), "/y/a.txt"));
    for (var gone : List.of(".env", "alias", "keep/secret.txt", "logs/one.log", "none")) {
      assertThatThrownBy(() -> steps("FROM base:1\nCOPY " + gone + " /x\n"))
          .hasMessage(
              "%s:2: COPY: %s is not in the context, or left out by its .dockerignore"
                  .formatted(dockerfile(), gone));
    }
    write("Dockerfile.dockerignore", "keep\n");
    assertThat(steps("FROM base:1\nCOPY .env /x\n"))
        .containsExactly(ImageStep.copy(context.resolve(".env"), "/x"));
  }

  @ParameterizedTest
  @CsvSource({
    "../outside",
    "sub/../../outside",
    "up/file",
    "up",
    "absolute",
    "loop",
    "u*",
    "sub/../up/file"
  })
  void nothing_outside_of_the_context_is_copied(String source) throws IOException {
    write("sub/file", "");
    Files.createSymbolicLink(context.resolve("up"), Path.of("../"));
    Files.createSymbolicLink(context.resolve("absolute"), Path.of("/etc/passwd"));
    Files.createSymbolicLink(context.resolve("loop"), Path.of("loop"));

    assertThatThrownBy(() -> steps("FROM base:1\nCOPY " + source + " /x\n"))
        .isInstanceOf(ImageException.class)
        .hasMessageStartingWith(dockerfile() + ":2: COPY: " + source + " leads ");
  }

  @Test
  void add_unpacks_archives_and_copies_the_rest() throws IOException {
    write("plain", "text");
    tar(Files.newOutputStream(context.resolve("one.bin")));
    tar(new GZIPOutputStream(Files.newOutputStream(context.resolve("two"))));
    try (var gzip = new GZIPOutputStream(Files.newOutputStream(context.resolve("text.gz")))) {
      gzip.write('x');
    }

    assertThat(steps("FROM base:1\nADD plain one.bin two text.gz /x/\nCOPY two /y\n"))
        .containsExactly(
            ImageStep.copy(context.resolve("plain"), "/x/plain"),
            ImageStep.unpack(context.resolve("one.bin"), "/x/"),
            ImageStep.unpack(context.resolve("two"), "/x/"),
            ImageStep.copy(context.resolve("text.gz"), "/x/text.gz"),
            ImageStep.copy(context.resolve("two"), "/y"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "ONBUILD RUN a | ONBUILD: not supported",
        "RUN --mount=type=cache,target=/c a | RUN: --mount is not supported",
        "RUN --network=none a | RUN: --network=none is not supported",
        "COPY --link a /a | COPY: --link is not supported; possible are --from, --chown, --chmod",
        "COPY --from=2 a /a | COPY: --from=2: there is no stage 2 before it",
        "COPY --from=0 a /a | COPY: --from=0: there is no stage 0 before it",
        "COPY --from=A:B a /a | COPY: --from=A:B:",
        "COPY --chmod=u+x a /a | COPY: --chmod=u+x is not supported; write it as octal digits",
        "COPY --chown=:a a /a | COPY: \":a\" is not a user",
        "COPY a | COPY: it needs a source and a target",
        "COPY a b /c | COPY: of several sources the target is a directory; write /c/",
        "COPY [b /c | COPY: the pattern \"[b\" has a [ without its ]",
        "ADD https://example.org/a /a | ADD: https://example.org/a is an address",
        "ADD --checksum=sha256:0 a /a | ADD: --checksum is not supported",
        "WORKDIR ${A | WORKDIR: \"${A\" is no variable; write ${name}",
        "WORKDIR ${A#x} | WORKDIR: ${A#…} is not supported; possible are :-, :+ and :?",
        "WORKDIR ${A:?is needed} | WORKDIR: A is not set: is needed",
        "WORKDIR | WORKDIR: it says nothing",
        "ENV A | ENV: A has no value; write name=value",
        "ENV A=1 B | ENV: \"B\" is not like name=value",
        "ENV A=\"b | ENV: a quote \" has no end",
        "ARG 1a | ARG: \"1a\" is no name for a variable",
        "SHELL bash | SHELL: write a JSON list",
        "USER a b | USER: \"a b\" is not a user",
        "RUN <<EOF | RUN: the here-document has no end; write a line with only EOF",
        "FROM base:1 AS 1a | FROM: \"1a\" is no name for a stage",
        "FROM --platform=windows/amd64 base:1 | FROM: --platform=windows/amd64 is not supported",
        "FROM base:1 base:2 | FROM: write FROM image, or FROM image AS name",
        "FROM Base:1 | FROM: \"Base:1\" is not an image reference",
        "INCLUDE a | INCLUDE: there is no such instruction; possible are ADD, ARG, CMD,",
        "{} | \"{}\" is no instruction",
      })
  void what_cannot_be_done_is_named_with_its_line(String line, String message) throws IOException {
    write("a", "");
    assertThatThrownBy(() -> steps("FROM base:1\n\n# here\n" + line + "\n"))
        .isInstanceOf(ImageException.class)
        .hasMessageStartingWith(dockerfile() + ":4: " + message);
  }

  @Test
  void a_file_without_a_beginning_says_so() {
    assertThatThrownBy(() -> steps("\n"))
        .hasMessage(dockerfile() + ": it has no FROM, so there is nothing to begin with");
    assertThatThrownBy(() -> steps("RUN a\nFROM base:1\n"))
        .hasMessage(dockerfile() + ":1: RUN: only ARG stands before the first FROM");
    assertThatThrownBy(() -> translated(Image.dockerfile(context.resolve("none"))))
        .hasMessage(
            context.resolve("none") + ": there is no such file; name the path of a Dockerfile");
  }

  @Test
  void values_that_grow_without_end_are_refused() {
    var text = new StringBuilder("FROM base:1\nENV A=1234567890\n");
    for (int i = 0; i < 100; i++) {
      text.append("ENV A=$A$A$A$A\n");
    }
    assertThatThrownBy(() -> steps(text.toString()))
        .hasMessage(dockerfile() + ":9: ENV: it comes to more than 65,536 characters");
  }

  @Test
  void stages_that_copy_from_each_other_without_end_are_refused() {
    var text = new StringBuilder("FROM base:1 AS s0\n");
    for (int i = 1; i < 100; i++) {
      text.append("FROM base:1 AS s%d\n".formatted(i));
      text.append("COPY --from=s%d /a /a\nCOPY --from=s%d /b /b\n".formatted(i - 1, i - 1));
    }
    assertThatThrownBy(() -> steps(text.toString()))
        .hasMessageContaining("COPY: the image has more than 10,000 steps");
  }

  private String dockerfile() {
    return context.resolve("Dockerfile").toString();
  }

  private DockerfileImage image(String text) throws IOException {
    write("Dockerfile", text);
    return Image.dockerfile(context.resolve("Dockerfile"));
  }

  private Image translated(DockerfileImage image) throws IOException {
    return DockerfileImages.translate(
        image,
        "amd64",
        base -> new ImageConfig(Map.of("FROM_BASE", "base's"), "/", Optional.empty(), List.of()));
  }

  private List<ImageStep> steps(String text) throws IOException {
    return steps(translated(image(text)));
  }

  private static List<ImageStep> steps(Image image) {
    var steps = new ArrayList<ImageStep>();
    for (var at = image; at instanceof BuiltImage built; at = built.base()) {
      steps.add(built.step());
    }
    Collections.reverse(steps);
    return steps;
  }

  private static Image base(Image image) {
    var at = image;
    while (at instanceof BuiltImage built) {
      at = built.base();
    }
    return at;
  }

  private void write(String name, String text) throws IOException {
    Files.createDirectories(context.resolve(name).getParent());
    Files.writeString(context.resolve(name), text);
  }

  private static void tar(OutputStream out) throws IOException {
    try (var tar = new TarArchiveOutputStream(out)) {
      tar.putArchiveEntry(new TarArchiveEntry("file"));
      tar.closeArchiveEntry();
    }
  }
}
