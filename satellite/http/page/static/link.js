// The connection to the satellite: one WebSocket, opened again whenever it is lost.

import {at} from "./place.js";

const SUPERSEDED = 4001;
const FULL = 4002;
const FIRST = 400; // milliseconds before the first attempt to connect again
const LONGEST = 8000;
const DEAD = 25000; // milliseconds of sleep after which a connection is not trusted

export class Link extends EventTarget {
  constructor(hello) {
    super();
    this.hello = hello;
    this.wait = FIRST;
    this.seen = Date.now();
    addEventListener("online", () => this.now());
    addEventListener("pageshow", () => this.now());
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) return;
      if (Date.now() - this.seen > DEAD) this.drop();
      this.now();
    });
    setInterval(() => {
      if (Date.now() - this.seen > DEAD) this.drop(); // timers stood still: the machine slept
      this.seen = Date.now();
    }, 5000);
  }

  get open() {
    return this.socket?.readyState === WebSocket.OPEN;
  }

  connect() {
    clearTimeout(this.timer);
    this.ended = false;
    const address = at("/page/socket");
    address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(address);
    this.socket = socket;
    let closing = null;
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      this.welcomed = false;
      socket.send(JSON.stringify({type: "hello", ...this.hello()}));
    };
    socket.onmessage = ({data}) => {
      if (typeof data !== "string") return this.tell("sound", data);
      const event = JSON.parse(data);
      if (event.event === "closing") {
        closing = event; // a proxy between ends the connection by a code of its own
        return;
      }
      if (event.event === "welcome") {
        this.wait = FIRST;
        this.welcomed = true;
      }
      this.tell("event", event);
    };
    socket.onclose = (closed) => {
      if (this.socket !== socket) return;
      this.socket = null;
      const {code, reason} = closing ?? closed;
      this.ended = code === SUPERSEDED;
      const cause = this.ended ? "elsewhere" : code === FULL ? "full" : "lost";
      this.tell("lost", {cause, reason, welcomed: this.welcomed});
      if (!this.ended) this.later();
    };
  }

  // Connect at once, unless connected, or taken over by another tab.
  now() {
    if (this.socket || this.ended) return;
    this.wait = FIRST;
    this.connect();
  }

  // Stop trying until `now` is called.
  pause() {
    clearTimeout(this.timer);
  }

  send(type, fields = {}) {
    if (this.open) this.socket.send(JSON.stringify({type, ...fields}));
    return this.open;
  }

  sendSound(sound) {
    // what a network cannot carry is not sent late: the request would be answered long after
    if (this.open && this.socket.bufferedAmount < 256000) this.socket.send(sound);
  }

  drop() {
    this.seen = Date.now();
    const socket = this.socket;
    if (!socket) return;
    socket.onclose({code: 0, reason: ""});
    socket.onmessage = socket.onclose = null;
    socket.close();
  }

  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.connect(), this.wait * (0.75 + Math.random() / 2));
    this.wait = Math.min(LONGEST, this.wait * 2);
  }

  tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, {detail}));
  }
}
