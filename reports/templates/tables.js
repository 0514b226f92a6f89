// Tables that a click or key on a heading sorts: up, down, and back to the order that the report came in.

(() => {
  // Rows that belong together: blocks, where the table has such, else each by itself.
  function blocksOf(table) {
    const blocks = [];
    for (const row of table.tBodies[0].rows) {
      if (!blocks.length || !table.hasAttribute("data-blocks") || row.classList.contains("first")) blocks.push([]);
      blocks.at(-1).push(row);
    }
    return blocks;
  }

  function keyOf(block, column) {
    const cell = block[0].cells[column];
    if (cell.classList.contains("number")) return "value" in cell.dataset ? Number(cell.dataset.value) : null;
    return cell.textContent.trim() || null;
  }

  function compare(one, other) {
    if (typeof one === "number" && typeof other === "number") return one - other;
    return String(one).localeCompare(String(other), document.documentElement.lang, { numeric: true });
  }

  // What has no value stands last in either direction.
  function sorted(blocks, column, direction) {
    const keyed = blocks.map((block) => ({ block, key: keyOf(block, column) }));
    keyed.sort((one, other) => {
      if (one.key === null || other.key === null) return (one.key === null) - (other.key === null);
      return direction * compare(one.key, other.key);
    });
    return keyed.map(({ block }) => block);
  }

  // A name that repeats the one above is not shown twice.
  function markRepeats(table) {
    let above = null;
    for (const row of table.tBodies[0].rows) {
      const name = row.cells[0];
      const again = above !== null && name.textContent === above && !row.classList.contains("published");
      name.classList.toggle("again", again);
      row.classList.toggle("first", !again);
      above = name.textContent;
    }
  }

  function prepare(table) {
    const original = blocksOf(table);
    const names = table.querySelectorAll("tbody .again").length > 0;
    const headings = [...table.tHead.rows[0].cells];

    function sort(column) {
      const heading = headings[column];
      const before = heading.getAttribute("aria-sort");
      const numbers = heading.classList.contains("number");
      const [first, second] = numbers ? ["descending", "ascending"] : ["ascending", "descending"];
      const next = before === null ? first : before === first ? second : null;
      for (const other of headings) other.removeAttribute("aria-sort");
      if (next) heading.setAttribute("aria-sort", next);
      const blocks = next ? sorted(original, column, next === "ascending" ? 1 : -1) : original;
      table.tBodies[0].append(...blocks.flat());
      if (names && !table.hasAttribute("data-blocks")) markRepeats(table);
    }

    headings.forEach((heading, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...heading.childNodes);
      button.addEventListener("click", () => sort(column));
      heading.append(button);
    });
  }

  for (const table of document.querySelectorAll("table")) if (table.tBodies[0].rows.length > 1) prepare(table);
})();
