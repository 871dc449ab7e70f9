// The page: what is pressed, said and typed goes to the satellite, and what it answers is shown.

import {Chat} from "./chat.js";
import {Link} from "./link.js";
import {Login} from "./login.js";
import {at, beside, ingress} from "./place.js";
import {Panel, storedChoices} from "./panel.js";
import {Loudspeaker, Microphone} from "./sound.js";
import {Timers} from "./timers.js";
import {label, loadWords, showWords, suggestions, word} from "./words.js";

const TAP = 350; // milliseconds up to which a press is a tap: listening then goes on until the next
const TAIL = 200; // milliseconds of sound that are sent after letting go
const $ = (id) => document.getElementById(id);

showWords();
const {language} = storedChoices();
if (language && language !== document.documentElement.lang) await loadWords(language).catch((error) => console.info(error.message));

// A secret of this tab, by which the satellite finds its timers again.
function identity() {
  try {
    const id = sessionStorage.getItem("satellite.id") ?? random();
    sessionStorage.setItem("satellite.id", id);
    return id;
  } catch {
    return random();
  }
}

function random() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (n) => n.toString(16).padStart(2, "0")).join("");
}

class App {
  constructor() {
    this.id = identity();
    this.phase = "idle";
    this.pressed = 0; // when the button was pressed, while it is held
    this.talking = false;
    this.ending = 0; // the timer of the end of a request, after letting go
    this.chat = new Chat($("chat"), $("empty"));
    this.panel = new Panel($("panel"), (changes) => this.changed(changes));
    this.link = new Link(() => this.hello());
    this.speaker = new Loudspeaker((report) => this.reported(report));
    this.microphone = new Microphone(
      (sound) => this.link.sendSound(sound),
      (level) => document.body.style.setProperty("--level", Math.min(1, level * 6).toFixed(3)),
      () => this.lostMicrophone(),
    );
    this.timers = new Timers($("timers"), (type, fields) => this.link.send(type, fields), () => this.stop());
    this.link.addEventListener("event", ({detail}) => this.take(detail));
    this.link.addEventListener("sound", ({detail}) => this.speaker.play(detail));
    this.link.addEventListener("lost", ({detail}) => this.lost(detail));
    this.listen();
    this.name();
    this.showState("connecting");
    this.login = new Login($("login"), () => this.link.now());
    this.login.fromAddress().then(() => this.link.connect());
    this.view();
  }

  // Show the conversation, or the view to look after the house, whose files are loaded only then.
  async view() {
    const wanted = location.hash.startsWith("#look");
    document.body.dataset.view = wanted ? "look" : "talk";
    $("open-look").href = wanted ? "#" : "#look";
    label($("open-look"), word(wanted ? "look_back" : "look"));
    if (!wanted) return;
    try {
      const {Look} = await import(beside("look.js"));
      this.look ??= new Look($("look"));
      await this.look.open(location.hash);
    } catch (error) {
      console.info("look after:", error.message);
      this.tell(word("lost"));
    }
  }

  hello() {
    const {attention, ...chosen} = this.panel.chosen;
    this.speaker.reset();
    const wanted = this.free ? attention : "asked";
    return {...chosen, language: chosen.language || null, voice: chosen.voice || null, model: chosen.model || null, attention: wanted, id: this.id, history: this.chat.history};
  }

  // Whether requests begin without a hand.
  get free() {
    return this.freed === true && this.panel.chosen.attention !== "asked";
  }

  name() {
    label($("open-panel"), word("settings"));
    label($("send"), word("send"));
    label($("stop"), word("stop"));
    label($("talk"), word("talk"));
    label($("free"), word("hands_free"));
    $("text").placeholder = word("type");
    $("text").setAttribute("aria-label", word("type"));
    $("chat").setAttribute("aria-label", word("conversation"));
    $("greeting").textContent = word("greeting");
    $("how").textContent = word("how");
    this.suggest(this.has?.language);
    this.hint();
  }

