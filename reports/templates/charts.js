// Charts, drawn by Vega when they come near the window, and again when language or theme change.

(() => {
  const config = JSON.parse(document.getElementById("chart-config").textContent);
  const tip = document.getElementById("tip");
  const plots = new Map();

  // Vega is a long script: it is read when the first chart is near. Its text is one that the page's policy names.
  function loadVega() {
    if (!window.vegaEmbed) {
      const script = document.createElement("script");
      script.textContent = document.getElementById("vega").textContent;
      document.head.append(script);
    }
    return window.vegaEmbed;
  }

  // Where a specification holds data and names, which are no colours even if a model is called `var:ink`.
  const FOREIGN = new Set(["values", "datasets", "domain", "sort", "text"]);

  function coloured(value) {
    if (Array.isArray(value)) return value.map(coloured);
    if (value && typeof value === "object") {
      return Object.fromEntries(
        Object.entries(value).map(([name, inner]) => [name, FOREIGN.has(name) ? inner : coloured(inner)]),
      );
    }
    return typeof value === "string" && value.startsWith("var:") ? settings.colour(value.slice(4)) : value;
  }

  // The page has its own legends. Titles are words of the page everywhere; what stands in data and their order only in the fields that are `ours`.
  function translated(value, ours) {
    if (Array.isArray(value)) return value.map((inner) => translated(inner, ours));
    if (!value || typeof value !== "object") return value;
    const copy = {};
    for (const [name, inner] of Object.entries(value)) {
      if (name === "legend") copy[name] = null;
      else if (name === "title" && typeof inner === "string") copy[name] = settings.say(inner);
      else if (name === "values") copy[name] = inner.map((row) => translatedRow(row, ours));
      else copy[name] = translated(inner, ours);
    }
    if (ours.includes(copy.field)) {
      if (copy.scale?.domain) copy.scale.domain = copy.scale.domain.map(settings.say);
      if (Array.isArray(copy.sort)) copy.sort = copy.sort.map(settings.say);
    }
    return copy;
  }

  function translatedRow(row, ours) {
    if (row === null || typeof row !== "object") return row;
    return { ...row, ...Object.fromEntries(ours.map((field) => [field, settings.say(row[field])])) };
  }

  // Names and figures of the mark under the pointer, as text: whatever a model is called, it stays a name.
  function showTip(_, event, item, value) {
    tip.hidden = !value;
    if (!value) return;
    tip.replaceChildren();
    for (const [name, text] of Object.entries(value)) {
      const line = document.createElement("div");
      const label = document.createElement("span");
      const said = document.createElement("bdi");
      label.textContent = name;
      said.textContent = String(text);
      line.append(label, " ", said);
      tip.append(line);
    }
    const room = document.documentElement.clientWidth - tip.offsetWidth - 8;
    tip.style.left = `${Math.max(8, Math.min(event.clientX + 14, room))}px`;
    const below = event.clientY + 16 + tip.offsetHeight < innerHeight;
    tip.style.top = `${below ? event.clientY + 16 : event.clientY - 12 - tip.offsetHeight}px`;
  }

  async function draw(plot) {
    const { spec, ours, renderer } = plots.get(plot);
    const vegaEmbed = loadVega();
    const narrow = plot.clientWidth < 460;
    const look = coloured(config);
    look.axisY = { ...look.axisY, labelLimit: narrow ? 110 : 180 };
    const drawn = await vegaEmbed(plot, coloured(translated(spec, ours)), {
      ast: true,
      actions: false,
      defaultStyle: false,
      renderer,
      config: { ...look, background: null },
      tooltip: showTip,
    });
    const entry = plots.get(plot);
    entry.drawn?.finalize();
    entry.drawn = drawn;
    plot.dataset.drawn = "";
  }

  // One after the other, so that a page full of charts stays quick to answer.
  let queue = Promise.resolve();
  function enqueue(plot) {
    queue = queue.then(() => draw(plot)).catch((error) => {
      console.error(error);
      plot.textContent = String(error.message);
    });
  }

  const near = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) {
        if (!entry.isIntersecting) continue;
        near.unobserve(entry.target);
        enqueue(entry.target);
      }
    },
    { rootMargin: "400px 0px" },
  );

  for (const figure of document.querySelectorAll("figure.chart")) {
    const { specs, ours, renderer } = JSON.parse(figure.querySelector(".specs").textContent);
    figure.querySelectorAll(".plot").forEach((plot, position) => {
      plots.set(plot, { spec: specs[position], ours, renderer });
      near.observe(plot);
    });
  }

  settings.onChange(() => {
    for (const [plot, entry] of plots) if (entry.drawn) enqueue(plot);
  });
  addEventListener("scroll", () => (tip.hidden = true), { passive: true });
})();
