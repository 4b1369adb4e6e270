package dev.sandboxed.core.image;

import dev.sandboxed.ImageStep;
import dev.sandboxed.core.tree.ByteStrings;
import dev.sandboxed.core.tree.Content;
import dev.sandboxed.core.tree.FileTree;
import dev.sandboxed.core.tree.HostDirectory;
import dev.sandboxed.core.tree.HostPaths;
import dev.sandboxed.core.tree.Metadata;
import dev.sandboxed.core.tree.Node;
import dev.sandboxed.core.tree.PathPattern;
import dev.sandboxed.core.tree.TreeBuilder;
import dev.sandboxed.core.tree.TreeException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What the steps that copy add to an image: the tree of a layer. Directories of the image that lead
 * to the copies are in it, too, as they are; links of the image to directories are followed, within
 * the image. Contents are read from where they come from when the layer is written.
 */
final class CopiedFiles {
  private static final int MAX_LINKS = 40;

  private final FileTree image;
  private final Optional<Owner> owner;
  private final OptionalInt mode;
  private final TreeBuilder layer = new TreeBuilder();

  /** The directories that the layer has. */
  private final Set<String> led = new HashSet<>();

  /** What became of files, so that those with several names keep them. */
  private final IdentityHashMap<Node, Node> copied = new IdentityHashMap<>();

  private CopiedFiles(FileTree image, Optional<String> owner, Optional<Integer> mode)
      throws IOException {
    this.image = image;
    this.owner = owner.isEmpty() ? Optional.empty() : Optional.of(Owner.of(owner.get(), image));
    this.mode = mode.map(OptionalInt::of).orElse(OptionalInt.empty());
    layer.directory("/", image.root().metadata());
  }

  /** What a step copies: a node, and the name that it has where it comes from. */
  private record Source(String name, Node node) {}

  /** A place in the image, its path without links, and what is there. */
  private record Place(List<String> path, @Nullable Node node) {
    Place child(String name) {
      var longer = new ArrayList<>(path);
      longer.add(name);
      return new Place(
          longer, node instanceof Node.Directory directory ? directory.children().get(name) : null);
    }

    String text() {
      return "/" + String.join("/", path);
    }
  }

  /** Returns what a copy from the host adds to an image. */
  static FileTree of(ImageStep.Copy step, FileTree image) throws IOException {
    var files = new CopiedFiles(image, step.owner().or(() -> Optional.of("0:0")), step.mode());
    files.put(List.of(onHost(step)), step.target());
    return files.layer.build();
  }

  /** Returns what a copy from another image adds to an image. */
  static FileTree of(ImageStep.CopyFrom step, FileTree image, FileTree other) throws IOException {
    var files = new CopiedFiles(image, step.owner(), step.mode());
    var sources = found(other, ByteStrings.of(step.source()));
    if (sources.isEmpty()) {
      throw new TreeException("there is no %s in the image to copy from".formatted(step.source()));
    }
    files.put(sources, step.target());
    return files.layer.build();
  }

  /**
   * Returns what an unpacked archive adds to an image.
   *
   * @param archive the archive's tree
   */
  static FileTree of(ImageStep.Unpack step, FileTree image, FileTree archive) throws IOException {
    var files = new CopiedFiles(image, step.owner(), step.mode());
    files.put(List.of(new Source("", archive.root())), step.target());
    return files.layer.build();
  }

  /** Returns what a written file adds to an image. */
  static FileTree of(ImageStep.Write step, FileTree image) throws IOException {
    var files = new CopiedFiles(image, step.owner().or(() -> Optional.of("0:0")), step.mode());
    var content = Content.of(step.content().getBytes(StandardCharsets.UTF_8));
    files.leaf(
        new Node.Regular(Metadata.root(0644), content),
        files.resolved(ByteStrings.of(step.target())));
    return files.layer.build();
  }

  /** Lists what a copy takes from the host; contents are read later. */
  static HostDirectory.Listing listing(ImageStep.Copy step) throws IOException {
    var excluded =
        step.excluded().stream()
            .map(path -> ByteStrings.ofBytes(HostPaths.bytes(path.normalize())))
            .collect(Collectors.toUnmodifiableSet());
    return HostDirectory.reader()
        .excluding(path -> excluded.contains(path))
        .readAny(step.source().toRealPath());
  }

  private static Source onHost(ImageStep.Copy step) throws IOException {
    var children = listing(step).tree().root().children();
    var name = ByteStrings.ofBytes(HostPaths.bytes(name(step.source())));
    return new Source(name, children.values().iterator().next());
  }

  private static Path name(Path file) {
    var name = file.getFileName();
    return name == null ? file : name;
  }

  private void put(List<Source> sources, String target) throws IOException {
    var place = resolved(ByteStrings.of(target));
    for (var source : sources) {
      if (source.node() instanceof Node.Directory directory) {
        contents(directory, place, false);
      } else if (target.endsWith("/")
          || place.node() instanceof Node.Directory
          || sources.size() > 1) {
        if (!(place.node() instanceof Node.Directory) && place.node() != null) {
          throw notDirectory(place);
        }
        made(place, Optional.empty());
        leaf(source.node(), place.child(source.name()));
      } else {
        leaf(source.node(), place);
      }
    }
  }

