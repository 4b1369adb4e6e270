import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { slugify } from "../src/slugify.js";

describe("slugify", () => {
  it("joins words in lower case", () => {
    assert.equal(slugify("Hello,  World!"), "hello-world");
  });

  it("drops accents", () => {
    assert.equal(slugify("Crème brûlée à la carte"), "creme-brulee-a-la-carte");
  });

  it("keeps other alphabets", () => {
    assert.equal(slugify("Привет, мир"), "привет-мир");
  });

  it("takes another separator", () => {
    assert.equal(slugify("a b c", { separator: "_" }), "a_b_c");
  });

  it("ends at a word where it can", () => {
    assert.equal(slugify("one two three", { maxLength: 9 }), "one-two");
    assert.equal(slugify("extraordinary", { maxLength: 5 }), "extra");
  });

  it("makes nothing of nothing", () => {
    assert.equal(slugify("  ¡!  "), "");
  });

  it("refuses what is no string", () => {
    assert.throws(() => slugify(42), /title is number/);
  });
});
