// The models of this machine: listed, fetched with progress, removed.

import {ApiError, ask, attempt, button, careful, el, field, fill, line, request, say, size} from "./look_parts.js";
import {word} from "./words.js";

export class Models {
  constructor(place) {
    this.list = el("ul", {class: "items"});
    this.folder = el("p", {class: "soft"});
    this.result = line();
    this.name = el("input", {type: "text", maxlength: 200, required: true, placeholder: "whisper:base.en", spellcheck: "false", autocapitalize: "off"});
    this.pull_ = el("button", {type: "submit", text: word("look_pull")});
    this.stop = button(word("stop"), () => this.stopping?.abort(), {hidden: true});
    this.progress = el("progress", {max: 1, value: 0, hidden: true, "aria-label": word("look_progress")});
    const submit = (event) => {
      event.preventDefault();
      this.pull(this.name.value.trim());
    };
    const form = el("form", {class: "line", on: {submit}}, field(word("look_model"), this.name), this.pull_, this.stop);
    place.append(this.list, this.folder, form, this.progress, this.result);
  }

  async load() {
    this.show(await ask("GET", "/api/models"));
  }

  show({folder, models}) {
    this.folder.textContent = word("look_folder", {folder});
    if (models.length) fill(this.list, models, (model) => this.item(model));
    else this.list.replaceChildren(el("li", {class: "soft", text: word("look_no_models")}));
  }

  item({model, bytes, state, license}) {
    const states = {damaged: word("look_damaged"), unfinished: word("look_unfinished")};
    const about = [size(bytes), states[state], license].filter(Boolean).join(" · ");
    const remove = careful(word("look_remove"), model, word("look_really", {name: model}), () => this.remove(model));
    const repair = state === "whole" ? null : button(word("look_repair"), () => this.pull(model), {"aria-label": `${word("look_repair")}: ${model}`});
    return el("li", {}, el("div", {class: "grow"}, el("b", {text: model}), el("p", {class: "soft", text: about})), el("div", {class: "row"}, repair, remove));
  }

  remove(model) {
    attempt(this.result, async () => {
      this.show(await ask("DELETE", `/api/models/${model.split("/").map(encodeURIComponent).join("/")}`));
      say(this.result, word("look_removed", {name: model}));
    });
  }

  async pull(model) {
    if (this.stopping || !model) return;
    this.stopping = new AbortController();
    this.working(true);
    say(this.result, word("look_pulling", {name: model}));
    await attempt(this.result, async () => {
      const headers = {Accept: "text/event-stream"};
      const answer = await request("POST", "/api/models/pull", {model}, {headers, signal: this.stopping.signal});
      await this.follow(answer, model);
    });
    this.working(false);
    this.stopping = null;
    await attempt(this.result, () => this.load());
  }

  // Read the events of a download up to its last one.
  async follow(answer, model) {
    let ended = false;
    try {
      for await (const event of events(answer.body)) {
        if (event.event === "progress" && event.total) this.progress.value = event.done / event.total;
        if (event.event === "note") say(this.result, event.text);
        if (event.event === "error") throw new ApiError(0, event.error);
        ended ||= event.event === "done";
      }
    } catch (error) {
      throw error.name === "AbortError" ? new ApiError(0, word("look_stopped")) : error;
    }
    if (!ended) throw new ApiError(0, word("lost"));
    say(this.result, word("look_pulled", {name: model}));
    this.name.value = "";
  }

  working(now) {
    this.pull_.disabled = now;
    this.stop.hidden = this.progress.hidden = !now;
    this.progress.value = 0;
  }
}

// Yield the data of server-sent events.
async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  try {
    while (true) {
      const {value, done} = await reader.read();
      if (done) return;
      const pieces = (text + value).split("\n\n");
      text = pieces.pop();
      for (const piece of pieces) {
        const data = piece.split("\n").find((part) => part.startsWith("data: "));
        if (data) yield JSON.parse(data.slice(6));
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}
