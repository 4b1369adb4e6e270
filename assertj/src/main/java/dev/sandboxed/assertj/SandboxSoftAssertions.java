package dev.sandboxed.assertj;

import java.util.function.Consumer;
import org.assertj.core.api.AbstractSoftAssertions;
import org.assertj.core.api.AutoCloseableSoftAssertionsProvider;
import org.assertj.core.api.SoftAssertionsProvider;
import org.assertj.core.api.StandardSoftAssertionsProvider;

/**
 * Assertions on sandboxes and all of AssertJ's whose failures are gathered, and thrown together by
 * {@link #close} or {@code assertAll}. For one thread.
 *
 * <pre>{@code
 * try (var softly = new SandboxSoftAssertions()) {
 *   softly.assertThat(result).succeeded().hasNoStderr();
 *   softly.assertThat(sandbox).file("/srv/report.json").exists();
 * }
 * }</pre>
 *
 * <p>AssertJ's {@code SoftAssertionsExtension} injects it into tests with
 * {@code @InjectSoftAssertions}.
 */
public class SandboxSoftAssertions extends AbstractSoftAssertions
    implements StandardSoftAssertionsProvider,
        SandboxSoftAssertionsProvider,
        AutoCloseableSoftAssertionsProvider {

  /** Makes assertions without a failure. */
  public SandboxSoftAssertions() {}

  /**
   * Throws the failures that assertions gather.
   *
   * @param assertions what to assert
   */
  public static void assertSoftly(Consumer<SandboxSoftAssertions> assertions) {
    SoftAssertionsProvider.assertSoftly(SandboxSoftAssertions.class, assertions);
  }
}
