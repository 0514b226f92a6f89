// A list of any length: only the rows in sight are elements. Browsers end a page at some 16 million pixels, so a list
// that would be longer is scrolled through in larger steps.
const ROW_PIXELS = 52;
const MOST_PIXELS = 8_000_000;

class List {
  // `fill` makes the content of the element of a row, given its place in `rows`; `choose` is told of a chosen row.
  constructor(root, fill, choose) {
    this.root = root;
    this.fill = fill;
    this.choose = choose;
    this.rows = new Uint32Array(0);
    this.place = -1;
    this.pool = [];
    this.space = root.appendChild(make("div", { class: "space", role: "presentation" }));
    root.addEventListener("scroll", () => this.draw(), { passive: true });
    new ResizeObserver(() => this.draw()).observe(root);
  }

  get full() {
    return this.rows.length * ROW_PIXELS;
  }

  get height() {
    return Math.min(this.full, MOST_PIXELS);
  }

  // How far the list is scrolled, as if it had its full height.
  get top() {
    const far = this.height - this.root.clientHeight;
    return far <= 0 ? 0 : (this.root.scrollTop * (this.full - this.root.clientHeight)) / far;
  }

  set top(pixels) {
    const far = this.full - this.root.clientHeight;
    this.root.scrollTop = far <= 0 ? 0 : (pixels * (this.height - this.root.clientHeight)) / far;
  }

  // Shows these rows; the chosen one, if it is among them, stays the chosen one.
  show(rows, chosen) {
    this.rows = rows;
    this.place = chosen === null ? -1 : rows.indexOf(chosen);
    this.space.style.height = `${this.height}px`;
    this.top = 0;
    if (this.place >= 0) this.reveal();
    this.draw();
  }

  go(place) {
    if (this.rows.length === 0) return;
    this.place = Math.max(0, Math.min(place, this.rows.length - 1));
    this.reveal();
    this.draw();
    this.choose(this.rows[this.place]);
  }

  reveal() {
    const begin = this.place * ROW_PIXELS;
    if (begin < this.top) this.top = begin;
    const last = begin + ROW_PIXELS - this.root.clientHeight;
    if (last > this.top) this.top = last;
  }

  get pageful() {
    return Math.max(1, Math.floor(this.root.clientHeight / ROW_PIXELS) - 1);
  }

  draw() {
    const top = this.top;
    const first = Math.max(0, Math.floor(top / ROW_PIXELS) - 3);
    const last = Math.min(this.rows.length, Math.ceil((top + this.root.clientHeight) / ROW_PIXELS) + 3);
    // A row that is in sight keeps its element: what is touched or spoken stays the same.
    const free = this.pool.filter((element) => element.place < first || element.place >= last);
    const drawn = new Map(this.pool.filter((element) => !free.includes(element)).map((each) => [each.place, each]));
    for (let place = first; place < last; place++) {
      const element = drawn.get(place) ?? free.pop() ?? this.newElement();
      this.drawOne(element, place, this.root.scrollTop + place * ROW_PIXELS - top);
    }
    for (const element of free) {
      element.remove();
      this.pool.splice(this.pool.indexOf(element), 1);
    }
    const current = this.pool.find((element) => element.place === this.place);
    if (current) this.root.setAttribute("aria-activedescendant", current.id);
    else this.root.removeAttribute("aria-activedescendant");
  }

  newElement() {
    const element = make("div", { role: "option", on: { click: () => this.go(element.place) } });
    this.pool.push(element);
    this.space.append(element);
    return element;
  }

  drawOne(element, place, pixels) {
    const id = this.rows[place];
    if (element.place !== place || element.row !== id || element.spoken !== spoken()) {
      Object.assign(element, { place, row: id, spoken: spoken() });
      element.id = `row-${place}`;
      element.setAttribute("aria-setsize", this.rows.length);
      element.setAttribute("aria-posinset", place + 1);
      element.replaceChildren(...this.fill(id));
    }
    element.setAttribute("aria-selected", place === this.place);
    element.style.transform = `translateY(${pixels}px)`;
  }
}
