package dev.sandboxed.maven.project;

import java.util.Optional;

/** A kind of projects. */
interface Ecosystem {

  /** Looks whether a checkout is one of this kind. */
  Optional<Recognition> recognise(Checkout checkout);
}
