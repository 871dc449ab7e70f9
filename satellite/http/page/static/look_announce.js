// An announcement: a text, spoken here or by other satellites of the house.

import {ask, attempt, choice, el, field, line, say} from "./look_parts.js";
import {word} from "./words.js";

export class Announcement {
  constructor(place, has) {
    this.has = has;
    this.result = line();
    this.text = el("input", {type: "text", maxlength: 2000, required: true});
    this.to = choice([["here", word("look_here")], ["all", word("look_all")]], "here");
    this.priority = choice([["low", word("look_low")], ["normal", word("look_normal")], ["high", word("look_high")]], "normal");
    this.button = el("button", {type: "submit", text: word("look_send")});
    const submit = (event) => {
      event.preventDefault();
      this.send();
    };
    place.append(
      el("form", {class: "line", on: {submit}}, field(word("look_text"), this.text), field(word("look_to"), this.to), field(word("look_priority"), this.priority), this.button),
      this.result,
    );
  }

  async load() {
    if (!this.has("/api/servers")) return;
    const {servers} = await ask("GET", "/api/servers");
    const known = new Set([...this.to.options].map(({value}) => value));
    for (const {name, satellite} of servers) {
      if (satellite && !known.has(name)) this.to.append(new Option(name, name));
    }
  }

  async send() {
    this.button.disabled = true;
    say(this.result, word("look_sending"));
    await attempt(this.result, async () => {
      const body = {text: this.text.value.trim(), to: this.to.value, priority: this.priority.value};
      const {outcomes} = await ask("POST", "/api/announce", body);
      const texts = {heard: word("look_was_heard"), queued: word("look_queued")};
      say(this.result, Object.entries(outcomes).map(([name, became]) => `${name}: ${texts[became] ?? became}`).join(" · "));
      this.text.value = "";
    });
    this.button.disabled = false;
  }
}
