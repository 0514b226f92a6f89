// One sample: what it was judged as, what the program said, and the texts, of which one is in view.
const VIEWS = ["completion", "difference", "program", "prompt", "solution", "response"];

// The element of a sample. `shown` has table, row, index and what `Store.sample` gives; `view` is the wanted one.
function detailOf(shown, view, { step, back, chooseView }) {
  const kind = shown.table.kinds[shown.table.kind[shown.row]];
  const title = `${spell(shown.task_id)} · ${say("sample", { number: shown.sample.number })}`;
  return [
    make(
      "div",
      { class: "head" },
      make("button", { type: "button", class: "back", word: "back", on: { click: back } }),
      make("h2", {}, statusMark(kind.status), document.createTextNode(title)),
      make("span", { class: "badge", text: sayName(kind.status) }),
      make(
        "span",
        { class: "steps" },
        stepButton("previous", "↑", () => step(-1)),
        stepButton("next", "↓", () => step(1)),
      ),
    ),
    facts(shown, kind),
    ...remarks(shown, kind),
    output(shown, kind),
    views(shown, view, chooseView),
  ];
}

// Its id lets it keep the focus when the next sample is shown.
function stepButton(id, text, click) {
  return make("button", { type: "button", id, text, "aria-label": say(id), on: { click } });
}

function statusMark(status) {
  // The class is one of ours, whatever a journal says.
  const known = Object.hasOwn(WORDS, status) ? status : "other";
  return make("span", { class: `mark status-${known}`, "aria-hidden": "true" });
}

function facts({ index, table, sample }, kind) {
  const verdict = sample.verdict;
  const rows = [["status", sayName(kind.status)]];
  if (verdict !== null) {
    rows.push(["reference", say(kind.reference ? "passed" : "failed")]);
    rows.push(["flags", kind.flags.map(spell).join(", ") || say("none")]);
  }
  rows.push(["tokens", amount(sample.tokens)], ["finish", spell(sample.finish)]);
  if (verdict !== null) {
    rows.push(["cpu", say("seconds", { number: verdict.cpu_s.toFixed(2) })]);
    rows.push(["wall", say("seconds", { number: verdict.wall_s.toFixed(2) })]);
    rows.push(["memory", say("megabytes", { number: verdict.peak_mb.toFixed(0) })]);
    if (kind.repeat) rows.push(["same_as", say("same_as_of", { number: sample.same_as })]);
  }
  rows.push(["run", spell(index.runs[table.run].id)], ["task", spell(index.tasks[table.task].title)]);
  rows.push(["model", spell(index.runs[table.run].model)], ["seed", sample.seed]);
  if (verdict !== null) rows.push(["sha256", spell(verdict.sha256)]);
  const cells = rows.map(([name, text]) => make("div", { class: name }, make("dt", { word: name }), make("dd", { text })));
  return make("dl", { class: "facts" }, ...cells);
}

function remarks(shown, kind) {
  const found = [];
  if (shown.sample.changed) found.push(say("changed"));
  if (shown.sample.verdict === null) found.push(say("not_judged_yet"));
  if (kind.reason !== "") found.push(`${say("why")}: ${sayName(kind.reason)}`);
  return found.map((text) => make("p", { class: "notice", text }));
}

function output({ texts, sample, table, index, task_id }, kind) {
  const text = sample.verdict === null ? "" : texts[sample.verdict.detail];
  const parts = [];
  if (text !== "") {
    const block = textBlock(text);
    block.tabIndex = 0; // it scrolls by itself
    parts.push(make("h3", { word: "output" }), block);
  }
  if (text === "" && sample.verdict !== null) {
    const silent = kind.status === "passed" && kind.reference;
    parts.push(make("p", { class: "quiet", word: silent ? "no_output" : "empty_output" }));
  }
  const task = index.tasks[table.task];
  const from = task.source === "" ? "" : ` --from ${task.source}`;
  const run = quoted(index.runs[table.run].path);
  const command = `humaneval-x show ${run} ${task_id} ${sample.number}${from}${index.options}`;
  const said = make("span", { class: "quiet", word: "command" });
  return make("section", { class: "output" }, ...parts, make("p", { class: "command" }, said, ...commandParts(command)));
}

// A command with its odd characters spelled, on one line, and a button that copies it as it is.
function commandParts(command) {
  const code = make("code");
  addSpans(code, command.replaceAll("\n", "\u2028"), "");
  return [code, copyButton(command)];
}

