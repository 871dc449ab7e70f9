// The latest turns with their parts, and the statistics as plots.

import {ask, bar, course, el, fill, moment, row, seconds} from "./look_parts.js";
import {word} from "./words.js";

const PARTS = ["endpoint", "asr", "llm", "tts"]; // of a turn, after each other
const COUNT = 50;

export class Turns {
  constructor(place, has) {
    this.has = has;
    this.stats = el("div");
    this.legend = el("p", {class: "legend", hidden: true}, ...PARTS.map((part) => el("span", {class: part, text: word(`look_part_${part}`)})));
    this.list = el("ol", {class: "items turns"});
    place.append(this.legend, this.list, this.stats);
  }

  async load() {
    const {turns} = await ask("GET", `/api/turns?count=${COUNT}`);
    this.legend.hidden = !turns.length;
    if (turns.length) {
      const most = Math.max(0.001, ...turns.map((turn) => PARTS.reduce((sum, part) => sum + (turn[part] ?? 0), 0)));
      fill(this.list, turns, (turn) => item(turn, most), 8);
    } else {
      this.list.replaceChildren(el("li", {class: "soft", text: word("look_no_turns")}));
    }
    if (this.has("/api/stats")) this.plot(await ask("GET", "/api/stats"), turns);
  }

  plot({turns: count, outcomes, stages, words}, turns) {
    if (!count) return this.stats.replaceChildren();
    const plots = [el("h3", {text: word("look_stats", {count})})];
    const answers = turns.map(({answer}) => answer).filter((answer) => answer != null).reverse();
    if (answers.length > 1) {
      const text = word("look_course", {count: answers.length, most: seconds(Math.max(...answers))});
      plots.push(el("figure", {}, course(answers, text), el("figcaption", {text})));
    }
    const slowest = Math.max(0.001, ...Object.values(stages).map(({p95}) => p95));
    const times = Object.entries(stages).map(([name, {p50, p95}]) => {
      const figure = `${seconds(p50)} / ${seconds(p95)}`;
      return row(word(`look_part_${name}`), bar([[name, p50]], slowest, figure, p95), figure);
    });
    plots.push(el("h4", {text: word("look_stages")}), el("ul", {class: "plots"}, ...times));
    const ended = Object.entries(outcomes).map(([name, number]) => row(outcome(name), bar([["count", number]], count, String(number)), String(number)));
    plots.push(el("h4", {text: word("look_outcomes")}), el("ul", {class: "plots"}, ...ended));
    const spoken = Object.entries(words);
    const most = Math.max(1, ...spoken.map(([, {heard, nearly}]) => heard + nearly));
    if (spoken.length) {
      const counted = spoken.map(([name, {heard, nearly}]) => {
        const figure = `${heard} / ${nearly}`;
        return row(name.replaceAll("_", " "), bar([["count", heard], ["rest", nearly]], most, figure), figure);
      });
      plots.push(el("h4", {text: word("look_wake_words")}), el("ul", {class: "plots"}, ...counted));
    }
    this.stats.replaceChildren(...plots);
  }
}

function outcome(name) {
  const texts = {answered: "look_answered", cancelled: "look_cancelled", failed: "look_failed", nothing_heard: "look_nothing"};
  return texts[name] ? word(texts[name]) : name.replaceAll("_", " ");
}

function item(turn, most) {
  const parts = PARTS.filter((part) => turn[part]).map((part) => [part, turn[part]]);
  const times = parts.map(([part, took]) => `${word(`look_part_${part}`)} ${seconds(took)}`).join(", ");
  const ended = [outcome(turn.outcome), turn.stage, turn.answer == null ? "" : word("look_after", {time: seconds(turn.answer)})];
  return el(
    "li",
    {},
    el(
      "div",
      {class: "grow"},
      el("p", {}, el("b", {text: moment(turn.at)}), el("span", {class: "soft", text: ` ${ended.filter(Boolean).join(" · ")}`})),
      turn.text ? el("p", {text: turn.text}) : null,
      turn.reply ? el("p", {class: "soft", text: turn.reply}) : null,
      parts.length ? bar(parts, most, times) : null,
    ),
  );
}
