/* What the laboratory accepts, and what it says when it is given something else. */
((lab) => {
  "use strict";

  const shown = (value) => typeof value === "string" ? `"${value}"`
    : Array.isArray(value) ? `[${value.map(shown).join(", ")}]` : String(value);

  /* Returns a whole number from `least` to `most`. */
  function whole(name, value, least, most) {
    if (Number.isInteger(value) && value >= least && value <= most) return value;
    throw new RangeError(
      `${name} must be a whole number from ${least} to ${most}, not ${shown(value)}`);
  }

  /* Returns a finite number from `low` to `high`. */
  function real(name, value, low, high) {
    if (Number.isFinite(value) && value >= low && value <= high) return value;
    throw new RangeError(`${name} must be a number from ${low} to ${high}, not ${shown(value)}`);
  }

  /* Returns one of the accepted words. */
  function oneOf(name, value, accepted) {
    if (accepted.includes(value)) return value;
    throw new RangeError(
      `${name} must be one of ${accepted.map(shown).join(", ")}, not ${shown(value)}`);
  }

  /* Returns the defaults with what is given in their place; a name without a default is refused. */
  function settings(name, given, defaults) {
    if (given === null || typeof given !== "object" || Array.isArray(given)) {
      throw new TypeError(`${name} must be an object such as {}, not ${shown(given)}`);
    }
    for (const key of Object.keys(given)) {
      if (!Object.hasOwn(defaults, key)) {
        const accepted = Object.keys(defaults).join(", ") || "nothing";
        throw new TypeError(`${name} has no setting ${shown(key)}; it accepts: ${accepted}`);
      }
    }
    return { ...defaults, ...given };
  }

  /* Returns an array of numbers of this length. */
  function numbers(name, value, length) {
    if ((Array.isArray(value) || ArrayBuffer.isView(value)) && value.length === length) {
      return value;
    }
    const given = value?.length === undefined ? shown(value) : `${value.length} of them`;
    throw new RangeError(`${name} must hold ${length} numbers, not ${given}`);
  }

  /* Runs a generator to its end, and returns what it returns. */
  function finished(work) {
    let state;
    do state = work.next(); while (!state.done);
    return state.value;
  }

  Object.assign(lab, { finished, whole, real, oneOf, settings, numbers });
})(globalThis.Laboratory ??= {});
