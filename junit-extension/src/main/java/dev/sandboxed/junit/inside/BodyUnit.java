package dev.sandboxed.junit.inside;

import dev.sandboxed.junit.DeclaredSandbox;
import dev.sandboxed.junit.inside.jvm.Wire;
import java.util.List;
import java.util.stream.Stream;
import org.junit.platform.engine.TestDescriptor;
import org.junit.platform.engine.UniqueId;

/**
 * The tests that one JVM inside runs.
 *
 * @param root the descriptor that stands for all of them: a method's, or a class's
 * @param declared what is said about where they run
 */
record BodyUnit(TestDescriptor root, DeclaredSandbox declared) {

  /** Returns the ids of the tests, as Jupiter's engine knows them inside. */
  List<String> ids() {
    return leaves().map(leaf -> insideId(leaf.getUniqueId())).toList();
  }

  private Stream<? extends TestDescriptor> leaves() {
    return root.getChildren().isEmpty()
        ? Stream.of(root)
        : root.getDescendants().stream().filter(d -> d.getChildren().isEmpty());
  }

  static String insideId(UniqueId id) {
    var inside = UniqueId.forEngine(Wire.JUPITER);
    var segments = id.getSegments();
    for (var segment : segments.subList(1, segments.size())) {
      inside = inside.append(segment);
    }
    return inside.toString();
  }
}
