// The conversation: shown, stored in this browser alone, cleared, exported.

import {word} from "./words.js";

const STORE = "satellite.conversation";
const MOST = 200; // messages stored
const SENT = 20; // messages that the satellite is reminded of after a new connection

export class Chat {
  constructor(list, empty) {
    this.list = list;
    this.empty = empty;
    this.messages = this.stored();
    this.turn = null;
    this.draw();
  }

  stored() {
    try {
      const found = JSON.parse(localStorage.getItem(STORE) ?? "[]");
      return Array.isArray(found) ? found.filter((m) => typeof m?.text === "string" && typeof m.role === "string") : [];
    } catch {
      return []; // another program wrote there
    }
  }

  get history() {
    return this.messages
      .filter((m) => m.role !== "note")
      .slice(-SENT)
      .map(({role, text}) => ({role, text: text.slice(0, 8000)}));
  }

  draw() {
    this.list.replaceChildren();
    for (const message of this.messages) this.append(message);
    this.showEmpty();
    this.scroll(true);
  }

  append({role, text}) {
    const item = document.createElement("li");
    item.className = role;
    const who = document.createElement("span");
    who.className = "who";
    who.textContent = role === "note" ? "" : word(role === "user" ? "you" : "answer");
    const what = document.createElement("p");
    what.textContent = text;
    item.append(who, what);
    this.list.append(item);
    return item;
  }

  showEmpty() {
    this.empty.hidden = this.list.childElementCount > 0;
  }

  // Show what is being said, so far or finally.
  heard(text, final, turn) {
    if (this.turn !== turn) this.begin(turn);
    if (!text) return;
    this.asked ??= this.append({role: "user", text: ""});
    this.asked.classList.toggle("partial", !final);
    this.asked.querySelector("p").textContent = text;
    if (final) this.keep("user", text);
    this.showEmpty();
    this.scroll();
  }

  // Show the next piece of the answer, or all of it.
  answered(text, final, turn) {
    if (this.turn !== turn) this.begin(turn);
    if (!this.answer && !text) return;
    this.answer ??= this.append({role: "assistant", text: ""});
    const shown = this.answer.querySelector("p");
    this.list.setAttribute("aria-busy", String(!final));
    this.answer.classList.toggle("partial", !final);
    shown.textContent = final ? text : shown.textContent + text;
    if (final) this.keep("assistant", text);
    this.showEmpty();
    this.scroll();
  }

  ended(turn) {
    if (this.turn !== turn) return;
    this.list.setAttribute("aria-busy", "false");
    const shown = this.answer?.querySelector("p").textContent;
    if (this.answer?.classList.contains("partial") && shown) this.keep("assistant", shown);
    if (this.asked?.classList.contains("partial")) this.asked.remove();
    this.answer?.classList.remove("partial");
    this.begin(null);
    this.showEmpty();
  }

  note(text) {
    this.append({role: "note", text});
    this.showEmpty();
    this.scroll();
  }

  begin(turn) {
    this.turn = turn;
    this.asked = this.answer = null;
  }

  keep(role, text) {
    this.messages.push({role, text, at: Date.now()});
    this.messages.splice(0, this.messages.length - MOST);
    this.save();
  }

  save() {
    try {
      localStorage.setItem(STORE, JSON.stringify(this.messages));
    } catch {
      this.messages.splice(0, this.messages.length / 2); // the store is full, or forbidden
    }
  }

  clear() {
    this.messages = [];
    this.begin(null);
    localStorage.removeItem(STORE);
    this.draw();
  }

  text() {
    const lines = this.messages.map(({role, text, at}) => `${new Date(at).toLocaleString()}  ${word(role === "user" ? "you" : "answer")}: ${text}`);
    return `${lines.join("\n")}\n`;
  }

  export() {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([this.text()], {type: "text/plain;charset=utf-8"}));
    link.download = `satellite-${new Date().toISOString().slice(0, 10)}.txt`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }

  scroll(always = false) {
    const pane = this.list.parentElement;
    const near = pane.scrollHeight - pane.scrollTop - pane.clientHeight < 200;
    if (always || near) pane.scrollTop = pane.scrollHeight;
  }
}
