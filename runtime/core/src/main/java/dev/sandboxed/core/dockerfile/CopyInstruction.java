package dev.sandboxed.core.dockerfile;

import dev.sandboxed.Image;
import dev.sandboxed.ImageStep;
import dev.sandboxed.core.dockerfile.Instruction.HereDocument;
import dev.sandboxed.core.tree.TreeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** What {@code COPY} and {@code ADD} come to. */
final class CopyInstruction {
  private final Instruction instruction;
  private final Variables variables;
  private final List<String> sources;
  private final List<HereDocument> documents;
  private final String target;
  private final Optional<String> owner;
  private final Optional<Integer> mode;

  /**
   * Reads an instruction.
   *
   * @param paths makes a path of the image absolute and normalised
   */
  CopyInstruction(Instruction instruction, Variables variables, UnaryOperator<String> paths) {
    this.instruction = instruction;
    this.variables = variables;
    if (instruction.keyword().equals("ADD")) {
      instruction.allowFlags("chown", "chmod");
    } else {
      instruction.allowFlags("from", "chown", "chmod");
    }
    owner =
        Optional.ofNullable(instruction.flags().get("chown"))
            .map(text -> variables.word(instruction, text));
    mode = Optional.ofNullable(instruction.flags().get("chmod")).map(this::mode);
    var words =
        instruction.list().orElseGet(() -> Words.of(instruction.arguments(), instruction.escape()));
    if (words.size() < 2) {
      throw instruction.refused("it needs a source and a target");
    }
    documents = instruction.documents();
    sources =
        words.subList(0, words.size() - 1).stream()
            .filter(word -> documents.stream().noneMatch(d -> d.word().equals(word)))
            .map(word -> variables.word(instruction, word))
            .toList();
    var last = variables.word(instruction, words.get(words.size() - 1));
    var isDirectory =
        last.endsWith("/") || last.equals(".") || last.endsWith("/.") || last.endsWith("/..");
    if (sources.size() + documents.size() > 1 && !isDirectory) {
      throw instruction.refused(
          "of several sources the target is a directory; write %s/"
              .formatted(DockerfileException.shown(last)));
    }
    var path = paths.apply(last);
    target = isDirectory && !path.equals("/") ? path + "/" : path;
  }

  private int mode(String text) {
    var word = variables.word(instruction, text);
    if (!word.matches("[0-7]{3,4}")) {
      throw instruction.refused(
          "--chmod=%s is not supported; write it as octal digits, such as 0755"
              .formatted(DockerfileException.shown(word)));
    }
    return Integer.parseInt(word, 8);
  }

  /** Returns the steps that copy from another image. */
  List<ImageStep> fromImage(Image image) {
    if (!documents.isEmpty()) {
      throw instruction.refused("a here-document is not copied from an image; leave out --from");
    }
    var steps = new ArrayList<ImageStep>();
    for (var source : sources) {
      var names = new ArrayList<String>();
      for (var name : source.split("/")) {
        if (name.equals("..") && !names.isEmpty()) {
          names.remove(names.size() - 1);
        } else if (!name.isEmpty() && !name.equals(".") && !name.equals("..")) {
          names.add(name);
        }
      }
      var step =
          instruction.checked(
              () ->
                  new ImageStep.CopyFrom(
                      image, "/" + String.join("/", names), target, owner, mode));
      steps.add(step);
    }
    return steps;
  }

  /** Returns the steps that copy from the context. */
  List<ImageStep> fromContext(Context context) throws IOException {
    var steps = new ArrayList<ImageStep>();
    for (var source : sources) {
      refuseAddress(source);
      var found = found(context, source);
      for (var each : found) {
        steps.add(step(each, found.size() > 1));
      }
    }
    for (var document : documents) {
      var content =
          document.literal()
              ? document.content()
              : variables.document(instruction, document.content());
      var path = target.endsWith("/") ? target + document.name() : target;
      steps.add(instruction.checked(() -> new ImageStep.Write(path, content, owner, mode)));
    }
    return steps;
  }

  private void refuseAddress(String source) {
    if (source.contains("://") || source.startsWith("git@")) {
      throw instruction.refused(
          "%s is an address, from which nothing is fetched; fetch it in a RUN, or into the context"
              .formatted(DockerfileException.shown(source)));
    }
  }

  private List<Context.Source> found(Context context, String source) throws IOException {
    List<Context.Source> found;
    try {
      found = context.find(source);
    } catch (Substitution.Malformed e) {
      throw instruction.refused(e.why());
    } catch (TreeException e) {
      throw instruction.refused(String.valueOf(e.getMessage()));
    }
    if (found.isEmpty()) {
      throw instruction.refused(
          "%s is not in the context, or left out by its .dockerignore"
              .formatted(DockerfileException.shown(source)));
    }
    return found;
  }

  private ImageStep step(Context.Source source, boolean isOneOfMany) throws IOException {
    if (instruction.keyword().equals("ADD") && !source.isDirectory() && isArchive(source.file())) {
      return instruction.checked(() -> new ImageStep.Unpack(source.file(), target, owner, mode));
    }
    var into = target.endsWith("/") || (isOneOfMany && !source.isDirectory());
    var path =
        into && !source.isDirectory()
            ? (target.endsWith("/") ? target : target + "/") + source.name()
            : target;
    return instruction.checked(
        () -> new ImageStep.Copy(source.file(), source.excluded(), path, owner, mode));
  }

  private boolean isArchive(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      return false;
    }
    var kind = ArchiveKind.of(file);
    if (kind == ArchiveKind.UNSUPPORTED) {
      throw instruction.refused(
          "%s is compressed by something else than gzip, and is not unpacked; use COPY, or compress it by gzip"
              .formatted(file.getFileName()));
    }
    return kind == ArchiveKind.TAR;
  }
}
