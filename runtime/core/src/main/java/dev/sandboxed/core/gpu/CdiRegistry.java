package dev.sandboxed.core.gpu;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The devices of one kind that a host describes.
 *
 * @param devices what each needs, by name
 * @param problems what could not be used, for messages
 */
record CdiRegistry(Map<String, CdiEdits> devices, List<String> problems) {
  private static final int MAX_FILES = 256;

  /** Reads all descriptions; those of later directories replace those of earlier ones. */
  static CdiRegistry read(List<Path> directories, String kind) {
    var devices = new TreeMap<String, CdiEdits>();
    var problems = new ArrayList<String>();
    for (var directory : directories) {
      var here = new TreeMap<String, CdiEdits>();
      var twice = new HashSet<String>();
      for (var file : files(directory, problems)) {
        try {
          var description = CdiFile.read(file);
          if (description.kind().equals(kind)) {
            description
                .devices()
                .forEach(
                    (name, edits) -> {
                      if (here.put(name, edits) != null && twice.add(name)) {
                        problems.add("%s describes %s=%s twice".formatted(directory, kind, name));
                      }
                    });
          }
        } catch (IOException e) {
          problems.add(String.valueOf(e.getMessage()));
        }
      }
      devices.putAll(here);
      // Which one is meant cannot be known.
      devices.keySet().removeAll(twice);
    }
    return new CdiRegistry(devices, problems);
  }

  private static List<Path> files(Path directory, List<String> problems) {
    var files = new ArrayList<Path>();
    try (var all = Files.newDirectoryStream(directory, "*.{json,yaml,yml}")) {
      for (var file : all) {
        if (files.size() == MAX_FILES) {
          problems.add("%s has more than %d files".formatted(directory, MAX_FILES));
          break;
        }
        files.add(file);
      }
    } catch (NoSuchFileException | NotDirectoryException e) {
      return List.of();
    } catch (IOException | DirectoryIteratorException e) {
      problems.add("%s cannot be read: %s".formatted(directory, e));
    }
    files.sort(null);
    return files;
  }
}
