package dev.sandboxed.maven.recall;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AnswerFileTest {
  private static final Question THERE = question("there");
  private static final Question MISSING = question("missing");

  @TempDir private Path directory;

  @Test
  void keepsAnswers() {
    open().keep(Map.of(THERE, true));
    open().keep(Map.of(MISSING, false));
    assertThat(open().answer(THERE)).contains(true);
    assertThat(open().answer(MISSING)).contains(false);
    assertThat(open().answer(question("other"))).isEmpty();
    assertThat(open().answer(new Question(List.of("there"), Map.of("A", "1")))).isEmpty();
  }

  @Test
  void forgetsAfterADay() throws IOException {
    open().keep(Map.of(THERE, true));
    var yesterday = FileTime.from(Instant.now().minus(Duration.ofHours(25)));
    Files.setLastModifiedTime(file(), yesterday);
    assertThat(open().answer(THERE)).isEmpty();

    var old = Files.writeString(directory.resolve("old"), "");
    Files.setLastModifiedTime(old, yesterday);
    open().keep(Map.of(MISSING, false));
    assertThat(old).doesNotExist();
    assertThat(open().answer(THERE)).isEmpty();
    assertThat(open().answer(MISSING)).contains(false);
  }

  @Test
  void takesNothingFromADamagedFile() throws IOException {
    open().keep(Map.of(THERE, true));
    Files.writeString(file(), Files.readString(file()) + "nonsense");
    assertThat(open().answer(THERE)).isEmpty();
    Files.writeString(file(), "x".repeat(1 << 20));
    assertThat(open().answer(THERE)).isEmpty();
  }

  @Test
  void keepsNoMoreThanAPlanNeeds() {
    open()
        .keep(
            IntStream.rangeClosed(0, Answers.MAX)
                .mapToObj(i -> question("tool-" + i))
                .collect(Collectors.toMap(Function.identity(), question -> true)));
    assertThat(directory).isEmptyDirectory();
  }

  @Test
  void doesWithoutADirectory() {
    var file = AnswerFile.open(directory.resolve("missing"), new Fingerprint("test"));
    file.keep(Map.of(THERE, true));
    assertThat(file.answer(THERE)).contains(true);
  }

  private AnswerFile open() {
    return AnswerFile.open(directory, new Fingerprint("test"));
  }

  private Path file() {
    return directory.resolve(new Fingerprint("test").hex());
  }

  private static Question question(String program) {
    return new Question(List.of(program), Map.of());
  }
}
