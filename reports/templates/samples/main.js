// The page as a whole: what is chosen, what follows from it, and what keys do.
const element = Object.fromEntries(
  ["about", "count", "detail", "filters", "keys", "left", "list", "main", "report", "reset", "statuses", "theme", "trouble"]
    .concat(["flag", "language", "once", "problem", "reference", "run", "task", "filters-set", "keys-list", "keys-open"])
    .map((id) => [id, document.getElementById(id)]),
);
const narrow = matchMedia("(max-width: 52rem)");

let store = null;
let list = null;
let state = fromAddress(location.hash);
const address = new Address(() => state); // what it says is what was chosen; it can be sent to others
let shown = null; // the sample in the detail, once its texts are there
let applied = 0;
let asked = 0;
let found = { tables: [], rows: new Uint32Array(0), counts: new Map(), all: 0 }; // what the filters leave

function dress() {
  const theme = recall("hx-theme");
  const known = theme === "light" || theme === "dark";
  if (known) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
  element.theme.value = known ? theme : "auto";
  document.documentElement.lang = spoken() === "zh" ? "zh-Hans" : "en";
  document.title = say("page_title");
  sayAll();
  const entries = Object.entries(KEYS).flatMap(([keys, word]) => [make("dt", { text: keys }), make("dd", { word })]);
  element["keys-list"].replaceChildren(...entries);
}

// Everything again that is made of words.
function redress() {
  dress();
  if (store === null) return;
  fillChoices();
  fillFlags();
  showCounts();
  list.draw();
  showDetail();
}

// Says a word of the page, or a text, and what can be done.
function complain({ word, text, command, retry }) {
  const parts = [make("p", word ? { word } : { text: spellOut(text) })];
  if (command) parts.push(make("p", { class: "command" }, ...commandParts(command)), make("p", { word: "from_file_then" }));
  if (retry) parts.push(make("button", { type: "button", word: "try_again", on: { click: retry } }));
  element.trouble.replaceChildren(...parts);
  element.trouble.hidden = false;
}

// Runs it; what cannot be loaded is said, with a way to try again.
async function attempt(action) {
  try {
    element.trouble.hidden = true;
    return await action();
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    complain({ text: error.message, retry: () => attempt(action) });
    return undefined;
  }
}

function fillChoices() {
  const { runs, tasks, tables } = store.index;
  const { filters } = state;
  const some = (value, text) => make("option", { value, text });
  const everyRun = some("*", say("all_runs", { count: runs.length }));
  const chosenRun = runs.some((run) => run.id === filters.run) || filters.run === "*" ? filters.run : runs[0]?.id;
  fill(element.run, [...runs.map((run) => some(run.id, spell(run.id))), ...(runs.length > 1 ? [everyRun] : [])], chosenRun);
  const run = runs.findIndex((each) => each.id === chosenRun);
  const there = new Set(tables.filter((each) => run < 0 || each.run === run).map((each) => each.task));
  const named = tasks.filter((_, place) => there.has(place)).map((task) => some(task.name, spell(task.title)));
  fill(element.task, [some("", say("all_tasks", { count: named.length })), ...named], filters.task);
  const verdicts = ["passed", "failed"].map((name) => some(name, say(name)));
  fill(element.reference, [some("", say("any")), ...verdicts, some("differs", say("differs"))], filters.reference);
  element.run.closest("label").hidden = runs.length < 2;
  element.task.closest("label").hidden = named.length < 2;
  element.about.textContent = runs.length === 1 ? [runs[0].id, runs[0].model].filter(Boolean).map(spell).join(" · ") : "";
  element.problem.value = filters.problem;
  element.once.checked = filters.once !== "";
}

function fill(select, options, value) {
  select.replaceChildren(...options);
  select.value = value;
  if (select.selectedIndex < 0) select.selectedIndex = 0;
}

// The list that the filters leave; tables that are not there yet are loaded first.
async function apply() {
  const mine = ++applied;
  const places = tablesOf(store, state.filters);
  const missing = places.some((place) => store.tables[place] === undefined);
  if (missing) element.count.textContent = say("loading");
  const tables = await store.load(places);
  if (mine !== applied) return;
  found = { tables, ...rowsOf(tables, state.filters) };
  fillFlags();
  showCounts();
  showRows();
}

