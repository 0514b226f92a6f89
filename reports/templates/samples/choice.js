// Which samples are shown: the filters, the rows that they leave, and both in the page's address.
const NO_CHOICE = { run: "", task: "", problem: "", status: "", reference: "", flag: "", once: "" };

// What the address says: the filters, with `status` a comma-separated list, the chosen sample and its view.
function fromAddress(hash) {
  const said = new URLSearchParams(hash.replace(/^#/, ""));
  const entries = Object.keys(NO_CHOICE).map((name) => [name, said.get(name) ?? ""]);
  return { filters: Object.fromEntries(entries), sample: said.get("sample") ?? "", view: said.get("view") ?? "" };
}

function toAddress({ filters, sample, view }) {
  const said = new URLSearchParams();
  for (const [name, value] of Object.entries({ ...filters, sample, view })) {
    if (value !== "") said.set(name, value);
  }
  return `#${said}`;
}

// The page's own place in the browser's history. Browsers refuse to change it too often (Safari: 100 times in 30 s), so
// a change is written once no other has followed it for a while.
const SETTLED_MS = 200;
const REFUSED_MS = 5000;

class Address {
  // `told` gives the state that the address is to tell.
  constructor(told) {
    this.told = told;
    this.waiting = null; // the timer of a change that is not written yet
    addEventListener("pagehide", () => this.settle());
  }

  change(wait = SETTLED_MS) {
    this.forget();
    this.waiting = setTimeout(() => this.write(), wait);
  }

  forget() {
    clearTimeout(this.waiting);
    this.waiting = null;
  }

  // Writes at once what waits; before the address is read or left.
  settle() {
    if (this.waiting !== null) this.write();
  }

  // `opened` makes it a page of its own, from which `back` leads to the one before.
  write({ opened = false } = {}) {
    this.forget();
    const address = toAddress(this.told());
    const url = address === "#" ? location.pathname + location.search : address;
    try {
      if (opened) history.pushState({ opened }, "", url);
      else history.replaceState(history.state, "", url);
    } catch (error) {
      if (error.name !== "SecurityError") throw error;
      this.change(REFUSED_MS);
    }
  }
}

// A sample's name in the address: run, task, task id, number.
function nameOf(store, table, row) {
  const { runs, tasks } = store.index;
  return [runs[table.run].id, tasks[table.task].name, table.problem(row).task_id, table.number(row)].join(" ");
}

// The sample of that name, null where there is none; its table is loaded.
async function find(store, name) {
  const found = /^(.*) (\S+) (\S+) (\d+)$/su.exec(name);
  if (found === null) return null;
  const [, run, task, taskId, number] = found;
  const runs = store.index.runs.findIndex((each) => each.id === run);
  const tasks = store.index.tasks.findIndex((each) => each.name === task);
  const [place] = runs < 0 || tasks < 0 ? [] : store.chosen(runs, tasks);
  if (place === undefined) return null;
  const [table] = await store.load([place]);
  const row = table.find(taskId, Number(number));
  return row < 0 ? null : { table, row };
}

// The places of the tables that the filters leave. Without a word on runs it is the first one's.
function tablesOf(store, filters) {
  const { runs, tasks } = store.index;
  const run = runs.findIndex((each) => each.id === filters.run);
  const task = tasks.findIndex((each) => each.name === filters.task);
  return store.chosen(filters.run === "*" ? null : Math.max(run, 0), task < 0 ? null : task);
}

// The numbers of the rows that the filters leave, and of each status how many they would leave if it were chosen.
function rowsOf(tables, filters) {
  const statuses = filters.status === "" ? null : new Set(filters.status.split(","));
  const counts = new Map();
  const rows = new Uint32Array(tables.reduce((sum, table) => sum + table.size, 0));
  let count = 0;
  for (const table of tables) {
    const problems = table.problems.map((problem) => isOfProblem(problem.task_id, filters.problem));
    const kinds = table.kinds.map((kind) => isOfKind(kind, filters));
    const listed = table.kinds.map((kind) => statuses === null || statuses.has(kind.status));
    const seen = new Uint32Array(table.kinds.length);
    for (let row = 0; row < table.size; row++) {
      const kind = table.kind[row];
      if (!kinds[kind] || !problems[table.problemOf[row]]) continue;
      seen[kind]++;
      if (listed[kind]) rows[count++] = table.base + row;
    }
    table.kinds.forEach(({ status }, kind) => counts.set(status, (counts.get(status) ?? 0) + seen[kind]));
  }
  return { rows: rows.subarray(0, count), counts, all: rows.length };
}

// `12` is that number, `cpp/12` that task id, anything else a part of it.
function isOfProblem(taskId, wanted) {
  const word = wanted.trim().toLowerCase();
  const id = taskId.toLowerCase();
  if (/^\d+$/.test(word)) return id.endsWith(`/${Number(word)}`);
  return /\/\d+$/.test(word) ? id === word : id.includes(word);
}

function isOfKind(kind, { reference, flag, once }) {
  if (once !== "" && kind.repeat) return false;
  if (flag === "*" ? kind.flags.length === 0 : flag !== "" && !kind.flags.includes(flag)) return false;
  if (reference === "differs") return kind.reason !== "";
  return reference === "" || kind.reference === (reference === "passed");
}
