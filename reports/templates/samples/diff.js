// Which lines were taken out and put in: the shortest such list, by the greedy search of Myers (1986).
const DIFF_LINES = 20_000;
const DIFF_EDITS = 1500;

// A list of [" " | "-" | "+", line]; null if the texts are too long or too different to be compared in reasonable time.
function difference(before, after) {
  const one = linesOf(before);
  const other = linesOf(after);
  if (one.length + other.length > DIFF_LINES) return null;
  let start = 0;
  while (start < one.length && start < other.length && one[start] === other[start]) start++;
  let left = one.length;
  let right = other.length;
  while (left > start && right > start && one[left - 1] === other[right - 1]) {
    left--;
    right--;
  }
  const middle = edits(one.slice(start, left), other.slice(start, right));
  if (middle === null) return null;
  const same = (line) => [" ", line];
  return [...one.slice(0, start).map(same), ...middle, ...one.slice(left).map(same)];
}

// Newlines at the end are no lines: truncation leaves them or not.
function linesOf(text) {
  return text === "" ? [] : text.replace(/\n+$/, "").split("\n");
}

function edits(one, other) {
  const trail = furthest(one, other);
  if (trail === null) return null;
  const found = [];
  let x = one.length;
  let y = other.length;
  for (let count = trail.length - 1; count >= 0; count--) {
    // Of a step's diagonals only every second one is reached: the array of step `count` has -count at 0.
    const at = (diagonal) => trail[count][diagonal + count + 1];
    const diagonal = x - y;
    const down = diagonal === -count || (diagonal !== count && at(diagonal - 1) < at(diagonal + 1));
    const from = down ? diagonal + 1 : diagonal - 1;
    const fromX = count === 0 ? 0 : at(from);
    const fromY = count === 0 ? 0 : fromX - from;
    while (x > fromX && y > fromY && one[x - 1] === other[y - 1]) {
      found.push([" ", one[--x]]);
      y--;
    }
    if (count > 0) found.push(down ? ["+", other[--y]] : ["-", one[--x]]);
  }
  return found.reverse();
}

// For each number of edits how far each diagonal was before its last one; null if there are too many.
function furthest(one, other) {
  const trail = [];
  const most = Math.min(one.length + other.length, DIFF_EDITS);
  let reached = new Int32Array(3);
  for (let count = 0; count <= most; count++) {
    trail.push(reached);
    const next = new Int32Array(2 * count + 5);
    for (let diagonal = -count; diagonal <= count; diagonal += 2) {
      const at = (each) => reached[each + count + 1];
      const down = diagonal === -count || (diagonal !== count && at(diagonal - 1) < at(diagonal + 1));
      let x = count === 0 ? 0 : down ? at(diagonal + 1) : at(diagonal - 1) + 1;
      while (x < one.length && x - diagonal < other.length && one[x] === other[x - diagonal]) x++;
      next[diagonal + count + 2] = x;
      if (x >= one.length && x - diagonal >= other.length) return trail;
    }
    reached = next;
  }
  return null;
}
