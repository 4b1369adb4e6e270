package judge;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sandboxed.Sandbox;
import dev.sandboxed.junit.Sandboxed;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Solutions to one exercise: print the sum of the numbers on stdin. */
@Sandboxed(memory = "1g", timeout = "2m")
class GoodSnippetsTest {

  @ParameterizedTest
  @CsvSource({
    "sum.py,         ACCEPTED",
    "sum.sh,         ACCEPTED",
    "Sum.java,       ACCEPTED",
    "off-by-one.py,  WRONG_ANSWER",
    "crash.py,       RUNTIME_ERROR",
    "DoesNotCompile.java, RUNTIME_ERROR",
  })
  void addsNumbers(String snippet, Verdict verdict, Sandbox sandbox) {
    var judgement = new Judge(sandbox).judge(snippet, "1 2\n39\n", "42\n");

    assertThat(judgement.verdict()).as(judgement.toString()).isEqualTo(verdict);
  }
}
