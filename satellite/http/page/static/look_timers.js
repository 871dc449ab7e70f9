// The timers and alarms of the satellite: listed, paused, cancelled, set.

import {ask, attempt, button, el, field, line, say} from "./look_parts.js";
import {clock} from "./timers.js";
import {word} from "./words.js";

export class TimerList {
  constructor(place) {
    this.result = line();
    this.list = el("ul", {class: "items"});
    this.minutes = el("input", {type: "number", min: 0.1, max: 1440, step: "any", value: 5, required: true});
    this.timerName = el("input", {type: "text", maxlength: 100});
    this.time = el("input", {type: "time", value: "07:00", required: true});
    this.alarmName = el("input", {type: "text", maxlength: 100});
    const timer = form(() => this.start(), field(word("look_minutes"), this.minutes), field(word("look_name"), this.timerName), word("look_start_timer"));
    const alarm = form(() => this.set(), field(word("look_time"), this.time), field(word("look_name"), this.alarmName), word("look_set_alarm"));
    place.append(this.list, timer, alarm, this.result);
    this.running = [];
  }

  async load() {
    await this.refresh();
  }

  async refresh() {
    this.show(await ask("GET", "/api/timers"));
  }

  show({timers, alarms, ringing}) {
    const now = performance.now();
    const shape = JSON.stringify([timers.map(({id, paused, name}) => [id, paused, name]), alarms, ringing]);
    const due = new Map(timers.map((timer) => [timer.id, now + timer.remaining * 1000]));
    if (shape === this.shape) {
      for (const one of this.running) Object.assign(one, {due: due.get(one.timer.id), timer: timers.find(({id}) => id === one.timer.id)});
      return;
    }
    this.shape = shape; // only then is drawn again: the focus stays where it is
    this.running = [];
    const items = [];
    if (ringing) items.push(item(word("rings"), null, button(word("dismiss"), () => this.change("POST", "/api/stop"), {class: "strong"})));
    for (const timer of timers) items.push(this.timer(timer, due.get(timer.id)));
    for (const alarm of alarms) items.push(this.alarm(alarm));
    this.list.replaceChildren(...(items.length ? items : [el("li", {class: "soft", text: word("look_no_timers")})]));
    this.tick();
  }

  timer(timer, due) {
    const path = `/api/timers/${encodeURIComponent(timer.id)}`;
    const name = timer.name ?? word("timer");
    const shown = el("time");
    this.running.push({timer, due, shown});
    const {paused} = timer;
    return item(
      name,
      shown,
      button(word(paused ? "resume" : "pause"), () => this.change("PATCH", path, {paused: !paused}), {"aria-label": `${word(paused ? "resume" : "pause")}: ${name}`}),
      button(word("add_minute"), () => this.change("PATCH", path, {add: 60}), {"aria-label": `${word("add_minute")}: ${name}`}),
      button(word("cancel"), () => this.change("DELETE", path), {"aria-label": `${word("cancel")}: ${name}`}),
    );
  }

  alarm({id, at, days, name}) {
    const {lang} = document.documentElement;
    const when = new Date(at).toLocaleString(lang, {weekday: "short", hour: "numeric", minute: "2-digit"});
    const again = days.map((day) => new Date(2024, 0, 1 + day).toLocaleDateString(lang, {weekday: "short"})); // a Monday
    const path = `/api/alarms/${encodeURIComponent(id)}`;
    const title = name ?? word("alarm");
    return item(title, el("time", {text: again.length ? `${when} (${again.join(", ")})` : when}), button(word("cancel"), () => this.change("DELETE", path), {"aria-label": `${word("cancel")}: ${title}`}));
  }

  change(method, path, body) {
    return attempt(this.result, async () => {
      await ask(method, path, body);
      say(this.result, "");
      await this.refresh();
    });
  }

  async start() {
    const seconds = Number(this.minutes.value) * 60;
    if (await this.change("POST", "/api/timers", {seconds, name: this.timerName.value.trim() || null})) this.timerName.value = "";
  }

  async set() {
    const [hour, minute] = this.time.value.split(":").map(Number);
    if (await this.change("POST", "/api/alarms", {hour, minute, name: this.alarmName.value.trim() || null})) this.alarmName.value = "";
  }

  // Show how long the timers still run; called twice a second.
  tick() {
    for (const {timer, due, shown} of this.running) {
      const left = clock(timer.paused ? timer.remaining : Math.max(0, (due - performance.now()) / 1000));
      if (shown.textContent !== left) shown.textContent = left;
    }
  }
}

function item(name, time, ...buttons) {
  return el("li", {}, el("div", {class: "grow"}, el("b", {text: name}), time), el("div", {class: "row"}, ...buttons));
}

function form(work, first, second, text) {
  const submit = (event) => {
    event.preventDefault();
    work();
  };
  return el("form", {class: "line", on: {submit}}, first, second, el("button", {type: "submit", text}));
}
