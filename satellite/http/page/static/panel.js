// The choices of the person: shown from what there is, stored in this browser.

import {word} from "./words.js";

const STORE = "satellite.choices";
const USUAL = {attention: "asked", language: "", model: "", voice: "", speed: 1, volume: 1, speaks: true, name: "", area: ""};

export function storedChoices() {
  try {
    const found = JSON.parse(localStorage.getItem(STORE) ?? "{}");
    return Object.fromEntries(Object.entries(found).filter(([key, value]) => typeof value === typeof USUAL[key]));
  } catch {
    return {}; // another program wrote there, or nothing may
  }
}

export class Panel {
  constructor(dialog, onChange) {
    this.dialog = dialog;
    this.onChange = onChange;
    this.chosen = {...USUAL, ...storedChoices()};
    for (const field of ["language", "model", "voice", "name", "area"]) {
      this.on(field, "change", (element) => this.choose({[field]: element.value.trim()}));
    }
    for (const field of ["speed", "volume"]) {
      this.on(field, "input", () => this.showNumbers());
      this.on(field, "change", (element) => this.choose({[field]: Number(element.value)}));
    }
    this.on("speaks", "change", (element) => this.choose({speaks: element.checked}));
    for (const radio of this.radios) {
      radio.addEventListener("change", () => this.choose({attention: radio.value}));
    }
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  }

  get radios() {
    return this.dialog.querySelectorAll("[name=attention]");
  }

  on(id, event, handler) {
    const element = document.getElementById(id);
    element.addEventListener(event, () => handler(element));
  }

  choose(changes) {
    Object.assign(this.chosen, changes);
    try {
      localStorage.setItem(STORE, JSON.stringify(this.chosen));
    } catch {
      console.info("choices are not stored in this browser");
    }
    this.show();
    this.onChange(changes);
  }

  // Take what the satellite has to choose from.
  offer({choices, engines, language, wakes, hears, speaks}) {
    this.has = {wakes, hears, speaks};
    this.wakeWords = choices.wake_words;
    fill("language", choices.languages, "", language);
    fill("model", choices.models, word("usual"), "");
    fill("voice", choices.voices, word("usual"), "");
    document.getElementById("model-row").hidden = choices.models.length < 2;
    document.getElementById("voice-row").hidden = choices.voices.length < 2;
    const shown = ["asr", "llm", "tts"].filter((role) => engines[role]).map((role) => `${word(role)}: ${engines[role]}`);
    document.getElementById("engines").textContent = shown.join(" · ");
    this.language = language;
    this.show();
  }

  show() {
    const {chosen} = this;
    for (const field of ["model", "voice", "speed", "volume", "name", "area"]) {
      document.getElementById(field).value = chosen[field];
    }
    document.getElementById("language").value = chosen.language || this.language || "";
    document.getElementById("speaks").checked = chosen.speaks;
    for (const radio of this.radios) {
      radio.checked = radio.value === chosen.attention;
      radio.disabled = !this.has?.hears || (radio.value === "wake" && !this.has.wakes);
    }
    const words = this.wakeWords?.length ? this.wakeWords : [word("wake_word")];
    document.getElementById("wake-help").textContent = word("by_wake_help", {words: words.map((text) => word("quoted", {text})).join(", ")});
    this.showNumbers();
  }

  showNumbers() {
    const speed = document.getElementById("speed").value;
    const volume = document.getElementById("volume").value;
    document.getElementById("speed-now").textContent = `${Number(speed).toLocaleString(document.documentElement.lang, {minimumFractionDigits: 1})}×`;
    document.getElementById("volume-now").textContent = `${Math.round(volume * 100)} %`;
  }
}

function fill(id, choices, usual, first) {
  const select = document.getElementById(id);
  select.replaceChildren();
  if (usual) select.append(new Option(usual, ""));
  for (const {name, label} of choices) {
    const option = new Option(label && id === "language" ? label : name, name);
    if (label && id !== "language") option.title = label;
    select.append(option);
  }
  if (first && !choices.some((choice) => choice.name === first)) select.append(new Option(first, first));
}
