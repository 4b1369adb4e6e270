package dev.sandboxed.gvisor.hostile;

import dev.sandboxed.Sandbox;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Attacks on the agent, which is process 1 and which code inside, being root, may own. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ProcessOneTest {

  @ParameterizedTest
  @ValueSource(strings = {"KILL", "TERM", "STOP", "SEGV", "HUP", "PIPE", "QUIT", "USR1"})
  @Execution(ExecutionMode.CONCURRENT)
  void aSignalToProcessOneNeverLeavesAnyoneWaiting(String signal) throws Exception {
    try (var sandbox = Sandbox.create()) {
      Inside.runAndForget(Inside.shell(sandbox, "kill -" + signal + " 1"));
      Inside.assertAnswersOrSaysWhy(sandbox);
      Inside.assertEndsQuickly(sandbox);
    }
    Inside.assertANewSandboxWorks();
  }

  @Test
  void killingEveryProcessNeverLeavesAnyoneWaiting() throws Exception {
    try (var sandbox = Sandbox.create()) {
      Inside.runAndForget(Inside.shell(sandbox, "kill -KILL -1"));
      Inside.assertAnswersOrSaysWhy(sandbox);
      Inside.assertEndsQuickly(sandbox);
    }
  }

  @ParameterizedTest
  @EnumSource
  @Execution(ExecutionMode.CONCURRENT)
  void tracingProcessOneNeverLeavesAnyoneWaiting(Trace trace) throws Exception {
    try (var sandbox = Sandbox.create()) {
      Inside.runAndForget(
          Inside.python(
              sandbox,
              "import ctypes, os, time",
              "ptrace = ctypes.CDLL(None, use_errno=True).ptrace",
              "ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]",
              "ATTACH, SEIZE, INTERRUPT, KILL, POKE = 16, 0x4206, 0x4207, 8, 5",
              "tasks = [int(t) for t in os.listdir('/proc/1/task')]",
              "print(len(tasks), 'tasks')",
              trace.code,
              "time.sleep(2)",
              "os._exit(0)"));
      Inside.assertAnswersOrSaysWhy(sandbox);
      Inside.assertEndsQuickly(sandbox);
    }
    Inside.assertANewSandboxWorks();
  }

  @Test
  void overwritingTheMemoryOfProcessOneNeverLeavesAnyoneWaiting() throws Exception {
    try (var sandbox = Sandbox.create()) {
      Inside.runAndForget(
          Inside.python(
              sandbox,
              "maps = [l.split() for l in open('/proc/1/maps')]",
              "mem = open('/proc/1/mem', 'r+b', buffering=0)",
              "for m in maps:",
              "  start, end = (int(x, 16) for x in m[0].split('-'))",
              "  for at in range(start, min(end, start + (4 << 20)), 4096):",
              "    try:",
              "      mem.seek(at)",
              "      mem.write(b'\\xcc' * 4096)",
              "    except (OSError, ValueError, OverflowError):",
              "      break"));
      Inside.assertAnswersOrSaysWhy(sandbox);
      Inside.assertEndsQuickly(sandbox);
    }
    Inside.assertANewSandboxWorks();
  }

  @Test
  void writingToEveryFileDescriptorNeverLeavesAnyoneWaiting() throws Exception {
    try (var sandbox = Sandbox.create()) {
      Inside.runAndForget(
          Inside.python(
              sandbox,
              "import glob, os",
              "own = '/proc/%d/' % os.getpid()",
              "for path in glob.glob('/proc/[0-9]*/fd/*') + glob.glob('/dev/*'):",
              "  if path.startswith(own): continue",
              "  try:",
              "    fd = os.open(path, os.O_WRONLY | os.O_NONBLOCK)",
              "    os.write(fd, b'garbage ' * 4096)",
              "    os.close(fd)",
              "  except OSError:",
              "    pass"));
      Inside.assertAnswersOrSaysWhy(sandbox);
      Inside.assertEndsQuickly(sandbox);
    }
    Inside.assertANewSandboxWorks();
  }

  @Test
  void stealingWhatProcessOneReadsNeverLeavesAnyoneWaiting() throws Exception {
    try (var sandbox = Sandbox.create()) {
      Inside.shell(sandbox, "cat /proc/1/fd/0 > /dev/null").start();
      Inside.runAndForget(Inside.shell(sandbox, "echo started"));
      Inside.assertEndsQuickly(sandbox);
    }
    Inside.assertANewSandboxWorks();
  }

  /** What a tracer does to process 1. */
  enum Trace {
    ATTACH_AND_LEAVE_STOPPED("for t in tasks: ptrace(ATTACH, t, 0, 0)"),
    SEIZE_AND_INTERRUPT(
        "for t in tasks: ptrace(SEIZE, t, 0, 0)\nfor t in tasks: ptrace(INTERRUPT, t, 0, 0)"),
    KILL("for t in tasks: ptrace(ATTACH, t, 0, 0)\ntime.sleep(0.2)\nptrace(KILL, 1, 0, 0)");

    private final String code;

    Trace(String code) {
      this.code = code;
    }
  }
}