// For a shell of the POSIX kind.
function quoted(path) {
  return /^[\w./+:@%=-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}

// The folder of the file at that path of an address, for a shell. A name that is not UTF-8 is no text, so its bytes are
// written as numbers, which the common shells understand.
function quotedFolder(path) {
  const folder = path.replace(/\/[^/]*$/, "") || "/";
  try {
    return quoted(decodeURIComponent(folder));
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
    return `$'${folder.replaceAll("'", "\\'").replace(/%(..)/g, "\\x$1")}'`;
  }
}

function views(shown, wanted, chooseView) {
  const there = VIEWS.filter((name) => name !== "response" || shown.texts[shown.sample.response] !== "");
  const current = there.includes(wanted) ? wanted : there[0];
  const panel = make("div", { id: "view", role: "tabpanel", "aria-labelledby": `view-${current}` });
  panel.append(...VIEW_OF[current](shown));
  const tabs = there.map((name) =>
    make("button", {
      type: "button",
      role: "tab",
      id: `view-${name}`,
      "aria-selected": String(name === current),
      "aria-controls": "view",
      tabindex: name === current ? "0" : "-1",
      word: `view_${name}`,
      on: { click: () => chooseView(name) },
    }),
  );
  const bar = make("div", { role: "tablist", "aria-label": say("views") }, ...tabs);
  bar.addEventListener("keydown", (event) => {
    const way = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (way === undefined) return;
    event.preventDefault();
    chooseView(there.at((there.indexOf(current) + way) % there.length));
  });
  return make("section", { class: "views" }, bar, panel);
}

// What stands over a view: what it is, further words and buttons, and a button that copies it.
function above(name, text, ...more) {
  const said = make("span", { class: "said" }, make("span", { word: name }));
  if (text.length > COLOURED_CHARACTERS) said.append(" ", make("span", { word: "not_coloured" }));
  said.append(...more.flatMap((each) => [" ", each]));
  return make("p", { class: "about" }, said, copyButton(text));
}

function copyButton(text) {
  const copy = async () => {
    // A lone surrogate is no text that a clipboard could hold.
    await navigator.clipboard.writeText(text.toWellFormed());
    button.textContent = say("copied");
  };
  // A page that came neither over TLS nor from this machine has no clipboard.
  const hidden = navigator.clipboard === undefined;
  const button = make("button", { type: "button", class: "copy", word: "copy", hidden, on: { click: copy } });
  return button;
}

const VIEW_OF = { completion, difference: differenceView, program, prompt, solution, response };

function languageOf({ index, table }) {
  return index.tasks[table.task].language;
}

function completion(shown) {
  const { texts, sample } = shown;
  const [kept, rest, added, preamble] = ["kept", "rest", "added", "preamble"].map((name) => texts[sample[name]]);
  const language = languageOf(shown);
  const parts = [above(sample.whole ? "about_completion_whole" : "about_completion", kept + rest)];
  if (preamble !== "") {
    parts.push(make("h3", { word: "put_before" }), textBlock(preamble, { tokens: tokensOf(preamble, language) }));
  }
  parts.push(textBlock(kept, { tokens: tokensOf(kept, language) }));
  if (added !== "") parts.push(make("h3", { word: "added_by" }), textBlock(added));
  if (rest !== "") {
    const block = textBlock(rest);
    block.classList.add("cut");
    parts.push(make("h3", { class: "cut-here", text: say("cut_off", { count: amount(rest.length) }) }), block);
  }
  return parts;
}

function differenceView(shown) {
  const { texts, sample, solution } = shown;
  const found = difference(solution, texts[sample.kept] + texts[sample.added]);
  const text = (found ?? []).map((each) => each.join("")).join("\n");
  if (found === null) return [above("about_difference", text), make("p", { class: "quiet", word: "too_different" })];
  const none = found.every(([sign]) => sign === " ") ? [make("strong", { word: "no_difference" })] : [];
  const signs = { "-": "out", "+": "in" };
  const block = textBlock(text, { lineClass: (place) => signs[text[place]] ?? "" });
  return [above("about_difference", text, ...none), block];
}

function program(shown) {
  const { texts, sample } = shown;
  const [before, kept, added, after] = ["before", "kept", "added", "after"].map((name) => texts[sample[name]]);
  const own = before.length;
  const end = own + kept.length + added.length;
  const text = before + kept + added + after;
  // A line is the model's if it has at least one of its characters.
  const first = before.endsWith("\n") ? own : before.lastIndexOf("\n") + 1;
  const lineClass = (place) => (place >= first && place < end ? "own" : "");
  const tokens = tokensOf(text, languageOf(shown));
  const block = textBlock(text, { tokens, numbered: true, lineClass });
  const show = () => block.querySelector(".own")?.scrollIntoView({ block: "center" });
  const jump = make("button", { type: "button", class: "copy", word: "to_own", on: { click: show } });
  return [above("about_program", text, jump), block];
}

function prompt(shown) {
  return [above("about_prompt", shown.prompt), textBlock(shown.prompt, { tokens: tokensOf(shown.prompt, languageOf(shown)) })];
}

function solution(shown) {
  const tokens = tokensOf(shown.solution, languageOf(shown));
  return [above("about_solution", shown.solution), textBlock(shown.solution, { tokens })];
}

function response({ texts, sample }) {
  const text = texts[sample.response];
  return [above("about_response", text), textBlock(text)];
}
