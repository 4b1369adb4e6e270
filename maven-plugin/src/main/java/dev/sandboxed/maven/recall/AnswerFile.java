package dev.sandboxed.maven.recall;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;

/**
 * What was seen in the sandboxes of one project, as a file. It saves time, no more: where it cannot
 * be read or written, sandboxes are asked again. Any number of processes may use it. Thread-safe.
 */
public final class AnswerFile {
  /** Not everything that an answer hangs on is known, so it is asked anew from time to time. */
  private static final Duration KEPT = Duration.ofDays(1);

  private static final int MAX_BYTES = 64 << 10;

  private final Path file;
  private Answers answers;

  private AnswerFile(Path file, Answers answers) {
    this.file = file;
    this.answers = answers;
  }

  /**
   * Opens it; it need not be there.
   *
   * @param directory where such files are, which only this user can write to
   * @param key what all answers hang on
   * @return the answers so far
   */
  public static AnswerFile open(Path directory, Fingerprint key) {
    var file = directory.resolve(key.hex());
    return new AnswerFile(file, read(file));
  }

  private static Answers read(Path file) {
    try {
      return isOld(file) || Files.size(file) > MAX_BYTES
          ? Answers.NONE
          : Answers.parse(Files.readAllBytes(file));
    } catch (IOException e) {
      return Answers.NONE;
    }
  }

  /**
   * Returns what was seen before.
   *
   * @param question what is asked
   * @return the answer; empty if it is not known
   */
  public synchronized Optional<Boolean> answer(Question question) {
    return question.isAboutTheCheckout() ? Optional.empty() : answers.to(question);
  }

  /**
   * Keeps what was seen.
   *
   * @param seen the answers to questions
   */
  public synchronized void keep(Map<Question, Boolean> seen) {
    var all = answers.with(seen);
    if (all.equals(answers) || all.byDigest().size() > Answers.MAX) {
      return;
    }
    answers = all;
    try {
      removeOld();
      var temporary = Files.createTempFile(file.getParent(), "answers-", ".tmp");
      Files.write(temporary, all.toBytes());
      Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      System.getLogger(AnswerFile.class.getName()).log(Level.DEBUG, "no answers in " + file, e);
    }
  }

  private static boolean isOld(Path file) throws IOException {
    var age = Duration.between(Files.getLastModifiedTime(file).toInstant(), Instant.now());
    return age.isNegative() || age.compareTo(KEPT) > 0;
  }

  /** Removes what does not count any more, and what a killed process left. */
  private void removeOld() throws IOException {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(file.getParent())) {
      for (var other : files) {
        try {
          if (isOld(other)) {
            Files.deleteIfExists(other);
          }
        } catch (NoSuchFileException e) {
          // Another process tidies up, too.
        }
      }
    }
  }
}
