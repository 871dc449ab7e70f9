// The latest messages of the log: all, or what needs attention alone.

import {ask, attempt, choice, el, field, fill, line} from "./look_parts.js";
import {word} from "./words.js";

const BADGES = {warning: "warning", error: "broken", critical: "broken"};

export class Log {
  constructor(place) {
    this.level = choice([["info", word("look_log_all")], ["warning", word("look_log_wrong")]], "info");
    this.level.addEventListener("change", () => attempt(this.result, () => this.refresh()));
    this.result = line();
    this.list = el("ul", {class: "items"});
    place.append(field(word("look_log_level"), this.level), this.result, this.list);
  }

  async load() {
    await this.refresh();
  }

  async refresh() {
    const {messages} = await ask("GET", `/api/log?level=${this.level.value}&count=100`);
    const newest = `${this.level.value} ${messages.length} ${messages[0]?.time}`;
    if (newest === this.newest) return; // what is read stays where it is
    this.newest = newest;
    if (messages.length) fill(this.list, messages, item, 20);
    else this.list.replaceChildren(el("li", {class: "soft", text: word("look_log_empty")}));
  }
}

function item({time, level, about, text}) {
  const badge = BADGES[level];
  const at = new Date(time * 1000).toLocaleTimeString(document.documentElement.lang);
  return el(
    "li",
    {},
    el(
      "div",
      {class: "grow"},
      el("p", {class: "soft"}, badge ? el("span", {class: `badge ${badge}`, text: badge === "broken" ? word("look_log_error") : word("look_warning")}) : null, el("span", {text: `${at} ${about}`})),
      el("p", {class: "message", text}),
    ),
  );
}
