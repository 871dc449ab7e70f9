// The recordings: heard and deleted, by people who have logged in.

import {ask, attempt, careful, el, fill, line, moment, say, seconds} from "./look_parts.js";
import {at} from "./place.js";
import {word} from "./words.js";

export class Recordings {
  constructor(place) {
    this.list = el("ul", {class: "items"});
    this.made = el("p", {class: "soft"});
    this.result = line();
    place.append(this.list, this.made, this.result);
  }

  async load() {
    this.show(await ask("GET", "/api/recordings"));
  }

  show({recordings, turns, near_misses: misses}) {
    this.made.textContent = word(turns || misses ? "look_recorded" : "look_not_recorded");
    if (recordings.length) fill(this.list, recordings, (recording) => this.item(recording), 10);
    else this.list.replaceChildren(el("li", {class: "soft", text: word("look_no_recordings")}));
  }

  item({id, kind, time, seconds: long, word: said, transcript}) {
    const path = `/api/recordings/${encodeURIComponent(id)}`;
    const name = moment(time);
    const about = [word(`look_kind_${kind}`), seconds(long), said?.replaceAll("_", " ")].filter(Boolean).join(" · ");
    const remove = careful(word("look_delete"), name, word("look_really", {name}), () => this.remove(path));
    return el(
      "li",
      {},
      el(
        "div",
        {class: "grow"},
        el("p", {}, el("b", {text: name}), el("span", {class: "soft", text: ` ${about}`})),
        transcript ? el("p", {text: transcript}) : null,
        el("audio", {controls: true, preload: "none", src: at(path), "aria-label": name}),
      ),
      el("div", {class: "row"}, remove),
    );
  }

  remove(path) {
    attempt(this.result, async () => {
      this.show(await ask("DELETE", path));
      say(this.result, word("look_deleted"));
    });
  }
}