  // Show what may be asked, in the language of the conversation.
  async suggest(language) {
    const texts = await suggestions(language).catch(() => []); // the connection is lost: it says so
    $("suggestions").replaceChildren(
      ...texts.map((text) => {
        const item = document.createElement("li");
        const button = document.createElement("button");
        button.type = "button";
        button.textContent = text;
        button.addEventListener("click", () => this.ask(text));
        item.append(button);
        return item;
      }),
    );
  }

  listen() {
    const talk = $("talk");
    const wake = () => this.speaker.start().catch((error) => console.info("no sound yet:", error.message));
    addEventListener("pointerdown", wake, {capture: true});
    addEventListener("keydown", wake, {capture: true});
    talk.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      talk.setPointerCapture(event.pointerId);
      this.press();
    });
    for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) talk.addEventListener(end, () => this.release());
    talk.addEventListener("contextmenu", (event) => event.preventDefault());
    talk.addEventListener("click", (event) => {
      if (event.detail === 0 && !this.keyed) this.toggle(); // of a screen reader or a switch
    });
    addEventListener("keydown", (event) => this.keyDown(event));
    addEventListener("keyup", (event) => this.keyUp(event));
    addEventListener("blur", () => this.release());
    addEventListener("hashchange", () => this.view());
    $("free").addEventListener("click", () => this.setFree(!this.freed));
    $("stop").addEventListener("click", () => this.stop());
    $("composer").addEventListener("submit", (event) => {
      event.preventDefault();
      const text = $("text").value.trim();
      if (text && this.ask(text)) $("text").value = "";
      this.showButtons();
    });
    $("text").addEventListener("input", () => this.showButtons());
    $("open-panel").addEventListener("click", () => $("panel").showModal());
    $("export").addEventListener("click", () => this.chat.export());
    $("logout").addEventListener("click", async () => {
      await fetch(at("/api/logout"), {method: "POST"});
      this.chat.clear();
      $("panel").close();
    });
    $("clear").addEventListener("click", () => {
      this.chat.clear();
      this.link.send("clear");
      $("panel").close();
    });
    document.addEventListener("visibilitychange", () => this.keepAwake());
    addEventListener("beforeinstallprompt", (event) => {
      event.preventDefault();
      $("install").hidden = false;
      $("install").onclick = () => event.prompt();
    });
    addEventListener("appinstalled", () => ($("install").hidden = true));
  }

  // A key talks where it would not write or press anything else.
  talks(event) {
    if (event.code !== "Space" || event.ctrlKey || event.altKey || event.metaKey || $("panel").open) return false;
    if (document.body.dataset.view === "look") return false;
    const at = event.target;
    return at === $("talk") || !at.closest?.("input, textarea, select, button, a, dialog");
  }

  keyDown(event) {
    if (event.key === "Escape" && !$("panel").open && this.busy) return this.stop();
    if (!this.talks(event)) return;
    event.preventDefault();
    if (event.repeat) return;
    this.keyed = true;
    this.press();
  }

  keyUp(event) {
    if (event.code !== "Space" || !this.keyed) return;
    event.preventDefault();
    this.release();
    setTimeout(() => (this.keyed = false));
  }

  press() {
    if (this.talking) {
      this.pressed = 0;
      return this.finish(); // a second tap
    }
    this.pressed = performance.now();
    this.begin();
  }

  release() {
    if (!this.pressed) return;
    const held = performance.now() - this.pressed;
    this.pressed = 0;
    if (held < TAP && this.talking) return this.hint(); // a tap: listen on until the next one
    if (this.talking) this.finish();
    else this.wanted = false; // let go before the browser had opened the microphone
  }

  toggle() {
    if (this.talking) this.finish();
    else this.begin();
  }

  async begin() {
    if (!this.link.open) return this.tell(word("lost"));
    this.end();
    this.wanted = true;
    if (!(await this.openMicrophone()) || !this.wanted) return;
    this.talking = true;
    this.link.send("listen");
    this.microphone.send(true);
    this.show();
  }

  // Sound reaches the page late, and people let go with the last syllable: the end comes after both.
  finish() {
    this.talking = this.wanted = false;
    this.ending = setTimeout(() => this.end(), TAIL);
    this.show();
  }

  endNow() {
    this.finish();
    this.end();
  }

  end() {
    if (!this.ending) return;
    this.forgetEnd();
    this.link.send("end");
    this.microphone.send(this.free && !this.muted);
  }

  forgetEnd() {
    clearTimeout(this.ending);
    this.ending = 0;
  }

  async openMicrophone() {
    try {
      await this.microphone.start();
      this.tell("");
      return true;
    } catch (error) {
      const cause = ["insecure", "unsupported", "refused", "missing", "busy"].includes(error.message) ? error.message : "busy";
      this.tell(obstacle(cause));
      console.info("microphone:", cause, error.cause?.message ?? error.message);
      return false;
    }
  }

  lostMicrophone() {
    this.tell(word("microphone_lost"));
    if (this.talking) this.endNow();
    this.setFree(false);
  }

  async setFree(free) {
    if (free && this.panel.chosen.attention === "asked") this.panel.choose({attention: "voice"});
    if (free && !(await this.openMicrophone())) free = false;
    this.freed = free;
    this.link.send("set", {attention: this.free ? this.panel.chosen.attention : "asked"});
    if (this.muted) this.link.send("unmute");
    this.microphone.send(this.free || this.talking || Boolean(this.ending));
    this.keepAwake();
    this.show();
  }

  // A screen that stays on while the hands are free, as far as the browser has it.
  async keepAwake() {
    const wanted = this.free && !document.hidden;
    if (!wanted) {
      await this.lock?.release().catch(() => {});
      this.lock = null;
    } else if (!this.lock || this.lock.released) {
      this.lock = await navigator.wakeLock?.request("screen").catch(() => null);
    }
  }

  ask(text) {
    if (!this.link.send("ask", {text})) {
      this.tell(word("lost"));
      return false;
    }
    if (this.talking) this.endNow();
    return true;
  }

  stop() {
    this.link.send("stop");
    this.speaker.hush(this.speaker.epoch);
    if (this.talking) this.endNow();
  }

  get busy() {
    return this.phase === "thinking" || this.phase === "speaking" || Boolean(this.timers.ringing);
  }

  changed(changes) {
    if ("attention" in changes) {
      if (changes.attention === "asked") this.setFree(false);
      else if (this.freed) this.setFree(true);
      this.show();
      return;
    }
    this.link.send("set", changes);
    if ("language" in changes) {
      loadWords(changes.language).then(() => {
        this.has &&= {...this.has, language: changes.language};
        this.name();
        this.panel.show();
        this.show();
        this.chat.draw();
        this.view();
      });
    }
  }

  take(event) {
    switch (event.event) {
      case "welcome":
        document.body.dataset.link = "on";
        this.login.show(false);
        this.login.allowed().then(() => ($("logout").hidden = this.login.how !== "browser"));
        $("house").textContent = event.satellite || "Satellite";
        this.has = event;
        this.panel.offer(event);
        this.suggest(event.language);
        this.tell("");
        if (this.freed) this.setFree(true);
        if (this.wasOutside) this.view();
        this.wasOutside = false;
        break;
      case "phase":
        this.phase = event.phase;
        if (this.phase !== "listening" && (this.talking || this.ending)) this.silence();
        break;
      case "transcript":
        this.chat.heard(event.text, event.final, event.turn);
        break;
      case "reply":
        this.chat.answered(event.text, event.final, event.turn);
        break;
      case "turn_end":
        this.chat.ended(event.turn);
        if (event.outcome === "nothing_heard") this.chat.note(word("nothing_heard"));
        if (event.outcome === "failed") this.chat.note(word("failed", {stage: word(event.stage ?? "turn"), error: event.error ?? ""}));
        break;
      case "announce":
        if (event.text) this.chat.note(event.text);
        break;
      case "timers":
        this.timers.take(event);
        break;
      case "mute":
        this.muted = event.muted;
        this.microphone.send(!event.muted && this.free);
        break;
      case "hush":
        this.speaker.hush(event.epoch);
        break;
      case "error":
        console.info("satellite:", event.where, event.text);
        break;
    }
    this.show();
  }

  // The satellite has ended a request that the person still holds: it was too long.
  silence() {
    this.forgetEnd();
    this.talking = this.wanted = false;
    this.pressed = 0;
    this.microphone.send(this.free && !this.muted);
  }

  lost({cause, reason}) {
    document.body.dataset.link = "off";
    this.phase = "idle";
    this.speaker.reset();
    if (this.talking || this.ending) this.silence();
    if (cause === "elsewhere") this.tell(word("elsewhere"), word("here"), () => this.link.connect());
    if (cause === "full") this.tell(reason);
    this.checkLogin();
    this.show();
  }

  // A connection that is refused needs a log-in, or has lost it.
  async checkLogin() {
    if (await this.login.allowed()) return;
    this.link.pause();
    this.wasOutside = true;
    this.login.show(true);
    this.showState("outside");
  }

  reported({epoch, samples, gaps, level, playing}) {
    this.link.send("played", {epoch, samples, gaps});
    document.body.style.setProperty("--voice", playing ? Math.min(1, level * 4).toFixed(3) : "0");
  }

  show() {
    document.body.dataset.phase = this.talking ? "listening" : this.phase;
    const talk = $("talk");
    talk.setAttribute("aria-pressed", String(this.talking));
    talk.disabled = this.has?.hears === false;
    $("free").setAttribute("aria-pressed", String(this.free));
    $("free").disabled = this.has?.hears === false;
    if (!this.link.open) this.showState(this.link.ended ? "elsewhere_short" : "connecting");
    else if (this.muted) this.showState("muted");
    else if (this.phase === "idle" && !this.talking) this.showState(this.free ? `waiting_${this.panel.chosen.attention}` : "ready");
    else this.showState(this.talking ? "listening" : this.phase);
    this.showButtons();
    this.hint();
  }

  showState(key) {
    const text = word(key, {word: this.panel.wakeWords?.[0] ?? ""});
    if ($("state").textContent !== text) $("state").textContent = text;
  }

  showButtons() {
    const typed = $("text").value.trim() !== "";
    $("send").hidden = !typed;
    $("stop").hidden = typed || !this.busy;
  }

  hint() {
    const key = this.talking ? (this.pressed ? "hint_release" : "hint_tap") : this.busy ? "hint_stop" : "hint_hold";
    $("hint").textContent = word(key);
  }

  tell(text, action, work) {
    const notice = $("notice");
    notice.hidden = !text;
    notice.textContent = text;
    if (!action) return;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = action;
    button.addEventListener("click", () => {
      this.tell("");
      work();
    });
    notice.append(button);
  }
}

// Return what keeps this page from the microphone, and what to do.
function obstacle(cause) {
  const key = cause === "insecure" && ingress ? "microphone_insecure_home" : `microphone_${cause}`;
  return word(key, {address: `https://${location.host}`});
}

const app = new App();
if (app.microphone.obstacle) app.tell(obstacle(app.microphone.obstacle));

// Store the files for a time without the satellite, once the page is there: nothing waits for it.
function install() {
  navigator.serviceWorker?.register(at("/page/worker.js"), {scope: at("/").pathname}).catch((error) => console.info("not installable:", error.message));
}
if (!ingress) addEventListener("load", () => setTimeout(install, 1000), {once: true});
