package dev.sandboxed.core.build;

import dev.sandboxed.FileStat;
import dev.sandboxed.SandboxFileException;
import dev.sandboxed.SandboxFiles;
import dev.sandboxed.core.buildtools.AptSources;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads an image's configuration of apt out of a sandbox in which nothing runs yet. */
final class AptFiles {
  private AptFiles() {}

  static AptSources read(SandboxFiles files) {
    Map<String, String> texts = new LinkedHashMap<>();
    for (var folder : List.of("", "sources.list.d/", "apt.conf.d/")) {
      for (var entry : list(files, AptSources.DIRECTORY + "/" + folder)) {
        var name = folder + entry.name();
        if (texts.size() < AptSources.MAX_FILES && isFit(entry, name)) {
          texts.put(name, files.readText(AptSources.DIRECTORY + "/" + name));
        }
      }
    }
    return AptSources.of(texts);
  }

  /** Links are not followed: they lead anywhere, to pipes that nobody writes to among it. */
  private static boolean isFit(FileStat entry, String name) {
    return entry.type() == FileStat.FileType.FILE
        && entry.size() <= AptSources.MAX_BYTES
        && AptSources.isRead(name);
  }

  private static List<FileStat> list(SandboxFiles files, String directory) {
    try {
      return files.list(directory);
    } catch (SandboxFileException.NotFound | SandboxFileException.NotADirectory e) {
      return List.of();
    }
  }
}
