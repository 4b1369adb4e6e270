package example;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;

/** Knows which words are in which files of a directory. */
public final class Index {
  private static final Pattern WORD = Pattern.compile("\\p{L}+");

  private final Map<String, Set<String>> files = new TreeMap<>();

  public static Index of(Path directory) throws IOException {
    var index = new Index();
    try (var all = Files.walk(directory)) {
      for (var file : all.filter(Files::isRegularFile).toList()) {
        index.add(directory.relativize(file).toString(), Files.readString(file));
      }
    }
    return index;
  }

  private void add(String file, String text) {
    WORD.matcher(text)
        .results()
        .forEach(word -> files.computeIfAbsent(word.group(), w -> new TreeSet<>()).add(file));
  }

  public Set<String> find(String word) {
    return Set.copyOf(files.getOrDefault(word, Set.of()));
  }

  public int words() {
    return files.size();
  }
}
