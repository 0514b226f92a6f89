// What the page says, in the chosen language. An element with `data-word`, `data-label` or `data-hint` says that word,
// in that language, whenever it changes.
const WORDS = JSON.parse(document.getElementById("words").textContent);
const LANGUAGES = ["en", "zh"];

// Storage is refused where a browser keeps nothing for sites: the choice then lasts as long as the page.
const chosen = {};
function recall(key) {
  try {
    return chosen[key] ?? localStorage.getItem(key);
  } catch {
    return chosen[key] ?? null;
  }
}
function keep(key, value) {
  chosen[key] = value;
  try {
    localStorage.setItem(key, value);
  } catch {
    // It lasts as long as the page.
  }
}

function spoken() {
  const wanted = recall("hx-language");
  if (LANGUAGES.includes(wanted)) return wanted;
  return (navigator.languages?.[0] ?? "en").toLowerCase().startsWith("zh") ? "zh" : "en";
}

function say(name, values = {}) {
  // Only own words: a status may be called `constructor`.
  if (!Object.hasOwn(WORDS, name)) return name;
  const text = WORDS[name][LANGUAGES.indexOf(spoken())];
  return text.replace(/\{(\w+)\}/g, (place, key) => (key in values ? String(values[key]) : place));
}

// A name that may be foreign: a word if it is one of these, else itself, on one line.
function sayName(name) {
  return Object.hasOwn(WORDS, name) ? say(name) : spell(name.replaceAll("_", " "));
}

function amount(number) {
  return Number(number).toLocaleString(spoken() === "zh" ? "zh-CN" : "en-GB");
}

function sayAll(root = document) {
  for (const element of root.querySelectorAll("[data-word]")) element.textContent = say(element.dataset.word);
  for (const element of root.querySelectorAll("[data-label]")) {
    element.setAttribute("aria-label", say(element.dataset.label));
  }
  for (const element of root.querySelectorAll("[data-hint]")) element.placeholder = say(element.dataset.hint);
}

// An element, its text or its children. Text is set as text, never parsed.
function make(tag, settings = {}, ...children) {
  const { text, word, on = {}, ...attributes } = settings;
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  if (word !== undefined) {
    element.dataset.word = word;
    element.textContent = say(word);
  }
  if (text !== undefined) element.textContent = text;
  for (const [name, act] of Object.entries(on)) element.addEventListener(name, act);
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}
