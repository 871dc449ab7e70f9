// The view to look after the house: a card for each section that this program has.

import {Announcement} from "./look_announce.js";
import {Doctor} from "./look_doctor.js";
import {Log} from "./look_log.js";
import {Machine} from "./look_machine.js";
import {Models} from "./look_models.js";
import {ask, attempt, el, line, say} from "./look_parts.js";
import {Recordings} from "./look_recordings.js";
import {SettingList} from "./look_settings.js";
import {TimerList} from "./look_timers.js";
import {Turns} from "./look_turns.js";
import {beside} from "./place.js";
import {word} from "./words.js";

const sheet = el("link", {rel: "stylesheet", href: beside("look.css")});
await new Promise((done) => {
  sheet.onload = sheet.onerror = done; // without its style it is plain, and still of use
  document.head.append(sheet);
});

const EVERY = 5000; // milliseconds between two looks at what changes by itself

// The sections by name, each with an address that it needs: a server has fewer than a satellite.
const SECTIONS = [
  ["machine", "/api/engines", Machine],
  ["timers", "/api/timers", TimerList],
  ["models", "/api/models", Models],
  ["turns", "/api/turns", Turns],
  ["recordings", "/api/recordings", Recordings],
  ["doctor", "/api/doctor", Doctor],
  ["log", "/api/log", Log],
  ["announce", "/api/announce", Announcement],
  ["settings", "/api/settings", SettingList],
];

export class Look {
  constructor(root) {
    this.root = root;
    this.cards = [];
    setInterval(() => this.refresh(), EVERY);
    setInterval(() => this.visible && this.cards.forEach(({section}) => section.tick?.()), 500);
  }

  get visible() {
    return document.body.dataset.view === "look" && !document.hidden;
  }

  // Show the sections, and that of an address such as #look/models.
  async open(address) {
    if (this.language !== document.documentElement.lang || !this.cards.length) await this.build();
    else for (const card of this.cards) this.load(card, "load");
    const card = this.cards.find(({name}) => address === `#look/${name}`);
    (card?.title ?? this.title).focus({preventScroll: true});
    (card?.place ?? this.root).scrollIntoView();
  }

  // Draw all sections; while the satellite is asked for them, the view may be opened again.
  async build() {
    const building = (this.building = Symbol());
    this.language = document.documentElement.lang;
    this.cards = [];
    this.title = el("h1", {text: word("look"), tabindex: -1});
    const problem = line();
    this.root.replaceChildren(this.title, problem);
    const ready = await attempt(problem, async () => {
      this.paths = (await ask("GET", "/api/openapi.json")).paths;
    });
    if (!ready || this.building !== building) return;
    const has = (path) => path in this.paths;
    const links = el("nav", {"aria-label": word("look")});
    this.root.append(links);
    for (const [name, path, Section] of SECTIONS) {
      if (has(path)) this.cards.push(this.card(name, Section, has, links));
    }
    const absent = SECTIONS.filter(([, path]) => !has(path)).map(([name]) => word(`look_${name}`));
    if (absent.length) this.root.append(el("p", {class: "absent", text: word("look_absent", {sections: absent.join(", ")})}));
    for (const card of this.cards) this.load(card, "load");
  }

  card(name, Section, has, links) {
    const title = el("h2", {id: `look-${name}`, text: word(`look_${name}`), tabindex: -1});
    const problem = line();
    const place = el("section", {class: "card", "aria-labelledby": title.id}, title, problem);
    links.append(el("a", {href: `#look/${name}`, text: title.textContent}));
    this.root.append(place);
    return {name, title, place, problem, section: new Section(place, has)};
  }

  // Let a section load all that it shows, or refresh what changes by itself.
  async load({section, problem}, work) {
    if (await attempt(problem, () => section[work]())) say(problem, "");
  }

  refresh() {
    if (!this.visible) return;
    for (const card of this.cards) if (card.section.refresh) this.load(card, "refresh");
  }
}
