package dev.sandboxed.maven;

import dev.sandboxed.FileStat.FileType;
import dev.sandboxed.Sandbox;
import dev.sandboxed.SandboxException;
import dev.sandboxed.SandboxFileException;
import dev.sandboxed.SecretMask;
import dev.sandboxed.maven.project.Layout;
import dev.sandboxed.maven.report.Finding;
import dev.sandboxed.maven.report.InvalidReportException;
import dev.sandboxed.maven.report.LintOutput;
import dev.sandboxed.maven.report.SarifReader;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Brings SARIF files out of a sandbox: each is read and checked, and only what was found is taken.
 * Not thread-safe.
 */
final class SarifCollector {
  static final int MAX_FILE_BYTES = 32 << 20;
  private final Sandbox sandbox;
  private final SarifReader reader;
  private final List<String> problems = new ArrayList<>();
  private final Set<String> written = new HashSet<>();

  /**
   * Makes it.
   *
   * @param workdir where in the checkout the project is
   */
  SarifCollector(Sandbox sandbox, Path workdir, SecretMask mask) {
    this.sandbox = sandbox;
    var root = Path.of(Layout.CHECKOUT);
    reader = new SarifReader(root, root.resolve(workdir), text -> SafeText.line(mask.apply(text)));
  }

  /**
   * Reads a file, if a run has written it.
   *
   * @param path its path inside; relative to the project, or absolute
   * @param since the start of the run: what is older, it did not write
   * @return what was found; empty if there is no such file, or none that can be taken
   */
  Optional<List<Finding>> read(String path, Instant since) {
    try {
      var file = sandbox.files().stat(path);
      if (file.type() != FileType.FILE || file.modified().isBefore(since)) {
        return Optional.empty();
      }
      written.add(path);
      return Optional.of(reader.read(new ByteArrayInputStream(content(path))));
    } catch (SandboxFileException.NotFound e) {
      return Optional.empty();
    } catch (InvalidReportException | SandboxException | IOException e) {
      problems.add(
          SafeText.line("The SARIF file %s is left out: %s".formatted(path, e.getMessage())));
      return Optional.empty();
    }
  }

  /** Reads the files that a project names. */
  CollectedSarif readAll(List<String> paths, Instant since) {
    var findings = new ArrayList<Finding>();
    for (var path : paths) {
      read(path, since)
          .ifPresent(
              found ->
                  found.stream()
                      .limit(LintOutput.MAX_FINDINGS - findings.size())
                      .forEach(findings::add));
    }
    return new CollectedSarif(Set.copyOf(paths), written, findings, problems);
  }

  private byte[] content(String path) throws IOException, InvalidReportException {
    try (var in = sandbox.files().inputStream(path)) {
      // It may have grown since it was looked at.
      var content = in.readNBytes(MAX_FILE_BYTES + 1);
      if (content.length > MAX_FILE_BYTES) {
        throw new InvalidReportException(
            "it has more than the %,d bytes that are read".formatted(MAX_FILE_BYTES));
      }
      return content;
    }
  }
}
