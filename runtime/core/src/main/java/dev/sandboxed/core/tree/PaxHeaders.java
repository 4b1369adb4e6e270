package dev.sandboxed.core.tree;

import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Extended header records ("pax Extended Header", POSIX.1-2017), with GNU's records of sparse
 * files.
 */
final class PaxHeaders {
  private static final int MAX_RECORDS = 1_000_000;

  private final Map<String, String> values;
  private final List<TarEntry.Segment> sparse;

  private PaxHeaders(Map<String, String> values, List<TarEntry.Segment> sparse) {
    this.values = values;
    this.sparse = sparse;
  }

  static PaxHeaders none() {
    return new PaxHeaders(Map.of(), List.of());
  }

  /** Returns these records with those of another header over them. */
  PaxHeaders parse(byte[] data) throws TreeException {
    var all = new HashMap<>(values);
    var segments = new ArrayList<TarEntry.Segment>();
    String sparseOffset = null;
    int records = 0;
    int at = 0;
    while (at < data.length && data[at] != 0) {
      if (++records > MAX_RECORDS) {
        throw damaged();
      }
      int space = at;
      int length = 0;
      while (space < data.length && data[space] != ' ') {
        int digit = data[space++] - '0';
        if (digit < 0 || digit > 9 || length > data.length) {
          throw damaged();
        }
        length = length * 10 + digit;
      }
      int end = at + length;
      if (length < 5 || end > data.length || end <= space + 2 || data[end - 1] != '\n') {
        throw damaged();
      }
      String record = ByteStrings.ofBytes(Arrays.copyOfRange(data, space + 1, end - 1));
      int equals = record.indexOf('=');
      if (equals < 1) {
        throw damaged();
      }
      String key = record.substring(0, equals);
      String value = record.substring(equals + 1);
      // The oldest form repeats a pair of keys for every segment.
      if (key.equals("GNU.sparse.offset")) {
        sparseOffset = value;
      } else if (key.equals("GNU.sparse.numbytes") && sparseOffset != null) {
        segments.add(new TarEntry.Segment(decimal(sparseOffset), decimal(value)));
        sparseOffset = null;
      } else if (value.isEmpty()) {
        all.remove(key);
      } else {
        all.put(key, value);
      }
      at = end;
    }
    return new PaxHeaders(all, segments);
  }

  @Nullable String get(String key) {
    return values.get(key);
  }

  long number(String key, long otherwise) throws TreeException {
    String value = values.get(key);
    return value == null ? otherwise : decimal(value);
  }

  @Nullable Instant time(String key) throws TreeException {
    String value = values.get(key);
    if (value == null) {
      return null;
    }
    int point = value.indexOf('.');
    String whole = point < 0 ? value : value.substring(0, point);
    boolean negative = whole.startsWith("-");
    String digits = point < 0 ? "" : value.substring(point + 1);
    String nanos = (digits + "000000000").substring(0, 9);
    long seconds = decimal(negative ? whole.substring(1) : whole);
    long fraction = decimal(nanos);
    try {
      return negative
          ? Instant.ofEpochSecond(-seconds, -fraction)
          : Instant.ofEpochSecond(seconds, fraction);
    } catch (DateTimeException e) {
      throw new TreeException("The tar archive is damaged: it holds an impossible time.", e);
    }
  }

  boolean isSparse() {
    return get("GNU.sparse.major") != null
        || get("GNU.sparse.map") != null
        || get("GNU.sparse.size") != null;
  }

  /** Returns whether the segments stand in front of the data instead of in the header. */
  boolean hasSparseMapInData() {
    return "1".equals(get("GNU.sparse.major"));
  }

  List<TarEntry.Segment> sparseSegments() throws TreeException {
    String map = get("GNU.sparse.map");
    if (map == null) {
      return sparse;
    }
    String[] numbers = map.split(",", -1);
    if (numbers.length % 2 != 0) {
      throw damaged();
    }
    var segments = new ArrayList<TarEntry.Segment>();
    for (int i = 0; i < numbers.length; i += 2) {
      segments.add(new TarEntry.Segment(decimal(numbers[i]), decimal(numbers[i + 1])));
    }
    return segments;
  }

  static long decimal(String digits) throws TreeException {
    if (digits.isEmpty() || digits.length() > 18) {
      throw damaged();
    }
    long value = 0;
    for (int i = 0; i < digits.length(); i++) {
      int digit = digits.charAt(i) - '0';
      if (digit < 0 || digit > 9) {
        throw damaged();
      }
      value = value * 10 + digit;
    }
    return value;
  }

  private static TreeException damaged() {
    return new TreeException("The tar archive is damaged: an extended header is malformed.");
  }
}
