package dev.sandboxed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class UnitsTest {

  @ParameterizedTest
  @CsvSource({
    "0,0",
    "7,7",
    "7b,7",
    "1k,1024",
    "512m,536870912",
    "2 GiB,2147483648",
    "2gb,2147483648",
    "1T,1099511627776"
  })
  void readsSizes(String text, long bytes) {
    assertThat(ByteSize.parse(text).bytes()).isEqualTo(bytes);
  }

  @ParameterizedTest
  @CsvSource({
    "0,0b",
    "1,1b",
    "1024,1k",
    "1536,1536b",
    "536870912,512m",
    "1099511627776,1t",
    "1125899906842624,1024t"
  })
  void printsSizesInTheLargestWholeUnit(long bytes, String text) {
    assertThat(new ByteSize(bytes)).hasToString(text);
    assertThat(ByteSize.parse(text).bytes()).isEqualTo(bytes);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "m", "12x", "-1m", "1.5g", "999999999999999t", "1m2"})
  void refusesWhatIsNoSize(String text) {
    assertThatThrownBy(() -> ByteSize.parse(text))
        .isInstanceOf(InvalidSpecException.class)
        .hasMessage("\"%s\" is not a size; write a number and a unit, such as 512m or 2g", text);
  }

  @ParameterizedTest
  @CsvSource({"500ms,PT0.5S", "30s,PT30S", "5 m,PT5M", "2H,PT2H", "1d,PT24H", "PT1M30S,PT1M30S"})
  void readsDurations(String text, Duration duration) {
    assertThat(Durations.parse(text)).isEqualTo(duration);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "30", "s", "-3s", "1.5s", "1 week"})
  void refusesWhatIsNoDuration(String text) {
    assertThatThrownBy(() -> Durations.parse(text))
        .isInstanceOf(InvalidSpecException.class)
        .hasMessage(
            "\"%s\" is not a duration; write a number and a unit, such as 500ms, 30s or 5m", text);
  }
}
