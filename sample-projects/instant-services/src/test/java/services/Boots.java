package services;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Which boots the tests of a class came from: one, if all their services are copies of it. */
final class Boots {
  private final Set<String> seen = ConcurrentHashMap.newKeySet();

  Set<String> add(String boot) {
    seen.add(boot);
    return seen;
  }
}
