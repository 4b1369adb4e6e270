package dev.sandboxed.core.dockerfile;

import dev.sandboxed.Image;
import dev.sandboxed.ImageStep;
import dev.sandboxed.InvalidSpecException;
import dev.sandboxed.core.registry.ImageConfig;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** A stage of a Dockerfile, instruction by instruction. Mutable. */
final class Stage {
  /** How many steps an image may have, those of the images that it copies from included. */
  private static final int MAX_WEIGHT = 10_000;

  private final Variables global;
  private final Map<String, String> given;
  private final Context context;
  private final Sources sources;
  private final Variables variables;
  private Image image;
  private int weight;
  private String directory;
  private List<String> shell = List.of("/bin/sh", "-c");

  /** Finds what a stage copies from. */
  @FunctionalInterface
  interface Sources {
    /**
     * Returns what a name behind {@code --from} means.
     *
     * @throws Substitution.Malformed if it means nothing
     */
    Source find(String name) throws IOException;
  }

  /** An image to copy from, and how many steps it has. */
  record Source(Image image, int weight) {}

  Stage(
      Image image,
      ImageConfig config,
      Variables global,
      Map<String, String> given,
      Context context,
      Sources sources) {
    this(
        image,
        1,
        config.workingDirectory(),
        global,
        given,
        context,
        sources,
        global.ofStage(config.environment(), given));
  }

  private Stage(
      Image image,
      int weight,
      String directory,
      Variables global,
      Map<String, String> given,
      Context context,
      Sources sources,
      Variables variables) {
    this.image = image;
    this.weight = weight;
    this.directory = directory;
    this.global = global;
    this.given = given;
    this.context = context;
    this.sources = sources;
    this.variables = variables;
  }

  /** Returns a stage that begins with what this one comes to. */
  Stage next(Sources others) {
    var next =
        new Stage(image, weight, directory, global, given, context, others, variables.copy());
    next.shell = shell;
    return next;
  }

  Image image() {
    return image;
  }

  int weight() {
    return weight;
  }

  /** Follows an instruction. */
  void add(Instruction instruction) throws IOException {
    switch (instruction.keyword()) {
      case "ARG" -> variables.declare(instruction, given);
      case "ENV" -> step(instruction, ImageStep::env, variables.set(instruction));
      case "RUN" -> run(instruction);
      case "COPY", "ADD" -> copy(instruction);
      case "WORKDIR" -> {
        directory = path(word(instruction));
        step(instruction, ImageStep::workdir, directory);
      }
      case "USER" -> step(instruction, ImageStep::user, word(instruction));
      case "SHELL" ->
          shell =
              instruction
                  .list()
                  .filter(words -> !words.isEmpty())
                  .orElseThrow(
                      () ->
                          instruction.refused(
                              "write a JSON list, such as [\"/bin/bash\", \"-c\"]"));
      case "ENTRYPOINT" -> {
        var command = command(instruction);
        step(instruction, ImageStep::entrypoint, command.toArray(String[]::new));
      }
      case "CMD", "EXPOSE", "VOLUME", "STOPSIGNAL", "HEALTHCHECK", "MAINTAINER" ->
          requireArguments(instruction);
      case "LABEL" -> variables.pairs(instruction);
      case "ONBUILD" ->
          throw instruction.refused(
              "not supported; write its instruction into the Dockerfiles that build on this");
      default -> throw instruction.refused("it does not stand in a stage");
    }
  }

  /** Makes a step of a value. */
  @FunctionalInterface
  private interface Maker<T> {
    ImageStep make(T value);
  }

  private <T> void step(Instruction instruction, Maker<T> maker, T value) {
    add(instruction, instruction.checked(() -> maker.make(value)), 1);
  }

  private void add(Instruction instruction, ImageStep step, int more) {
    weight = Math.addExact(weight, more);
    if (weight > MAX_WEIGHT) {
      throw instruction.refused(
          "the image has more than %,d steps, with those of the images that it copies from: refused"
              .formatted(MAX_WEIGHT));
    }
    image = instruction.checked(() -> image.with(step));
  }

  private void run(Instruction run) {
    run.allowFlags("network");
    if (!run.flags().getOrDefault("network", "default").equals("default")) {
      throw run.refused(
          "--network=%s is not supported; leave it out"
              .formatted(DockerfileException.shown(run.flags().getOrDefault("network", ""))));
    }
    step(
        run,
        command -> ImageStep.run(command).env(variables.ofPrograms()),
        run.list().filter(words -> !words.isEmpty()).orElseGet(() -> script(run)));
  }

  private List<String> script(Instruction run) {
    requireArguments(run);
    var documents = run.documents();
    var script = new StringBuilder(run.arguments());
    if (documents.size() == 1 && documents.get(0).word().equals(run.arguments())) {
      script = new StringBuilder(documents.get(0).content());
      if (script.indexOf("#!") == 0) {
        throw run.refused(
            "a here-document that names its interpreter is not supported; write RUN interpreter <<%s"
                .formatted(documents.get(0).name()));
      }
    } else {
      for (var document : documents) {
        script.append('\n').append(document.content()).append(document.name());
      }
    }
    return Stream.concat(shell.stream(), Stream.of(script.toString())).toList();
  }

  private List<String> command(Instruction instruction) {
    requireArguments(instruction);
    return instruction
        .list()
        .orElseGet(
            () -> Stream.concat(shell.stream(), Stream.of(instruction.arguments())).toList());
  }

  private void copy(Instruction instruction) throws IOException {
    var copy = new CopyInstruction(instruction, variables, this::path);
    var from = instruction.flags().get("from");
    if (from == null || instruction.keyword().equals("ADD")) {
      for (var step : copy.fromContext(context)) {
        add(instruction, step, 1);
      }
      return;
    }
    Source source;
    try {
      source = sources.find(from);
    } catch (Substitution.Malformed | InvalidSpecException e) {
      throw instruction.refused(
          "--from=%s: %s".formatted(DockerfileException.shown(from), e.getMessage()));
    }
    for (var step : copy.fromImage(source.image())) {
      add(instruction, step, 1 + source.weight());
    }
  }

  private String word(Instruction instruction) {
    requireArguments(instruction);
    return variables.word(instruction, instruction.arguments());
  }

  private static void requireArguments(Instruction instruction) {
    if (instruction.arguments().isEmpty()) {
      throw instruction.refused("it says nothing");
    }
  }

  /** Returns a path of the image, absolute and normalised, with a slash behind it if it has one. */
  private String path(String text) {
    var names = new ArrayList<String>();
    for (var name : (text.startsWith("/") ? text : directory + "/" + text).split("/")) {
      if (name.equals("..")) {
        if (!names.isEmpty()) {
          names.remove(names.size() - 1);
        }
      } else if (!name.isEmpty() && !name.equals(".")) {
        names.add(name);
      }
    }
    return "/" + String.join("/", names);
  }
}
