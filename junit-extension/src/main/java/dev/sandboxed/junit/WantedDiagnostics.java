package dev.sandboxed.junit;

/**
 * What is wanted of a sandbox when a test fails.
 *
 * @param mode what is written down about it
 * @param snapshot whether a memory snapshot is taken of it
 */
record WantedDiagnostics(DiagnosticsMode mode, boolean snapshot) {}
