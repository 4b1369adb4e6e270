package dev.sandboxed.core.dockerfile;

import dev.sandboxed.Image;
import dev.sandboxed.Image.DockerfileImage;
import dev.sandboxed.core.registry.ImageConfig;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Says what image a Dockerfile describes, as steps on a base. Only the stages that the wanted one
 * needs are looked at.
 */
public final class DockerfileImages {
  private static final int MAX_STAGES = 200;

  private static final Set<String> INSTRUCTIONS =
      Set.of(
          "FROM",
          "ARG",
          "ENV",
          "RUN",
          "COPY",
          "ADD",
          "WORKDIR",
          "USER",
          "SHELL",
          "ENTRYPOINT",
          "CMD",
          "LABEL",
          "EXPOSE",
          "VOLUME",
          "STOPSIGNAL",
          "HEALTHCHECK",
          "MAINTAINER",
          "ONBUILD");

  private final String file;
  private final Context context;
  private final Bases bases;
  private final Map<String, String> given;
  private final Variables global;
  private final List<List<Instruction>> stages = new ArrayList<>();
  private final Map<String, Integer> names = new HashMap<>();
  private final Map<Integer, Stage> translated = new HashMap<>();

  /** Tells what applies to the programs of an image. */
  @FunctionalInterface
  public interface Bases {
    /** Returns the configuration; to know it the image need not be made. */
    ImageConfig config(Image image) throws IOException;
  }

  private DockerfileImages(
      String file, Context context, Bases bases, Map<String, String> given, String architecture) {
    this.file = file;
    this.context = context;
    this.bases = bases;
    this.given = given;
    global = Variables.global(given, architecture);
  }

  /**
   * Returns what a Dockerfile describes.
   *
   * @param architecture of this machine, as registries call it: {@code amd64}
   * @throws DockerfileException if it is malformed, asks for what is not done here, or copies what
   *     is not there; the message begins with the file and the line
   */
  public static Image translate(DockerfileImage image, String architecture, Bases bases)
      throws IOException {
    var file = image.file().toString();
    if (!Files.isRegularFile(image.file())) {
      throw DockerfileException.of(file, "there is no such file; name the path of a Dockerfile");
    }
    if (!Files.isDirectory(image.context())) {
      throw DockerfileException.of(
          file, "its context %s is no directory".formatted(image.context()));
    }
    var text = text(image.file());
    var context = new Context(image.context(), IgnoreFile.of(image.file(), image.context()));
    var images = new DockerfileImages(file, context, bases, image.arguments(), architecture);
    images.divide(DockerfileParser.parse(file, text));
    return images.stage(images.target(image.target())).image();
  }

  private static String text(Path file) throws IOException {
    var bytes = BoundedFile.read(file, 4 * DockerfileParser.MAX_TEXT);
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPORT)
          .decode(ByteBuffer.wrap(bytes))
          .toString();
    } catch (CharacterCodingException e) {
      throw DockerfileException.of(file.toString(), "it is not UTF-8");
    }
  }

  /** Divides the instructions into stages, after what stands before the first. */
  private void divide(List<Instruction> instructions) {
    for (var instruction : instructions) {
      if (!INSTRUCTIONS.contains(instruction.keyword())) {
        throw instruction.refused(
            "there is no such instruction; possible are "
                + String.join(", ", new TreeSet<>(INSTRUCTIONS)));
      }
      if (instruction.keyword().equals("FROM")) {
        if (stages.size() == MAX_STAGES) {
          throw instruction.refused("more than %d stages: refused".formatted(MAX_STAGES));
        }
        name(instruction).ifPresent(name -> names.put(name, stages.size()));
        stages.add(new ArrayList<>(List.of(instruction)));
      } else if (!stages.isEmpty()) {
        stages.get(stages.size() - 1).add(instruction);
      } else if (instruction.keyword().equals("ARG")) {
        global.declare(instruction, given);
      } else {
        throw instruction.refused("only ARG stands before the first FROM");
      }
    }
    if (stages.isEmpty()) {
      throw DockerfileException.of(file, "it has no FROM, so there is nothing to begin with");
    }
  }

  private static Optional<String> name(Instruction from) {
    var words = Words.of(from.arguments(), from.escape());
    if (words.size() == 1) {
      return Optional.empty();
    }
    if (words.size() != 3 || !words.get(1).equalsIgnoreCase("AS")) {
      throw from.refused("write FROM image, or FROM image AS name");
    }
    var name = words.get(2).toLowerCase(Locale.ROOT);
    if (!name.matches("[a-z][a-z0-9_.-]*")) {
      throw from.refused(
          "\"%s\" is no name for a stage; it begins with a letter, and has letters, digits, '-', '_' and '.'"
              .formatted(DockerfileException.shown(words.get(2))));
    }
    return Optional.of(name);
  }

  private int target(Optional<String> target) {
    if (target.isEmpty()) {
      return stages.size() - 1;
    }
    return number(target.get(), stages.size())
        .orElseThrow(
            () ->
                DockerfileException.of(
                    file,
                    "there is no stage %s; there are %s"
                        .formatted(
                            DockerfileException.shown(target.get()),
                            names.isEmpty() ? "none with names" : new TreeSet<>(names.keySet()))));
  }

  /** Returns the number of the last stage of a name, or of a number, before another. */
  private Optional<Integer> number(String name, int before) {
    if (name.matches("[0-9]{1,9}")) {
      return Optional.of(Integer.parseInt(name)).filter(number -> number < before);
    }
    for (int i = before - 1; i >= 0; i--) {
      if (name(stages.get(i).get(0)).equals(Optional.of(name.toLowerCase(Locale.ROOT)))) {
        return Optional.of(i);
      }
    }
    return Optional.empty();
  }

  private Stage stage(int number) throws IOException {
    var known = translated.get(number);
    if (known != null) {
      return known;
    }
    var instructions = stages.get(number);
    var stage = begun(number, instructions.get(0));
    for (var instruction : instructions.subList(1, instructions.size())) {
      stage.add(instruction);
    }
    translated.put(number, stage);
    return stage;
  }

  private Stage begun(int number, Instruction from) throws IOException {
    from.allowFlags("platform");
    var platform = from.flags().get("platform");
    if (platform != null) {
      global.checkPlatform(from, platform);
    }
    var word = global.word(from, Words.of(from.arguments(), from.escape()).get(0));
    if (word.isEmpty()) {
      throw from.refused(
          "the image's name is empty; set a default for its variable, such as ARG VERSION=latest");
    }
    Stage.Sources sources = name -> source(name, number);
    // Only a name means a stage here, no number.
    var before = word.matches("[0-9]+") ? Optional.<Integer>empty() : number(word, number);
    if (before.isPresent()) {
      return stage(before.get()).next(sources);
    }
    var image = word.equals("scratch") ? Image.empty() : from.checked(() -> Image.registry(word));
    return new Stage(image, bases.config(image), global, given, context, sources);
  }

  /** Returns what a name behind {@code --from} means. */
  private Stage.Source source(String name, int before) throws IOException {
    var number = number(name, before);
    if (number.isPresent()) {
      var stage = stage(number.get());
      return new Stage.Source(stage.image(), stage.weight());
    }
    if (name.matches("[0-9]+")) {
      throw new Substitution.Malformed("there is no stage %s before it".formatted(name));
    }
    return new Stage.Source(Image.registry(name), 1);
  }
}
