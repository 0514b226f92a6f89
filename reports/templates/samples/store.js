// The files beside the page, each loaded when it is needed.
const FORMAT = { format: "humaneval-x samples", version: 1 };
const PARTS_KEPT = 6;

class Trouble extends Error {}

async function load(name) {
  let response;
  try {
    response = await fetch(`samples/${name}`);
  } catch (error) {
    throw new Trouble(say("cannot_load", { name, reason: spell(error.message) }));
  }
  if (!response.ok) throw new Trouble(say("cannot_load", { name, reason: response.status }));
  try {
    const bytes = new Uint8Array(await response.arrayBuffer());
    // Some servers unpack on the way; what is packed says so in its first two bytes.
    if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return JSON.parse(new TextDecoder().decode(bytes));
    const unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return await new Response(unpacked).json();
  } catch (error) {
    throw new Trouble(say("cannot_load", { name, reason: spell(error.message) }));
  }
}

// A run's samples of one task. Its rows have numbers from `base` on, which no other table's have.
class Table {
  constructor(position, entry, content, base) {
    this.position = position;
    this.run = entry.run;
    this.task = entry.task;
    this.base = base;
    this.kinds = content.kinds;
    this.kind = Uint16Array.from(content.kind);
    this.tokens = content.tokens;
    this.cpuMs = content.cpu_ms;
    this.size = content.kind.length;
    this.problems = content.problems;
    this.problemOf = new Uint16Array(this.size);
    let start = 0;
    this.problems.forEach((problem, place) => {
      problem.start = start;
      this.problemOf.fill(place, start, (start += problem.rows));
    });
  }

  problem(row) {
    return this.problems[this.problemOf[row]];
  }

  number(row) {
    const problem = this.problem(row);
    return problem.numbers === null ? row - problem.start : problem.numbers[row - problem.start];
  }

  // The row of a sample, -1 where there is none.
  find(taskId, number) {
    const problem = this.problems.find((each) => each.task_id === taskId);
    if (problem === undefined) return -1;
    const place = problem.numbers === null ? number : problem.numbers.indexOf(number);
    return Number.isInteger(place) && place >= 0 && place < problem.rows ? problem.start + place : -1;
  }
}

class Store {
  constructor(index) {
    this.index = index;
    this.tables = [];
    this.rows = 0;
    this.loading = new Map();
    this.parts = new Map();
  }

  static async open() {
    const index = await load("index.json");
    if (index.format !== FORMAT.format || index.version !== FORMAT.version) throw new Trouble(say("other_format"));
    return new Store(index);
  }

  // The places of the tables of a run and a task; null means any.
  chosen(run, task) {
    const places = this.index.tables.keys();
    return [...places].filter((place) => {
      const entry = this.index.tables[place];
      return (run === null || entry.run === run) && (task === null || entry.task === task);
    });
  }

  // These tables, in their order; those that are not there yet are loaded.
  async load(places) {
    await Promise.all(places.filter((place) => this.tables[place] === undefined).map((place) => this.loadOne(place)));
    return places.map((place) => this.tables[place]);
  }

  loadOne(place) {
    if (!this.loading.has(place)) {
      const made = load(`${place}/rows.json.gz`).then((content) => {
        this.tables[place] = new Table(place, this.index.tables[place], content, this.rows);
        this.rows += this.tables[place].size;
      });
      // A failure is not kept: the next call tries again.
      this.loading.set(place, made.finally(() => this.loading.delete(place)));
    }
    return this.loading.get(place);
  }

  // The table that has the row of that number, and the row in it.
  at(id) {
    const table = this.tables.find((each) => each !== undefined && id >= each.base && id < each.base + each.size);
    return { table, row: id - table.base };
  }

  // What there is of one sample, and of its problem.
  async sample(table, row) {
    const problem = table.problem(row);
    const place = row - problem.start;
    const part = problem.parts.findLastIndex((start) => start <= place);
    const content = await this.part(`${table.position}/${table.problemOf[row]}-${part}.json.gz`);
    return { ...content, sample: content.samples[place - problem.parts[part]] };
  }

  part(name) {
    const found = this.parts.get(name) ?? load(name);
    // The one that was asked for last stands last; the first go.
    this.parts.delete(name);
    this.parts.set(name, found);
    found.catch(() => this.parts.delete(name));
    while (this.parts.size > PARTS_KEPT) this.parts.delete(this.parts.keys().next().value);
    return found;
  }
}
