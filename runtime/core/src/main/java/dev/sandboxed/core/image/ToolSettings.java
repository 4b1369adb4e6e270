package dev.sandboxed.core.image;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;

/**
 * Settings that whoever installed a tool chain keeps within it, such as Maven's {@code
 * conf/settings.xml}. They belong to the tools and are shown with them, unless they hold
 * credentials.
 */
final class ToolSettings {
  /** Tools that read settings from where they are installed. */
  private static final List<String> TOOLS =
      List.of("mvn", "gradle", "npm", "node", "yarn", "pip", "pip3", "python3", "git");

  /** Where they read them, from the directory around {@code bin}. */
  private static final List<String> FILES =
      List.of(
          "conf/settings.xml",
          "conf/settings-security.xml",
          "conf/gradle.properties",
          "gradle.properties",
          "npmrc",
          "etc/npmrc",
          "etc/yarnrc",
          "etc/gitconfig",
          "pip.conf");

  private static final Pattern COMMENT =
      Pattern.compile("<!--.*?-->|^\\s*[#;].*?$", Pattern.DOTALL | Pattern.MULTILINE);

  private static final Pattern CREDENTIAL =
      Pattern.compile(
          "password|passwd|passphrase|token|secret|_auth|private_?key|credential|://[^/\\s]+@",
          Pattern.CASE_INSENSITIVE);

  private ToolSettings() {}

  /**
   * Finds the settings with credentials.
   *
   * @param path the directories that programs are found in
   * @return real paths of files, in order
   */
  static List<String> withCredentials(List<Path> path) throws IOException {
    Set<String> found = new TreeSet<>();
    for (Path directory : path) {
      for (String tool : TOOLS) {
        for (Path installation : installations(directory.resolve(tool))) {
          for (String file : FILES) {
            Path settings = installation.resolve(file);
            if (holdsCredentials(settings)) {
              found.add(settings.toRealPath().toString());
            }
          }
        }
      }
    }
    return List.copyOf(found);
  }

  /** Returns what a program may take for the directory it is installed in. */
  private static List<Path> installations(Path program) throws IOException {
    var installations = new ArrayList<Path>();
    if (Files.isExecutable(program)) {
      for (Path file : List.of(program, program.toRealPath())) {
        Path bin = file.getParent();
        if (bin != null && bin.getParent() != null) {
          installations.add(bin.getParent());
        }
      }
    }
    return installations;
  }

  private static boolean holdsCredentials(Path file) throws IOException {
    if (!Files.isRegularFile(file) || !Files.isReadable(file)) {
      return false;
    }
    String text = Files.readString(file, StandardCharsets.ISO_8859_1);
    return CREDENTIAL.matcher(COMMENT.matcher(text).replaceAll("")).find();
  }
}
