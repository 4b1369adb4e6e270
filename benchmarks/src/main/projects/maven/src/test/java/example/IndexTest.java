package example;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IndexTest {
  @TempDir Path directory;

  @Test
  void findsTheFilesOfAWord() throws IOException {
    Files.writeString(directory.resolve("a.txt"), "one two");
    Files.writeString(directory.resolve("b.txt"), "two three");
    assertEquals(Set.of("a.txt", "b.txt"), Index.of(directory).find("two"));
  }

  @Test
  void findsNothingInNothing() throws IOException {
    assertTrue(Index.of(directory).find("one").isEmpty());
  }

  @ParameterizedTest
  @ValueSource(ints = {10, 100, 300})
  void indexesManyFiles(int files) throws IOException {
    var random = new Random(files);
    for (var i = 0; i < files; i++) {
      var text = new StringBuilder("file ");
      for (var word = 0; word < 500; word++) {
        text.append(Integer.toString(random.nextInt(1 << 20), 36).replaceAll("\\d", "z")).append(' ');
      }
      Files.writeString(directory.resolve(i + ".txt"), text);
    }
    var index = Index.of(directory);
    assertEquals(files, index.find("file").size());
    assertTrue(index.words() > files);
  }
}
