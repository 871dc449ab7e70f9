// This machine: its state, its engines, and the servers and satellites of the house.

import {ask, attempt, button, el, facts, field, line, moment, say} from "./look_parts.js";
import {word} from "./words.js";

const ROLES = ["wake", "asr", "llm", "tts"];

export class Machine {
  constructor(place, has) {
    this.has = has;
    this.result = line();
    this.state = el("div");
    this.engines = el("div");
    this.found = el("div", {"aria-live": "polite"});
    this.muted = el("input", {type: "checkbox", role: "switch", on: {change: () => this.mute()}});
    this.volume = el("input", {type: "range", min: 0, max: 1, step: 0.05, on: {change: () => this.turn()}});
    place.append(this.state, this.engines);
    if (has("/api/state")) {
      const controls = el("div", {class: "controls"}, el("label", {class: "switch"}, el("span", {text: word("look_mute")}), this.muted));
      controls.append(field(word("volume"), this.volume));
      place.insertBefore(controls, this.engines);
    }
    place.append(this.result);
    if (has("/api/servers")) {
      this.searching = button(word("look_search"), () => this.search());
      place.append(el("h3", {text: word("look_servers")}), this.found, el("div", {class: "row"}, this.searching));
    }
  }

  async load() {
    await this.refresh();
    const {engines, language} = await ask("GET", "/api/engines");
    const pairs = engines.map(({role, label, engine}) => [word(role), [label, engine.description].filter(Boolean).join(" · ")]);
    this.engines.replaceChildren(el("h3", {text: word("look_engines")}), facts([...pairs, [word("language_label"), language]]));
    if (this.has("/api/servers")) this.search();
  }

  async refresh() {
    if (this.has("/api/state")) this.show(await ask("GET", "/api/state"));
  }

  show(state) {
    const phases = {idle: "ready", listening: "listening", thinking: "thinking", speaking: "speaking"};
    const {trouble} = state;
    const ended = state.muted ? word("muted") : word(phases[state.phase] ?? state.phase);
    const pairs = [
      [word("name"), state.name],
      [word("room"), state.area],
      [word("look_state"), ended],
      [word("look_since"), state.since ? moment(state.since) : ""],
      [word("wake"), state.engines?.wake],
      [word("look_trouble"), trouble ? `${moment(trouble.time)} · ${trouble.where}: ${trouble.text}` : ""],
    ];
    const shown = facts(pairs);
    if (this.state.textContent !== shown.textContent) this.state.replaceChildren(shown);
    this.muted.checked = state.muted;
    this.volume.disabled = state.volume == null;
    if (document.activeElement !== this.volume && state.volume != null) this.volume.value = state.volume;
  }

  mute() {
    attempt(this.result, async () => {
      const {muted} = await ask("POST", "/api/mute", {muted: this.muted.checked});
      this.muted.checked = muted;
      say(this.result, "");
    });
  }

  turn() {
    attempt(this.result, async () => {
      await ask("POST", "/api/volume", {level: Number(this.volume.value)});
      say(this.result, "");
    });
  }

  async search() {
    this.searching.disabled = true;
    this.found.replaceChildren(el("p", {class: "soft", text: word("look_searching")}));
    const problem = line();
    const well = await attempt(problem, async () => {
      const {servers} = await ask("GET", "/api/servers");
      this.found.replaceChildren(...(servers.length ? this.groups(servers) : [el("p", {class: "soft", text: word("look_none_found")})]));
    });
    if (!well) this.found.replaceChildren(problem);
    this.searching.disabled = false;
  }

  // The servers of each role in their order, with the reasons; then the satellites.
  groups(servers) {
    const groups = [];
    for (const role of ROLES) {
      const ranked = servers.filter(({ranks}) => ranks[role]);
      ranked.sort((a, b) => (a.ranks[role].place ?? Infinity) - (b.ranks[role].place ?? Infinity));
      if (ranked.length) groups.push(el("h4", {text: word(role)}), el("ul", {class: "items"}, ...ranked.map((server) => server_(server, server.ranks[role]))));
    }
    const satellites = servers.filter(({satellite}) => satellite);
    if (satellites.length) groups.push(el("h4", {text: word("look_satellites")}), el("ul", {class: "items"}, ...satellites.map((one) => server_(one, null))));
    return groups;
  }
}

function server_({name, uri, version, latency, load, engines, models}, rank) {
  const place = rank?.place ? `${rank.place}. ` : "";
  const about = [
    uri,
    version,
    `${Math.round(latency * 1000)} ms`,
    load == null ? "" : word("look_load", {percent: Math.round(load * 100)}),
    [...engines, ...models].slice(0, 6).join(", "),
  ];
  return el(
    "li",
    {},
    el("div", {class: "grow"}, el("b", {text: place + name}), rank?.why ? el("p", {text: rank.why}) : null, el("p", {class: "soft", text: about.filter(Boolean).join(" · ")})),
  );
}
