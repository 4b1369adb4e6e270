package dev.sandboxed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Optional;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ImageReferenceTest {
  private static final String DIGEST = "sha256:" + "0a".repeat(32);

  @ParameterizedTest
  @CsvSource({
    "python,                        , python,       latest",
    "python:3.12-slim,              , python,       3.12-slim",
    "team/app,                      , team/app,     latest",
    "localhost/app,                 localhost, app, latest",
    "localhost:5000/app:1,          localhost:5000, app, 1",
    "registry.example/a/b/c:_x.Y-z, registry.example, a/b/c, _x.Y-z",
    "registry.example:443/a__b-c.d, registry.example:443, a__b-c.d, latest",
    "127.0.0.1:5000/a,              127.0.0.1:5000, a, latest",
    "[::1]:5000/a:b,                [::1]:5000, a, b",
    "HOST/a,                        HOST, a, latest",
  })
  void a_reference_is_read(String text, String registry, String repository, String tag) {
    var reference = ImageReference.parse(text);

    assertThat(reference.registry()).isEqualTo(Optional.ofNullable(registry));
    assertThat(reference.repository()).isEqualTo(repository);
    assertThat(reference.tag()).contains(tag);
    assertThat(reference.digest()).isEmpty();
  }

  @Test
  void a_digest_needs_no_tag_and_may_have_one() {
    assertThat(ImageReference.parse("a/b@" + DIGEST))
        .isEqualTo(
            new ImageReference(Optional.empty(), "a/b", Optional.empty(), Optional.of(DIGEST)));
    assertThat(ImageReference.parse("r.example:5000/b:1@" + DIGEST))
        .isEqualTo(
            new ImageReference(
                Optional.of("r.example:5000"), "b", Optional.of("1"), Optional.of(DIGEST)));
    assertThat(ImageReference.parse("a@sha512:" + "f".repeat(128)).digest()).isPresent();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "A b",
        "a//b",
        "/a",
        "a/",
        "a:",
        "a:b:c",
        "a/../b",
        "..",
        ".",
        "a..b",
        "-a",
        "a-",
        "a___b",
        "a@sha256:12",
        "a@md5:12",
        "a@",
        "a:.b",
        "a:-b",
        "host.example:99999/a",
        "host.example:/a",
        "ho st.example/a",
        "user@host.example/a",
        "https://host.example/a",
        "a?b",
        "a\nb",
        "a\u0000",
        "ü",
        "[::1/a"
      })
  void what_is_none_is_refused_with_the_part_that_is_wrong(String text) {
    assertThatThrownBy(() -> ImageReference.parse(text))
        .isInstanceOf(InvalidSpecException.class)
        .hasMessageContaining("is not an image reference")
        .hasMessageContaining("is malformed");
  }

  @Test
  void lengths_are_bounded() {
    assertThatThrownBy(() -> ImageReference.parse("")).hasMessageContaining("is empty");
    assertThatThrownBy(() -> ImageReference.parse("a".repeat(513)))
        .hasMessageContaining("513 characters, more than the 512 possible");
    assertThatThrownBy(() -> ImageReference.parse("a".repeat(256)))
        .hasMessageContaining("at most 255 characters");
    assertThatThrownBy(() -> ImageReference.parse("a:" + "b".repeat(129)))
        .hasMessageContaining("the tag");
    assertThat(ImageReference.parse("a:" + "b".repeat(128)).tag()).isPresent();
  }

  @Test
  void a_value_made_of_parts_is_checked_too() {
    assertThatThrownBy(
            () -> new ImageReference(Optional.of("a/b"), "c", Optional.of("d"), Optional.empty()))
        .isInstanceOf(InvalidSpecException.class);
    assertThatThrownBy(
            () -> new ImageReference(Optional.empty(), "c", Optional.empty(), Optional.empty()))
        .hasMessageContaining("neither a tag nor a digest");
  }

  @Property
  void what_is_written_is_read_again(@ForAll("references") ImageReference reference) {
    assertThat(ImageReference.parse(reference.toString())).isEqualTo(reference);
  }

  @Property
  void any_text_is_read_or_refused(@ForAll("texts") String text) {
    try {
      var reference = ImageReference.parse(text);
      assertThat(ImageReference.parse(reference.toString())).isEqualTo(reference);
      assertThat(reference.repository()).matches("[a-z0-9._/-]+").doesNotContain("..");
    } catch (InvalidSpecException e) {
      assertThat(e).hasMessageContaining("image reference");
    }
  }

  @Provide
  Arbitrary<String> texts() {
    return Arbitraries.strings().withChars("aZ0./:@_-[]% \n").ofMaxLength(40);
  }

  @Provide
  Arbitrary<ImageReference> references() {
    var part = Arbitraries.strings().withChars("ab0").ofMinLength(1).ofMaxLength(8);
    var repository = part.list().ofMinSize(1).ofMaxSize(4).map(parts -> String.join("/", parts));
    var registry =
        Arbitraries.of("localhost", "a.example", "a.example:1", "127.0.0.1:65535", "[::1]:5000")
            .optional();
    var tag = part.optional();
    var digest = Arbitraries.of(DIGEST, "sha512:" + "0".repeat(128)).optional();
    return Combinators.combine(registry, repository, tag, digest)
        .as(
            (r, n, t, d) ->
                new ImageReference(r, n, t.isEmpty() && d.isEmpty() ? Optional.of("x") : t, d));
  }
}
