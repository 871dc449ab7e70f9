// Timers and alarms of this browser: how long they still run, and what rings.

import {label, word} from "./words.js";

export class Timers {
  constructor(list, send, stop) {
    Object.assign(this, {list, send, stop});
    this.items = [];
    setInterval(() => this.tick(), 250);
  }

  take({timers, alarms, ringing}) {
    const now = performance.now();
    this.ringing = ringing;
    this.items = timers.map((timer) => ({...timer, due: now + timer.remaining * 1000}));
    this.alarms = alarms;
    this.draw();
  }

  draw() {
    this.list.replaceChildren();
    if (this.ringing) this.list.append(this.bell());
    for (const timer of this.items) this.list.append(this.timer(timer));
    for (const alarm of this.alarms) this.list.append(this.alarm(alarm));
    this.tick();
  }

  bell() {
    const item = document.createElement("li");
    item.className = "ringing";
    item.setAttribute("role", "alert");
    item.append(text("b", word("rings")), button(word("dismiss"), word("dismiss"), this.stop));
    return item;
  }

  timer(timer) {
    const item = document.createElement("li");
    timer.shown = text("time", "");
    item.append(text("span", timer.name ?? word("timer")), timer.shown);
    const paused = timer.paused;
    const change = (action, seconds = 0) => this.send("timer", {id: timer.id, action, seconds});
    item.append(
      button(paused ? "▶" : "❚❚", word(paused ? "resume" : "pause"), () => {
        change(paused ? "resume" : "pause");
      }),
      button("+1", word("add_minute"), () => change("add", 60)),
      button("✕", word("cancel"), () => change("cancel")),
    );
    return item;
  }

  alarm(alarm) {
    const item = document.createElement("li");
    const at = new Date(alarm.at);
    const when = at.toLocaleTimeString(document.documentElement.lang, {weekday: "short", hour: "numeric", minute: "2-digit"});
    item.append(text("span", alarm.name ?? word("alarm")), text("time", when));
    item.append(button("✕", word("cancel"), () => this.send("timer", {id: alarm.id, action: "cancel"})));
    return item;
  }

  tick() {
    for (const timer of this.items) {
      const left = timer.paused ? timer.remaining : Math.max(0, (timer.due - performance.now()) / 1000);
      const shown = clock(left);
      if (timer.shown && timer.shown.textContent !== shown) timer.shown.textContent = shown;
    }
  }
}

export function clock(seconds) {
  const whole = Math.ceil(seconds);
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  if (!parts[0]) parts.shift();
  return parts.map((part, i) => (i ? String(part).padStart(2, "0") : part)).join(":");
}

function text(name, content) {
  const element = document.createElement(name);
  element.textContent = content;
  return element;
}

function button(sign, name, action) {
  const element = text("button", sign);
  element.type = "button";
  label(element, name);
  element.addEventListener("click", action);
  return element;
}
