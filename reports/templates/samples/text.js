// Foreign text, shown so that it deceives nobody: characters that cannot be seen or that turn a line around are spelled
// out as `humaneval-x show` spells them, lines and their number are capped until all is asked for.
const LINE_CHARACTERS = 2000;
const LINES_AT_ONCE = 1000;
const COLOURED_CHARACTERS = 200_000;

// Control, format (bidi controls, zero-width), surrogate, private, unassigned; line and paragraph separators.
const ODD = /(?:(?![\n\t])[\p{C}\p{Zl}\p{Zp}])+/gu;

function spellOne(character) {
  const code = character.codePointAt(0);
  const digits = code.toString(16);
  if (code < 0x100) return `\\x${digits.padStart(2, "0")}`;
  return code < 0x10000 ? `\\u${digits.padStart(4, "0")}` : `\\U${digits.padStart(8, "0")}`;
}

// A text on one line, with its odd characters spelled.
function spellOut(text) {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, spellOne);
}

// The same for a name, in a few characters.
function spell(name) {
  return spellOut(name.length > 160 ? `${name.slice(0, 159)}…` : name);
}

// The odd characters of one run: each spelled, repetitions counted, and of a long run the beginning.
function spellRun(run) {
  const parts = [];
  for (const [part] of run.matchAll(/(.)\1*/gsu)) {
    if (parts.length === 20) {
      parts.push("…");
      break;
    }
    const character = String.fromCodePoint(part.codePointAt(0));
    const count = part.length / character.length;
    parts.push(count > 3 ? say("repeated", { text: spellOne(character), count }) : spellOne(character).repeat(count));
  }
  return parts.join("");
}

// `text` as spans of one class each; of its odd characters each run is a span of its own.
function addSpans(parent, text, className) {
  let done = 0;
  const add = (part, extra) => {
    if (part === "") return;
    const name = [className, extra].filter(Boolean).join(" ");
    parent.append(name ? make("span", { class: name, text: part }) : document.createTextNode(part));
  };
  for (const found of text.matchAll(ODD)) {
    add(text.slice(done, found.index));
    add(spellRun(found[0]), "odd");
    done = found.index + found[0].length;
  }
  add(text.slice(done));
}

// A block of lines. `tokens` is a list of [end, class] that follow each other over the text; `lineClass` says what class
// a line has that begins at a place. Line numbers are drawn by the style, so that a selection has none.
function textBlock(text, { tokens = [], numbered = false, lineClass = () => "" } = {}) {
  const block = make("div", { class: numbered ? "text numbered" : "text" });
  if (text === "") {
    block.append(make("span", { class: "quiet", word: "empty" }));
    return block;
  }
  const starts = lineStarts(text);
  let shown = 0;
  const showMore = () => {
    const last = Math.min(shown + LINES_AT_ONCE, starts.length);
    const lines = document.createDocumentFragment();
    for (; shown < last; shown++) {
      const end = shown + 1 < starts.length ? starts[shown + 1] - 1 : text.length;
      lines.append(oneLine({ text, from: starts[shown], to: end, tokens }, lineClass(starts[shown])));
    }
    more.before(lines);
    const left = starts.length - shown;
    more.hidden = left === 0;
    more.textContent = say("more_lines", { count: amount(Math.min(left, LINES_AT_ONCE)), all: amount(starts.length) });
  };
  const more = make("button", { type: "button", class: "more", on: { click: showMore } });
  block.append(more);
  showMore();
  return block;
}

function lineStarts(text) {
  const starts = [0];
  // A newline at the end ends the last line; it begins none.
  for (let place = text.indexOf("\n"); place >= 0 && place + 1 < text.length; place = text.indexOf("\n", place + 1)) {
    starts.push(place + 1);
  }
  return starts;
}

function oneLine(line, className) {
  const end = line.text.endsWith("\n") && line.to === line.text.length ? line.to - 1 : line.to;
  const element = make("div", { class: ["line", className].filter(Boolean).join(" ") });
  const cut = wholeCharacters(line.text, Math.min(end, line.from + LINE_CHARACTERS));
  addPart(element, line, line.from, cut);
  if (cut < end) {
    const showAll = () => {
      more.remove();
      addPart(element, line, cut, end);
    };
    const label = say("more_characters", { count: amount(end - cut) });
    const more = make("button", { type: "button", class: "more", text: label, on: { click: showAll } });
    element.append(more);
  }
  // A line without anything has the height of one, and counts in a selection.
  if (element.childNodes.length === 0) element.append(document.createElement("br"));
  return element;
}

// A pair of surrogates is one character and is not cut in two.
function wholeCharacters(text, place) {
  const before = text.charCodeAt(place - 1);
  return place < text.length && before >= 0xd800 && before < 0xdc00 ? place - 1 : place;
}

// Appends the text between two places, a token in a span.
function addPart(element, { text, tokens }, from, to) {
  let token = firstAfter(tokens, from);
  for (let place = from; place < to; token++) {
    const end = Math.min(to, tokens[token]?.[0] ?? to);
    addSpans(element, text.slice(place, end), tokens[token]?.[1]);
    place = end;
  }
}

// The first of the list that ends after the place.
function firstAfter(list, place) {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle][0] <= place) low = middle + 1;
    else high = middle;
  }
  return low;
}