function fillFlags() {
  const flags = [...new Set(found.tables.flatMap((table) => table.kinds.flatMap((kind) => kind.flags)))].sort();
  const options = [["", say("any")], ["*", say("any_flag")], ...flags.map((flag) => [flag, spell(flag)])];
  fill(element.flag, options.map(([value, text]) => make("option", { value, text })), state.filters.flag);
  element.flag.closest("label").hidden = flags.length === 0;
}

function showRows() {
  list.show(found.rows, shown === null ? null : shown.table.base + shown.row);
}

function showCounts() {
  const { rows, counts, all } = found;
  const chosen = new Set(state.filters.status.split(",").filter(Boolean));
  const order = [...store.index.statuses, "not_judged"];
  // What no sample is, is no choice; what was chosen can be taken back.
  const there = [...new Set([...counts.keys(), ...chosen])].filter((each) => counts.get(each) > 0 || chosen.has(each));
  there.sort((one, other) => place(order, one) - place(order, other));
  element.statuses.replaceChildren(
    ...there.map((status) =>
      make(
        "button",
        { type: "button", "aria-pressed": String(chosen.has(status)), on: { click: () => toggle(status) } },
        statusMark(status),
        document.createTextNode(sayName(status)),
        make("span", { class: "count", text: amount(counts.get(status) ?? 0) }),
      ),
    ),
  );
  element.count.textContent =
    rows.length === 0 ? say("nothing") : say("count", { shown: amount(rows.length), all: amount(all) });
  const set = Object.entries(state.filters).filter(([name, value]) => value !== "" && name !== "run").length;
  element.reset.hidden = set === 0;
  element["filters-set"].hidden = set === 0;
  element["filters-set"].textContent = set;
}

function place(order, status) {
  const position = order.indexOf(status);
  return position < 0 ? order.length : position;
}

function toggle(status) {
  const chosen = new Set(state.filters.status.split(",").filter(Boolean));
  if (!chosen.delete(status)) chosen.add(status);
  choose({ status: [...chosen].join(",") }).then(() => {
    const buttons = [...element.statuses.children];
    buttons.find((button) => button.textContent.startsWith(sayName(status)))?.focus();
  });
}

function choose(changes) {
  Object.assign(state.filters, changes);
  // A language or a flag that the chosen run does not have would leave nothing.
  if ("run" in changes) Object.assign(state.filters, { task: "", flag: "" });
  address.change();
  if ("run" in changes) fillChoices();
  return attempt(apply);
}

// The content of a row of the list.
function rowOf(id) {
  const { table, row } = store.at(id);
  const kind = table.kinds[table.kind[row]];
  const { runs, tasks } = store.index;
  const small = [say("tokens_of", { count: amount(table.tokens[row]) })];
  if (kind.reference !== null) small.push(say("seconds", { number: (table.cpuMs[row] / 1000).toFixed(2) }));
  if (kind.reason !== "") small.push(`${say("reference")}: ${say(kind.reference ? "passed" : "failed")}`);
  small.push(...kind.flags.map(spell));
  if (state.filters.run === "*") small.push(spell(runs[table.run].id));
  if (tasks[table.task].source !== "") small.unshift(spell(tasks[table.task].title));
  return [
    statusMark(kind.status),
    make("span", { class: "name", text: `${spell(table.problem(row).task_id)} · ${table.number(row)}` }),
    make("span", { class: "status", text: sayName(kind.status) }),
    make("span", { class: "small", text: small.join(" · ") }),
  ];
}

// A row was chosen in the list. On a phone that opens a page of its own, from which `back` leads to the list.
function chooseRow(id) {
  const { table, row } = store.at(id);
  const opens = state.sample === "" && narrow.matches;
  if (opens) address.settle();
  state.sample = nameOf(store, table, row);
  if (opens) address.write({ opened: true });
  else address.change();
  return attempt(() => open(table, row));
}

async function open(table, row) {
  const mine = ++asked;
  element.detail.setAttribute("aria-busy", "true");
  try {
    const content = await store.sample(table, row);
    if (mine !== asked) return;
    shown = { ...content, index: store.index, table, row };
    element.detail.scrollTop = 0;
    showDetail();
  } finally {
    if (mine === asked) element.detail.removeAttribute("aria-busy");
  }
}

