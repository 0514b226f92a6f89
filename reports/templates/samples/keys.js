// What keys do: in the list, on the page, and what the dialog says of them.
const KEYS = {
  "↓ ↑, j k": "key_move",
  "PgDn PgUp": "key_page",
  "Home End": "key_ends",
  "] [": "key_problem",
  "Enter": "key_enter",
  "Esc": "key_escape",
  "/": "key_search",
  "1 – 6": "key_views",
  "?": "key_help",
};

const LIST_KEYS = {
  ArrowDown: () => step(1),
  ArrowUp: () => step(-1),
  PageDown: () => list.go(list.place + list.pageful),
  PageUp: () => list.go(list.place - list.pageful),
  Home: () => list.go(0),
  End: () => list.go(list.rows.length - 1),
  Enter: () => {
    if (state.sample === "") list.go(Math.max(list.place, 0));
    element.detail.focus();
  },
};
const PAGE_KEYS = {
  "j": () => step(1),
  "k": () => step(-1),
  "]": () => stepProblem(1),
  "[": () => stepProblem(-1),
  "/": () => {
    if (narrow.matches && state.sample !== "") back();
    element.filters.open = true;
    element.problem.focus();
    element.problem.select();
  },
  "?": () => element.keys.showModal(),
  "Escape": () => {
    if (narrow.matches && state.sample !== "") back();
    else element.list.focus();
  },
};

function press(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || element.keys.open || store === null) return;
  const inField = event.target.matches?.("input[type=search], select");
  const views = document.querySelectorAll("#detail [role=tab]");
  let act = inField ? { Escape: PAGE_KEYS.Escape }[event.key] : PAGE_KEYS[event.key];
  if (!inField && /^[1-9]$/.test(event.key)) act = () => views[event.key - 1]?.click();
  if (event.target === element.list && Object.hasOwn(LIST_KEYS, event.key)) act = LIST_KEYS[event.key];
  if (event.target === element.problem && ["ArrowDown", "Enter"].includes(event.key)) {
    act = () => {
      element.list.focus();
      list.go(Math.max(list.place, 0));
    };
  }
  if (act === undefined) return;
  event.preventDefault();
  act();
}
