package dev.sandboxed.maven;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SafeTextTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      ignoreLeadingAndTrailingWhitespace = false,
      value = {
        "plain ✔ text|plain ✔ text",
        "\u001b[1;32mgreen\u001b[0m|green",
        "\u001b]0;title\u0007|\\u001b]0;title\\u0007",
        "\u001b[2Jwipe|\\u001b[2Jwipe",
        "::error file=a::b|: :error file=a::b",
        "  ::set-output name=x::y|  : :set-output name=x::y",
        "\u001b[0m::add-mask::a|: :add-mask::a",
        "##vso[task.setvariable variable=x]y|# #vso[task.setvariable variable=x]y",
        "##[group]a|# #[group]a",
        "a ##teamcity[buildStatus]|a # #teamcity[buildStatus]",
        "## heading|## heading",
        "a\tb|a\tb",
        "right\u202eleft|right\\u202eleft",
        "two\u2028lines|two\\u2028lines",
        "a::b|a::b",
        "\u00a0::error::a|\u00a0: :error::a",
        "\u2003\u3000::error::a|\u2003\u3000: :error::a",
        "\ufeff::error::a|\\ufeff::error::a",
        "\u200dj\u00ad|\u200dj\u00ad",
        "\udb40\udc41|\\ue0041",
      })
  void printsHarmlessly(String line, String shown) {
    assertThat(SafeText.line(line)).isEqualTo(shown);
  }

  @Property
  void neverPrintsWhatATerminalActsOn(@ForAll String line) {
    assertThat(SafeText.line(line).codePoints())
        .allMatch(c -> c == '\t' || !Character.isISOControl(c));
  }
}
