package dev.sandboxed.core.dockerfile;

import dev.sandboxed.InvalidSpecException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * One instruction as it stands in a file, its lines joined.
 *
 * @param file the file's name, for messages
 * @param line where it begins, from 1
 * @param keyword in capital letters
 * @param flags what stands before its arguments, {@code --name=value}; the value is empty for
 *     {@code --name}
 * @param arguments the rest of the line
 * @param documents what follows the line: its here-documents, in order
 * @param escape the character that takes the meaning from the next one
 */
record Instruction(
    String file,
    int line,
    String keyword,
    Map<String, String> flags,
    String arguments,
    List<HereDocument> documents,
    char escape) {

  /**
   * A here-document.
   *
   * @param word what introduces it on the line, such as {@code <<EOF}
   * @param name what ends it, without quotes
   * @param literal whether variables in it stay as they are, since the name is quoted
   * @param content its lines
   */
  record HereDocument(String word, String name, boolean literal, String content) {}

  /** Returns the arguments if they are a JSON list of texts. */
  Optional<List<String>> list() {
    return ExecForm.parse(arguments);
  }

  DockerfileException refused(String why) {
    return DockerfileException.at(file, line, keyword, why);
  }

  /** Makes something of the instruction, and says where it stands if that fails. */
  <T> T checked(Supplier<T> maker) {
    try {
      return maker.get();
    } catch (InvalidSpecException e) {
      throw refused(String.valueOf(e.getMessage()));
    } catch (Substitution.Malformed e) {
      throw refused(e.why());
    }
  }

  /** Refuses every flag but those that are known. */
  void allowFlags(String... known) {
    for (var flag : flags.keySet()) {
      if (!List.of(known).contains(flag)) {
        throw refused(
            "--%s is not supported; %s"
                .formatted(
                    DockerfileException.shown(flag),
                    known.length == 0
                        ? "leave it out"
                        : "possible are --" + String.join(", --", known)));
      }
    }
  }
}
