// Words of the page, from the satellite's language packs.

import {at} from "./place.js";

let words = JSON.parse(document.getElementById("words").textContent); // in the browser's language

export function word(key, values = {}) {
  const text = words[key];
  if (typeof text !== "string") return text ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

// Load the words of another language, and show them.
export async function loadWords(language) {
  words = await wordsOf(language);
  showWords();
}

// Return what may be asked in a language: the satellite may understand another one than the page's.
export async function suggestions(language) {
  const {lang} = document.documentElement;
  const found = language && language.split("-")[0] !== lang.split("-")[0] ? await wordsOf(language) : words;
  return Array.isArray(found.suggestions) ? found.suggestions : [];
}

async function wordsOf(language) {
  const response = await fetch(at(`/page/words?language=${encodeURIComponent(language)}`));
  if (!response.ok) throw new Error(`words: HTTP ${response.status}`);
  return response.json();
}

export function showWords() {
  document.documentElement.lang = words.language;
  for (const element of document.querySelectorAll("[data-word]")) element.textContent = word(element.dataset.word);
  for (const element of document.querySelectorAll("[data-label]")) label(element, word(element.dataset.label));
}

// Name a control for pointers and screen readers alike.
export function label(element, text) {
  element.setAttribute("aria-label", text);
  element.title = text;
}