  /** Puts what is in a directory into a place. */
  private void contents(Node.Directory directory, Place place, boolean isNested)
      throws IOException {
    if (place.node() != null && !(place.node() instanceof Node.Directory)) {
      throw notDirectory(place);
    }
    made(place, isNested || place.node() == null ? Optional.of(directory) : Optional.empty());
    for (var child : directory.children().entrySet()) {
      var below = place.child(child.getKey());
      if (child.getValue() instanceof Node.Directory deeper) {
        var existing = below.node() instanceof Node.Symlink ? resolved(below.text()) : below;
        contents(deeper, existing, true);
      } else {
        leaf(child.getValue(), below);
      }
    }
  }

  private void leaf(Node node, Place place) throws IOException {
    if (place.path().isEmpty() || place.node() instanceof Node.Directory) {
      throw new TreeException(
          "%s is a directory of the image, and a file cannot take its place"
              .formatted(ByteStrings.display(place.text())));
    }
    lead(place.path().subList(0, place.path().size() - 1));
    layer.node(place.text(), copy(node));
  }

  /** Puts a directory, like another if it is to have its metadata. */
  private void made(Place place, Optional<Node.Directory> like) throws TreeException {
    lead(place.path());
    if (like.isPresent()) {
      layer.directory(place.text(), changed(like.get().metadata()));
    }
  }

  /** Puts the directories of a path: as they are in the image, or new ones. */
  private void lead(List<String> path) throws TreeException {
    var at = new Place(List.of(), image.root());
    for (var name : path) {
      at = at.child(name);
      if (led.add(at.text())) {
        layer.directory(at.text(), at.node() == null ? created() : at.node().metadata());
      }
    }
  }

  private Metadata created() {
    return owner
        .map(o -> new Metadata(0755, o.uid(), o.gid(), Instant.EPOCH))
        .orElse(Metadata.root(0755));
  }

  private Node copy(Node node) {
    return copied.computeIfAbsent(
        node,
        original -> {
          var metadata = changed(original.metadata());
          if (original instanceof Node.Regular regular) {
            return new Node.Regular(metadata, regular.content());
          }
          if (original instanceof Node.Symlink link) {
            // The permissions of a link mean nothing, and owners are those of the link.
            return new Node.Symlink(withOwner(original.metadata()), link.target());
          }
          if (original instanceof Node.Special special) {
            return new Node.Special(metadata, special.kind(), special.major(), special.minor());
          }
          throw new IllegalArgumentException("a directory is not copied as one node");
        });
  }

  private Metadata changed(Metadata metadata) {
    var owned = withOwner(metadata);
    return new Metadata(mode.orElse(owned.mode()), owned.uid(), owned.gid(), owned.mtime());
  }

  private Metadata withOwner(Metadata metadata) {
    return owner
        .map(o -> new Metadata(metadata.mode(), o.uid(), o.gid(), metadata.mtime()))
        .orElse(metadata);
  }

  private static TreeException notDirectory(Place place) {
    return new TreeException(
        "%s of the image is no directory to copy into"
            .formatted(ByteStrings.display(place.text())));
  }

  private Place resolved(String path) throws TreeException {
    return resolved(image, path);
  }

  /** Returns where a path leads through the links of a tree, none of which leads out of it. */
  private static Place resolved(FileTree tree, String path) throws TreeException {
    Deque<String> rest = new ArrayDeque<>(List.of(path.split("/")));
    var at = new ArrayDeque<Place>();
    at.push(new Place(List.of(), tree.root()));
    for (int links = 0; !rest.isEmpty(); ) {
      var name = rest.pop();
      if (name.isEmpty() || name.equals(".")) {
        continue;
      }
      if (name.equals("..")) {
        if (at.size() > 1) {
          at.pop();
        }
        continue;
      }
      var place = at.getFirst().child(name);
      if (place.node() instanceof Node.Symlink link) {
        if (++links > MAX_LINKS) {
          throw new TreeException(
              "%s leads through more than %d links of the image"
                  .formatted(ByteStrings.display(path), MAX_LINKS));
        }
        if (link.target().startsWith("/")) {
          while (at.size() > 1) {
            at.pop();
          }
        }
        var parts = link.target().split("/");
        for (int i = parts.length - 1; i >= 0; i--) {
          rest.push(parts[i]);
        }
      } else {
        at.push(place);
      }
    }
    return at.getFirst();
  }

  /** Returns what a path with wildcards leads to, in the order of the names. */
  private static List<Source> found(FileTree tree, String pattern) throws TreeException {
    var places = new LinkedHashMap<String, Place>();
    places.put("", new Place(List.of(), tree.root()));
    var name = "";
    for (var part : PathPattern.of(pattern).names()) {
      var further = new LinkedHashMap<String, Place>();
      for (var place : places.values()) {
        if (place.node() instanceof Node.Directory directory) {
          for (var child : directory.children().keySet()) {
            if (PathPattern.matches(part, child)) {
              var found = resolved(tree, place.text() + "/" + child);
              if (found.node() != null) {
                further.put(place.text() + "/" + child, found);
              }
            }
          }
        }
      }
      places = further;
      name = part;
    }
    var sources = new ArrayList<Source>();
    for (var place : places.entrySet()) {
      var node = place.getValue().node();
      if (node != null) {
        var path = place.getKey();
        sources.add(new Source(path.substring(path.lastIndexOf('/') + 1), node));
      }
    }
    return name.isEmpty() ? List.of(new Source("", tree.root())) : sources;
  }
}
