package dev.sandboxed;

/** Why a sandbox or a process ended. */
public enum ExitReason {
  /** It ended by itself, with its own exit code. */
  EXITED,
  /** A signal ended it; the code is 128 and the signal's number. */
  SIGNALED,
  /** Its timeout was over; the code is 124. */
  TIMEOUT,
  /** It was idle for too long; the code is 124. */
  IDLE_TIMEOUT,
  /** It was terminated from outside, or its creator went away; the code is 137. */
  TERMINATED,
  /** It needed more memory than it may have; the code is 137. */
  OUT_OF_MEMORY,
  /** Its runtime or its agent failed; the code is 125. */
  FAILED
}
