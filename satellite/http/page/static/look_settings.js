// The settings: found by a search, explained, checked, and saved into the file.

import {ask, attempt, button, choice, el, facts, line, say} from "./look_parts.js";
import {word} from "./words.js";

export class SettingList {
  constructor(place) {
    this.list = el("div", {class: "settings"});
    this.file = el("p", {class: "soft"});
    this.count = line();
    this.search = el("input", {type: "search", placeholder: word("look_find"), "aria-label": word("look_find"), spellcheck: "false", on: {input: () => this.filter()}});
    this.rows = [];
    place.append(this.search, this.count, this.list, this.file);
  }

  async load() {
    if (this.busy) return;
    const {file, settings} = await ask("GET", "/api/settings");
    if (this.busy) return; // since they were asked for
    this.file.textContent = word("look_file", {file});
    this.rows = settings.map((setting) => new Row(setting));
    this.list.replaceChildren(...this.rows.map(({place}) => place));
    this.filter();
  }

  // Whether a person is at one of them.
  get busy() {
    return this.rows.some(({place}) => place.open);
  }

  filter() {
    const wanted = this.search.value.trim().toLowerCase().split(/\s+/);
    let count = 0;
    for (const row of this.rows) {
      const found = wanted.every((part) => row.text.includes(part));
      row.place.hidden = !found;
      count += found;
    }
    say(this.count, word("look_count", {count}));
  }
}

class Row {
  constructor(setting) {
    this.setting = setting;
    this.text = `${setting.key} ${setting.explanation}`.toLowerCase();
    this.shown = el("span", {class: "value", text: shown(setting.value)});
    this.place = el("details", {on: {toggle: () => this.open()}}, el("summary", {}, el("b", {text: setting.key}), this.shown));
  }

  // Make what stands below a setting once it is opened: there are many of them.
  open() {
    if (this.result) return;
    const {key, explanation, type, unit, default: usual, origin, fixed} = this.setting;
    this.result = line();
    const pairs = [
      [word("look_type"), [type, unit].filter(Boolean).join(", ")],
      [word("look_default"), usual === "" ? "–" : usual],
      [word("look_origin"), origin],
    ];
    this.place.append(el("p", {text: explanation}), facts(pairs));
    if (fixed) {
      this.place.append(el("p", {class: "soft", text: word("look_fixed")}));
      return;
    }
    this.input = editor(this.setting);
    this.input.setAttribute("aria-label", key);
    const submit = (event) => {
      event.preventDefault();
      this.save();
    };
    this.place.append(
      el("form", {class: "line", on: {submit}}, this.input, button(word("look_check"), () => this.check()), el("button", {type: "submit", text: word("look_save"), class: "strong"})),
      this.result,
    );
  }

  get values() {
    return {[this.setting.key]: parsed(this.setting, this.input.value)};
  }

  check() {
    attempt(this.result, async () => {
      const {problems} = await ask("POST", "/api/settings/check", {values: this.values});
      say(this.result, problems.length ? problems.join("\n") : word("look_valid"), problems.length > 0);
    });
  }

  save() {
    attempt(this.result, async () => {
      const {values} = this;
      const {changed, restart, file} = await ask("PATCH", "/api/settings", {values});
      this.shown.textContent = shown(values[this.setting.key]);
      say(this.result, changed.length ? word(restart.length ? "look_restart" : "look_saved", {file}) : word("look_same"));
    });
  }
}

function shown(value) {
  if (value == null || value === "") return "–";
  return Array.isArray(value) ? value.map(shown).join(", ") || "–" : String(value);
}

function editor({type, value}) {
  if (type === "true or false") return choice([["true", word("look_yes")], ["false", word("look_no")]], String(value));
  const options = type.split(" or ");
  if (options.length > 1) return choice(options.map((option) => [option, option]), value);
  if (Array.isArray(value)) return filledArea(value.map((item) => (typeof item === "string" ? item : JSON.stringify(item))).join("\n"));
  const numeric = /number/.test(type);
  const input = el("input", {type: numeric ? "number" : "text", step: numeric ? (type === "number" ? "any" : 1) : null, spellcheck: "false", autocapitalize: "off"});
  input.value = value ?? "";
  return input;
}

function filledArea(text) {
  const area = el("textarea", {rows: 3, spellcheck: "false", autocapitalize: "off", title: word("look_lines")});
  area.value = text;
  return area;
}

// Return the value that was entered, as its type has it; the server checks it.
function parsed({type, value}, text) {
  if (type === "true or false") return text === "true";
  if (/number/.test(type)) return text.trim() === "" ? null : Number(text);
  if (Array.isArray(value)) return text.split("\n").map((part) => part.trim()).filter(Boolean);
  return text;
}
