package dev.sandboxed.core.buildtools;

import dev.sandboxed.core.buildtools.MavenSettings.Mirror;
import dev.sandboxed.core.buildtools.MavenSettings.Repository;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Chooses the mirror that Maven asks in place of a repository. */
final class MirrorSelector {
  private final List<Mirror> mirrors;

  MirrorSelector(List<Mirror> mirrors) {
    this.mirrors = List.copyOf(mirrors);
  }

  Optional<Mirror> select(Repository repository) {
    return mirrors.stream()
        .filter(mirror -> mirror.mirrorOf().equals(repository.id()))
        .findFirst()
        .or(() -> mirrors.stream().filter(m -> matches(m.mirrorOf(), repository)).findFirst());
  }

  /** Returns whether a list like {@code external:*,!internal} means a repository. */
  private static boolean matches(String mirrorOf, Repository repository) {
    var matches = false;
    for (var part : mirrorOf.split(",")) {
      var pattern = part.strip();
      if (pattern.equals("!" + repository.id())) {
        return false;
      }
      if (pattern.equals(repository.id())) {
        return true;
      }
      matches |=
          switch (pattern) {
            case "*" -> true;
            case "external:*" -> isExternal(repository);
            case "external:http:*" -> isExternal(repository) && isPlainHttp(repository);
            default -> false;
          };
    }
    return matches;
  }

  private static boolean isExternal(Repository repository) {
    var url = repository.url().strip().toLowerCase(Locale.ROOT);
    return !url.startsWith("file:")
        && RemoteUrl.parse(url)
            .map(u -> !u.host().equals("localhost") && !u.host().equals("127.0.0.1"))
            .orElse(true);
  }

  private static boolean isPlainHttp(Repository repository) {
    return repository.url().strip().toLowerCase(Locale.ROOT).startsWith("http:");
  }
}
