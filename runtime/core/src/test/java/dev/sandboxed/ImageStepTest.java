package dev.sandboxed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ImageStepTest {
  @Test
  void anImageIsABaseAndSteps() {
    var image =
        Image.directory(Path.of("/srv/root"))
            .aptInstall("git")
            .pipInstall("pytest>=8")
            .npmInstall("prettier@3")
            .run("make", "-C", "/my app")
            .env("A", "1")
            .workdir("/work")
            .user("postgres")
            .copy(Path.of("/etc/hosts"), "/srv/hosts")
            .entrypoint("tini", "--");
    assertThat(image.toString())
        .isEqualTo(
            "DirectoryImage[path=/srv/root] > aptInstall git > pipInstall 'pytest>=8'"
                + " > npmInstall prettier@3 > run make -C '/my app' > env A=1 > workdir /work"
                + " > user postgres > copy /etc/hosts /srv/hosts > entrypoint tini --");
    assertThat(image).isInstanceOf(Image.BuiltImage.class);
    assertThat(((Image.BuiltImage) image).step()).isEqualTo(ImageStep.entrypoint("tini", "--"));
  }

  @Test
  void stepsOfTheSameValuesAreEqual() {
    assertThat(Image.host().run("true").env("A", "1"))
        .isEqualTo(Image.host().run("true").env(Map.of("A", "1")));
    assertThat(Image.host().run("true")).isNotEqualTo(Image.host().run("false"));
  }

  @Test
  void laterChangesOfAMapDoNotReachAStep() {
    var variables = new HashMap<>(Map.of("A", "1"));
    var step = ImageStep.env(variables);
    variables.put("A", "2");
    assertThat(step.variables()).containsExactly(Map.entry("A", "1"));
    assertThatThrownBy(() -> step.variables().put("B", "1"))
        .isInstanceOf(UnsupportedOperationException.class);
  }

  @Test
  void aStepsNetworkAndSecretsAddUp() {
    var step =
        ImageStep.run("make")
            .network(NetworkPolicy.allow("a.example.org"))
            .network(NetworkPolicy.allow("b.example.org"))
            .secret(Secret.of("A", "s3cret"))
            .secret(Secret.of("B", "hidden"));
    assertThat(step.network()).isEqualTo(NetworkPolicy.allow("a.example.org", "b.example.org"));
    assertThat(step.secrets()).extracting(Secret::name).containsExactly("A", "B");
    assertThat(Image.host().with(step).toString())
        .doesNotContain("s3cret")
        .doesNotContain("hidden");
  }

  @Test
  void aSecretGivenTwiceIsRefused() {
    var step = ImageStep.pipInstall("six").secret(Secret.of("A", "1"));
    assertThatThrownBy(() -> step.secret(Secret.of("A", "2")))
        .isInstanceOf(InvalidSpecException.class)
        .hasMessageContaining("variable A is given twice");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"git", "g++", "libssl-dev:arm64", "git=1:2.39.5-0+deb12u2", "git/bookworm", "7z"})
  void aptTakesPackages(String name) {
    assertThat(ImageStep.aptInstall(name).packages()).containsExactly(name);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "-y",
        "--reinstall",
        "git-",
        "a;b",
        "a b",
        "$(id)",
        "a\nb",
        "../x.deb",
        "/x.deb",
        "Git",
        "*",
        "^a",
        "git=",
        "git=-o",
        "git:",
        "./x"
      })
  void aptTakesNothingElse(String name) {
    assertThatThrownBy(() -> Image.host().aptInstall("make", name))
        .isInstanceOf(InvalidSpecException.class)
        .hasMessageContaining("is not a Debian package; write it like git");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "-r", "--index-url=x", "a\nb", "a\0b", " -r"})
  void pipAndNpmTakeNoOptions(String name) {
    assertThatThrownBy(() -> Image.host().pipInstall(name))
        .isInstanceOf(InvalidSpecException.class)
        .hasMessageContaining("is not a package for pipInstall; write it like pytest>=8");
    assertThatThrownBy(() -> Image.host().npmInstall(name))
        .isInstanceOf(InvalidSpecException.class)
        .hasMessageContaining("is not a package for npmInstall; write it like prettier@3");
  }

  @Test
  void noPackagesAtAllAreAMistake() {
    assertThatThrownBy(() -> Image.host().aptInstall())
        .isInstanceOf(InvalidSpecException.class)
        .hasMessage("aptInstall names no package; name one, such as git");
    assertThatThrownBy(() -> Image.host().pipInstall()).isInstanceOf(InvalidSpecException.class);
    assertThatThrownBy(() -> Image.host().npmInstall()).isInstanceOf(InvalidSpecException.class);
  }

  @Test
  void runNeedsAProgram() {
    assertThatThrownBy(() -> Image.host().run())
        .isInstanceOf(InvalidSpecException.class)
        .hasMessage("The step run has no command; name the program to run");
    assertThatThrownBy(() -> Image.host().run("")).isInstanceOf(InvalidSpecException.class);
    assertThatThrownBy(() -> Image.host().run("a", "b\0")).isInstanceOf(InvalidSpecException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "work", "./work", "/work/", "/a/../b", "//a", "/a\0"})
  void pathsInsideAreAbsoluteAndNormalised(String path) {
    assertThatThrownBy(() -> Image.host().workdir(path)).isInstanceOf(InvalidSpecException.class);
    assertThatThrownBy(() -> ImageStep.copyFrom(Image.host(), path, "/a"))
        .isInstanceOf(InvalidSpecException.class);
    assertThatThrownBy(() -> ImageStep.write(path, "text"))
        .isInstanceOf(InvalidSpecException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "work", "./work", "/work//", "/a/../b", "//a", "/a\0"})
  void targetsOfCopiesMayBeDirectories(String path) {
    assertThat(ImageStep.copy(Path.of("/a"), "/work/").target()).isEqualTo("/work/");
    assertThat(ImageStep.copy(Path.of("/a"), "/").target()).isEqualTo("/");
    assertThatThrownBy(() -> Image.host().copy(Path.of("/a"), path))
        .isInstanceOf(InvalidSpecException.class);
    assertThatThrownBy(() -> ImageStep.copyFrom(Image.host(), "/a", path))
        .isInstanceOf(InvalidSpecException.class);
    assertThatThrownBy(() -> ImageStep.unpack(Path.of("/a"), path))
        .isInstanceOf(InvalidSpecException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "/a", "..", "../a", "a/../..", "."})
  void whatIsLeftOutOfACopyLiesBelowItsSource(String path) {
    var copy = ImageStep.copy(Path.of("/a"), "/a");
    assertThatThrownBy(() -> copy.excluding(List.of(Path.of(path))))
        .isInstanceOf(InvalidSpecException.class)
        .hasMessageContaining("cannot be left out of a copy");
    assertThat(copy.excluding(List.of(Path.of("b/c"))).excluded()).containsExactly(Path.of("b/c"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"postgres", "0", "1000:1000", "www-data:www-data", "a.b_c"})
  void usersAreNamesOrNumbers(String user) {
    assertThat(ImageStep.user(user).user()).isEqualTo(user);
    assertThat(ImageStep.copy(Path.of("/a"), "/a").owner(user).owner()).contains(user);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ":", "a:", ":b", "a:b:c", "a b", "a\nb", "-u"})
  void otherUsersAreRefused(String user) {
    assertThatThrownBy(() -> Image.host().user(user))
        .isInstanceOf(InvalidSpecException.class)
        .hasMessageContaining("is not a user; write a name or number");
    assertThatThrownBy(() -> ImageStep.copy(Path.of("/a"), "/a").owner(user))
        .isInstanceOf(InvalidSpecException.class);
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 010000})
  void modesArePermissions(int mode) {
    assertThatThrownBy(() -> ImageStep.copy(Path.of("/a"), "/a").mode(mode))
        .isInstanceOf(InvalidSpecException.class)
        .hasMessageContaining("write permissions like 0644 or 0755");
    assertThat(ImageStep.copy(Path.of("/a"), "/a").mode(07777).mode()).contains(07777);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "A=B", "A\0"})
  void namesOfVariablesAreCheckedAsInASpec(String name) {
    assertThatThrownBy(() -> Image.host().env(name, "1")).isInstanceOf(InvalidSpecException.class);
  }

  @Test
  void stepsAreBounded() {
    var image = Image.host();
    for (var i = 0; i < Image.BuiltImage.MAX_STEPS; i++) {
      image = image.env("A", "" + i);
    }
    var full = image;
    assertThat(full.hashCode()).isEqualTo(full.hashCode());
    assertThat(full.toString()).endsWith("> env A=499");
    assertThatThrownBy(() -> full.run("true"))
        .isInstanceOf(InvalidSpecException.class)
        .hasMessageContaining("500 steps at most");
  }

  @Test
  void aFailedStepSaysWhatHappened() {
    var exception =
        new ImageBuildException(
            ImageStep.run("make", "all"),
            new ExitStatus(2, ExitReason.EXITED),
            "cc -c a.c\na.c:1: \u001b[31merror\n",
            "");
    assertThat(exception)
        .hasMessage(
            "The step \"run make all\" failed: exit code 2. Its last lines:\n"
                + "  cc -c a.c\n  a.c:1: \\u001b[31merror");
    assertThat(exception.step()).isEqualTo(ImageStep.run(List.of("make", "all")));
    assertThat(exception.exitCode()).isEqualTo(2);
    assertThat(exception.output()).startsWith("cc -c");
  }
}
