// The doctor's findings: what is wrong first, then what is fine.

import {ask, attempt, button, el, line, say} from "./look_parts.js";
import {word} from "./words.js";

const BAD = ["broken", "warning", "note"];

export class Doctor {
  constructor(place) {
    this.result = line();
    this.list = el("ul", {class: "items"});
    this.fine = el("details", {hidden: true});
    this.button = button(word("look_examine"), () => this.examine());
    place.append(el("p", {class: "soft", text: word("look_examine_help")}), this.list, this.fine, this.result, el("div", {class: "row"}, this.button));
  }

  async load() {} // it takes up to a minute: only when asked

  async examine() {
    this.button.disabled = true;
    say(this.result, word("look_examining"));
    await attempt(this.result, async () => {
      const {findings} = await ask("GET", "/api/doctor");
      this.show(findings);
    });
    this.button.disabled = false;
  }

  show(findings) {
    const bad = BAD.flatMap((state) => findings.filter((finding) => finding.state === state));
    const good = findings.filter(({state}) => state === "ok");
    this.list.replaceChildren(...bad.map(item));
    this.fine.hidden = !good.length;
    this.fine.replaceChildren(el("summary", {text: word("look_fine", {count: good.length})}), el("ul", {class: "items"}, ...good.map(item)));
    say(this.result, word("look_examined", {count: bad.filter(({state}) => state !== "note").length}));
  }
}

function item({state, about, found, means, remedy}) {
  const texts = {broken: word("look_broken"), warning: word("look_warning"), note: word("look_note"), ok: word("look_ok")};
  return el(
    "li",
    {},
    el(
      "div",
      {class: "grow"},
      el("p", {}, el("span", {class: `badge ${state}`, text: texts[state] ?? state}), el("b", {text: about}), el("span", {text: `: ${found}`})),
      means ? el("p", {class: "soft", text: means}) : null,
      remedy ? el("p", {class: "remedy", text: remedy}) : null,
    ),
  );
}
