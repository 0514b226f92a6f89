"use strict";
// Language and theme: what the reader chose, kept if the browser lets a file keep anything, else what the browser wants.

const settings = (() => {
  const words = JSON.parse(document.getElementById("words").textContent);
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const listeners = [];
  const chosen = { language: recall("language"), theme: recall("theme") };

  function recall(name) {
    try {
      return localStorage.getItem(`hx-${name}`);
    } catch {
      return null;
    }
  }

  function choose(name, value) {
    chosen[name] = value;
    try {
      localStorage.setItem(`hx-${name}`, value);
    } catch {
      // Chosen for this visit, then.
    }
    show();
  }

  function language() {
    if (chosen.language === "en" || chosen.language === "zh") return chosen.language;
    return /^zh\b/i.test(navigator.language) ? "zh" : "en";
  }

  function theme() {
    if (chosen.theme === "light" || chosen.theme === "dark") return chosen.theme;
    return dark.matches ? "dark" : "light";
  }

  // The text in the reader's language; what has no translation, such as a name, stays as it is.
  function say(text) {
    return language() === "zh" && Object.hasOwn(words, text) ? words[text] : text;
  }

  function translate() {
    root.lang = language() === "zh" ? "zh-Hans" : "en";
    for (const element of document.querySelectorAll("[data-word]")) {
      element.dataset.word ||= element.textContent;
      element.textContent = say(element.dataset.word);
    }
    for (const element of document.querySelectorAll("[data-label]")) {
      element.dataset.label ||= element.getAttribute("aria-label");
      element.setAttribute("aria-label", say(element.dataset.label));
    }
    document.title = say("HumanEval-X report");
  }

  function show() {
    root.dataset.theme = theme();
    const other = document.querySelector("#theme [data-word]");
    other.dataset.word = theme() === "dark" ? "Light" : "Dark";
    const button = document.getElementById("language");
    button.textContent = language() === "zh" ? "English" : "中文";
    button.lang = language() === "zh" ? "en" : "zh-Hans";
    translate();
    for (const listener of listeners) listener();
  }

  document.querySelector(".settings").hidden = false;
  document.getElementById("language").addEventListener("click", () => choose("language", language() === "zh" ? "en" : "zh"));
  document.getElementById("theme").addEventListener("click", () => choose("theme", theme() === "dark" ? "light" : "dark"));
  dark.addEventListener("change", show);
  show();

  return {
    say,
    onChange: (listener) => listeners.push(listener),
    colour: (name) => getComputedStyle(root).getPropertyValue(`--${name}`).trim(),
  };
})();
