package dev.sandboxed.core.buildtools;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.sandboxed.core.buildtools.MavenSettings.Mirror;
import dev.sandboxed.core.buildtools.MavenSettings.Profile;
import dev.sandboxed.core.buildtools.MavenSettings.Repository;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MavenSettingsTest {
  private static final String FULL =
      """
      <?xml version="1.0"?>
      <settings>
        <mirrors>
          <mirror><id>m</id><mirrorOf>central</mirrorOf><url>https://m.example/</url></mirror>
          <mirror><id>b</id><mirrorOf>*</mirrorOf><url>http://0.0.0.0/</url><blocked>true</blocked></mirror>
        </mirrors>
        <profiles>
          <profile>
            <id>p</id>
            <activation><activeByDefault>true</activeByDefault></activation>
            <repositories>
              <repository><id>r</id><url>https://r.example/</url><layout>default</layout>
                <releases><enabled>false</enabled></releases></repository>
            </repositories>
          </profile>
        </profiles>
        <servers><server><id>m</id><password>S3cret</password></server></servers>
      </settings>
      """;

  @Test
  void reads_a_file() throws IOException {
    var settings = MavenSettings.parse(FULL, "s");
    assertThat(settings.mirrors())
        .containsExactly(
            new Mirror("m", "central", "https://m.example/", false, "s"),
            new Mirror("b", "*", "http://0.0.0.0/", true, "s"));
    assertThat(settings.active(Set.of()))
        .containsExactly(
            new Profile(
                "p",
                true,
                false,
                List.of(
                    new Repository(
                        "r",
                        "https://r.example/",
                        Optional.of("default"),
                        Optional.of("false"),
                        Optional.empty(),
                        "s")),
                List.of()));
    assertThat(settings.toString()).doesNotContain("S3cret");
  }

  @Test
  void the_users_settings_win_over_the_global_ones() throws IOException {
    var user =
        MavenSettings.parse(
            """
            <settings>
              <mirrors><mirror><id>m</id><mirrorOf>*</mirrorOf><url>https://u.example/</url></mirror></mirrors>
              <profiles><profile><id>q</id></profile></profiles>
              <activeProfiles><activeProfile>q</activeProfile></activeProfiles>
            </settings>
            """,
            "u");
    var both = user.over(MavenSettings.parse(FULL, "g"));
    assertThat(both.mirrors()).extracting(Mirror::id).containsExactly("m", "b");
    assertThat(both.mirrors()).extracting(Mirror::source).containsExactly("u", "g");
    assertThat(both.active(Set.of())).extracting(Profile::id).containsExactly("q");
    assertThat(both.active(Set.of("p")))
        .extracting(Profile::id)
        .containsExactlyInAnyOrder("p", "q");
  }

  @Test
  void reads_nothing_but_the_file(@TempDir Path directory) throws IOException {
    var secret = Files.writeString(directory.resolve("secret"), "S3cret");
    var external =
        "<!DOCTYPE s [<!ENTITY x SYSTEM \"%s\">]><settings><mirrors><mirror><url>&x;</url></mirror></mirrors></settings>"
            .formatted(secret.toUri());
    var bomb =
        "<!DOCTYPE s [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b"
            + " \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\">]><settings>&b;</settings>";
    var schema = "<!DOCTYPE settings SYSTEM \"http://127.0.0.1:1/x.dtd\"><settings/>";
    for (var xml : List.of(external, bomb, schema)) {
      assertThatExceptionOfType(IOException.class)
          .isThrownBy(() -> MavenSettings.parse(xml, "s.xml"))
          .withMessage(
              "s.xml cannot be read (line 1): it must be well-formed XML without a document type")
          .withNoCause();
    }
    var include =
        "<settings xmlns:xi=\"http://www.w3.org/2001/XInclude\"><mirrors><mirror><url><xi:include href=\"%s\" parse=\"text\"/></url></mirror></mirrors></settings>"
            .formatted(secret.toUri());
    assertThat(MavenSettings.parse(include, "s").toString()).doesNotContain("S3cret");
  }

  @Test
  void depth_is_no_matter() throws IOException {
    var deep = "<a>".repeat(20_000) + "</a>".repeat(20_000);
    try {
      MavenSettings.parse("<settings>" + deep + "</settings>", "s");
    } catch (IOException e) {
      assertThat(e).hasMessageStartingWith("s cannot be read");
    }
  }

  @Property
  void takes_any_text(@ForAll("pieces") List<String> pieces) {
    try {
      MavenSettings.parse(String.join("", pieces), "s");
    } catch (IOException e) {
      assertThat(e).hasMessageStartingWith("s cannot be read").hasNoCause();
    }
  }

  @Property
  void what_is_written_is_what_was_read(
      @ForAll("texts") String id, @ForAll("texts") String mirrorOf, @ForAll("texts") String url)
      throws IOException {
    var writer = new MavenSettingsWriter();
    var repository =
        new Repository(
            id, "ignored", Optional.of("default"), Optional.empty(), Optional.of("true"), "in");
    writer.mirror(new Mirror(id, mirrorOf, "ignored", true, "in"), url);
    writer.repository(repository, url, false);
    writer.repository(repository, url, true);
    var read = MavenSettings.parse(writer.text(), "in");
    assertThat(read.mirrors()).containsExactly(new Mirror(id, mirrorOf, url, true, "in"));
    var expected =
        new Repository(
            id, url, Optional.of("default"), Optional.empty(), Optional.of("true"), "in");
    assertThat(read.active(Set.of()))
        .singleElement()
        .satisfies(
            profile -> {
              assertThat(profile.repositories()).containsExactly(expected);
              assertThat(profile.pluginRepositories()).containsExactly(expected);
            });
  }

  @ParameterizedTest
  @CsvSource({
    "'*', central, true",
    "'*,!central', central, false",
    "'!central,*', central, false",
    "'*, !other', central, true",
    "'external:*', central, true",
    "'external:http:*', central, false",
    "'external:http:*', plain, true",
    "'external:*', local, false",
    "'external:*', file, false",
    "'central,other', other, true",
    "'central,other', third, false",
    "'cent*', central, false",
    "'', central, false",
  })
  void mirrors_stand_in_for_repositories_as_in_maven(String mirrorOf, String id, boolean selected) {
    var url =
        switch (id) {
          case "plain" -> "http://plain.example/";
          case "local" -> "http://localhost:8081/";
          case "file" -> "file:///repository";
          default -> "https://%s.example/".formatted(id);
        };
    var repository =
        new Repository(id, url, Optional.empty(), Optional.empty(), Optional.empty(), "s");
    var mirror = new Mirror("m", mirrorOf, "https://m.example/", false, "s");
    assertThat(new MirrorSelector(List.of(mirror)).select(repository).isPresent())
        .isEqualTo(selected);
  }

  @Test
  void a_mirror_of_just_this_repository_comes_first() {
    var all = new Mirror("all", "*", "https://all.example/", false, "s");
    var one = new Mirror("one", "r", "https://one.example/", false, "s");
    var repository =
        new Repository(
            "r", "https://r.example/", Optional.empty(), Optional.empty(), Optional.empty(), "s");
    assertThat(new MirrorSelector(List.of(all, one)).select(repository)).contains(one);
  }

  @Provide
  Arbitrary<List<String>> pieces() {
    return Arbitraries.of(
            "<settings>",
            "</settings>",
            "<mirrors>",
            "</mirrors>",
            "<mirror>",
            "</mirror>",
            "<url>",
            "</url>",
            "<id/>",
            "<proxies>",
            "<proxy><host>h</host><port>9",
            "</port></proxy>",
            "</proxies>",
            "<!--",
            "-->",
            "<![CDATA[",
            "]]>",
            "&amp;",
            "&x;",
            "<?x?>",
            "text",
            "\u0000",
            "<x:y>",
            "<a xmlns:a='b'/>",
            "]]>",
            "<!DOCTYPE a>",
            "\ufeff")
        .list()
        .ofMaxSize(12);
  }

  @Provide
  Arbitrary<String> texts() {
    return Arbitraries.strings().withChars("ab<>&\"']!*,:/.é").ofMinLength(1).ofMaxLength(20);
  }
}
