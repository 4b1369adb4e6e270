const MARKS = /\p{M}+/gu;
const SEPARATORS = /[^\p{L}\p{N}]+/gu;

/**
 * Turns a title into a part of an address: lower case, words joined by a separator.
 *
 * @param {string} title the title
 * @param {{separator?: string, maxLength?: number}} [options]
 * @returns {string}
 */
export function slugify(title, { separator = "-", maxLength = Infinity } = {}) {
  if (typeof title !== "string") {
    throw new TypeError(`title is ${typeof title}; it must be a string`);
  }
  const words = title
    .normalize("NFKD")
    .replace(MARKS, "")
    .toLowerCase()
    .replace(SEPARATORS, " ")
    .trim()
    .split(" ");
  let slug = words[0];
  for (const word of words.slice(1)) {
    if (slug.length + separator.length + word.length > maxLength) {
      break;
    }
    slug += separator + word;
  }
  return slug.length > maxLength ? slug.slice(0, maxLength) : slug;
}
