package dev.sandboxed.maven.project;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.dataformat.yaml.YAMLFactory;

/**
 * Finds the files whose content decides what a package manager of Node installs: manifests, of the
 * packages of a workspace and of those in directories too, lock files, settings, patches and
 * plugins. Used once.
 */
final class NodeKeyFiles {
  private static final int MAX_PACKAGES = 500;
  private static final int MAX_CHARACTERS = 16 << 20;

  /** What stands before the path of a package that is not downloaded. */
  private static final List<String> LOCAL = List.of("file:", "link:", "portal:");

  /** What package managers read themselves, of whichever of them that is. */
  private static final List<String> DIRECTORIES =
      List.of(
          "patches", ".yarn/patches", ".yarn/plugins", ".yarn/plugins/@yarnpkg", ".yarn/releases");

  private final Checkout checkout;
  private final PackageManager manager;
  private final Set<String> found = new LinkedHashSet<>();
  private final Set<String> seen = new HashSet<>();
  private final Deque<String> todo = new ArrayDeque<>();
  private int characters;

  NodeKeyFiles(Checkout checkout, PackageManager manager) {
    this.checkout = checkout;
    this.manager = manager;
  }

  /** Returns the files, as paths in the project, its own manifest first. */
  List<String> find() {
    found.add(PackageJson.NAME);
    found.addAll(manager.settings(checkout));
    todo.add("");
    while (!todo.isEmpty() && seen.size() < MAX_PACKAGES && characters < MAX_CHARACTERS) {
      var directory = todo.remove();
      if (seen.add(directory)) {
        read(directory);
      }
    }
    for (var directory : DIRECTORIES) {
      checkout.filesIn(directory).stream()
          .limit(MAX_PACKAGES)
          .map(file -> CheckoutPath.join(directory, file))
          .forEach(found::add);
    }
    return List.copyOf(found);
  }

  private void read(String directory) {
    var file = CheckoutPath.join(directory, PackageJson.NAME);
    var text = checkout.read(file);
    if (text.isEmpty()) {
      return;
    }
    characters += text.get().length();
    found.add(file);
    PackageJson.read(checkout, file)
        .ifPresent(
            manifest -> {
              addLocal(directory, manifest);
              if (directory.isEmpty()) {
                todo.addAll(DirectoryPattern.find(checkout, workspaces(manifest)));
              }
            });
  }

  private void addLocal(String directory, PackageJson manifest) {
    manifest.packages().values().stream()
        .flatMap(v -> LOCAL.stream().filter(v::startsWith).map(p -> v.substring(p.length())))
        .map(path -> CheckoutPath.of(directory, path))
        .flatMap(Optional::stream)
        .sorted()
        .limit(MAX_PACKAGES)
        .forEach(
            path -> {
              if (checkout.hasFile(path)) {
                found.add(path);
              } else {
                todo.add(path);
              }
            });
  }

  private List<String> workspaces(PackageJson manifest) {
    return Stream.concat(manifest.workspaces().stream(), pnpmWorkspaces().stream()).toList();
  }

  private List<String> pnpmWorkspaces() {
    var patterns = new ArrayList<String>();
    if (manager != PackageManager.PNPM) {
      return patterns;
    }
    var text = checkout.read(PackageManager.PNPM_WORKSPACE).orElse("");
    try (var parser = YAMLFactory.builder().build().createParser(ObjectReadContext.empty(), text)) {
      if (parser.nextToken() == JsonToken.START_OBJECT) {
        readPackages(parser, patterns);
      }
    } catch (JacksonException e) {
      // pnpm says so, too.
      return List.of();
    }
    return patterns;
  }

  private static void readPackages(JsonParser parser, List<String> patterns) {
    while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
      var name = parser.currentName();
      if (parser.nextToken() != JsonToken.START_ARRAY || !name.equals("packages")) {
        parser.skipChildren();
        continue;
      }
      while (parser.nextToken() == JsonToken.VALUE_STRING) {
        patterns.add(parser.getString());
      }
      return;
    }
  }
}