function showDetail() {
  const reading = state.sample !== "";
  const turned = narrow.matches && document.body.classList.contains("reading") !== reading;
  document.body.classList.toggle("reading", reading);
  // List and sample take turns on a phone: what had the focus is not there any more.
  if (turned) (reading ? element.detail : element.list).focus({ preventScroll: true });
  if (shown === null) return;
  const focused = element.detail.contains(document.activeElement) ? document.activeElement.id : null;
  const acts = { step, back, chooseView };
  element.detail.replaceChildren(...detailOf(shown, state.view, acts));
  if (focused !== null) (document.getElementById(focused) ?? element.detail).focus({ preventScroll: true });
}

function chooseView(view) {
  state.view = view;
  address.change();
  const scrolled = element.detail.scrollTop;
  showDetail();
  element.detail.scrollTop = scrolled;
  if (document.activeElement.getAttribute("role") === "tab") document.getElementById(`view-${view}`)?.focus();
}

function step(way) {
  list.go(list.place < 0 ? 0 : list.place + way);
}

// To the first sample of the next problem, or of the one before.
function stepProblem(way) {
  const problem = (place) => {
    const { table, row } = store.at(list.rows[place]);
    return table.position * 65536 + table.problemOf[row];
  };
  let at = Math.max(list.place, 0);
  if (list.rows.length === 0) return;
  const here = problem(at);
  while (at >= 0 && at < list.rows.length && problem(at) === here) at += way;
  if (at < 0 || at >= list.rows.length) return;
  const there = problem(at);
  while (at > 0 && problem(at - 1) === there) at--;
  list.go(at);
}

function back() {
  address.settle();
  state.sample = "";
  showDetail();
  if (history.state?.opened) history.back();
  else address.change();
}

// What the address says, from scratch.
async function follow() {
  address.settle();
  state = fromAddress(location.hash);
  fillChoices();
  await apply();
  if (state.sample === "") {
    showDetail();
    return;
  }
  const named = await find(store, state.sample);
  if (named === null) throw new Trouble(say("no_such_sample", { name: spell(state.sample) }));
  await open(named.table, named.row);
  showRows();
}

function listen() {
  document.addEventListener("keydown", press);
  addEventListener("popstate", () => {
    address.forget(); // what waits belongs to the place that was left
    attempt(follow);
  });
  for (const name of ["run", "task", "reference", "flag"]) {
    element[name].addEventListener("change", () => choose({ [name]: element[name].value }));
  }
  element.problem.addEventListener("input", () => choose({ problem: element.problem.value.trim() }));
  element.once.addEventListener("change", () => choose({ once: element.once.checked ? "1" : "" }));
  element.reset.addEventListener("click", () => {
    state.filters = { ...NO_CHOICE, run: state.filters.run };
    address.change();
    fillChoices();
    attempt(apply);
    element.list.focus();
  });
}

function listenToLooks() {
  element.theme.addEventListener("change", () => {
    keep("hx-theme", element.theme.value);
    dress();
  });
  element.language.addEventListener("click", () => {
    keep("hx-language", spoken() === "zh" ? "en" : "zh");
    redress();
  });
  element["keys-open"].addEventListener("click", () => element.keys.showModal());
  // The report's page, or another one of these, may change what is chosen.
  addEventListener("storage", redress);
}

async function start() {
  dress();
  listenToLooks();
  if (location.protocol === "file:") {
    complain({ word: "from_file", command: `humaneval-x browse ${quotedFolder(location.pathname)}` });
    return;
  }
  if (globalThis.DecompressionStream === undefined) {
    complain({ word: "old_browser" });
    return;
  }
  await attempt(async () => {
    store ??= await Store.open();
    element.main.hidden = false;
    element.report.hidden = !store.index.report;
    element.filters.open = !narrow.matches;
    if (list === null) {
      list = new List(element.list, rowOf, chooseRow);
      listen();
    }
    await follow();
    if (!narrow.matches) element.list.focus({ preventScroll: true });
  });
  document.documentElement.dataset.ready = "yes";
}

start();
