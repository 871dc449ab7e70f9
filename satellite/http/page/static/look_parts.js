// Small parts of the view to look after the house: elements, requests, forms, bars.
// All text is set as text: nothing that a server sends is ever read as HTML.

import {at} from "./place.js";
import {word} from "./words.js";

const SVG = "http://www.w3.org/2000/svg";
const PATIENCE = 120000; // milliseconds: an examination takes up to a minute

export class ApiError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

// Return an element; `facts` are its attributes, but for `text` and for `on`, its handlers.
export function el(name, facts = {}, ...children) {
  return filled(document.createElement(name), facts, children);
}

export function svg(name, facts = {}, ...children) {
  return filled(document.createElementNS(SVG, name), facts, children);
}

function filled(element, {text, on = {}, ...attributes}, children) {
  for (const [key, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(key, "");
    else if (value !== false && value != null) element.setAttribute(key, value);
  }
  if (text != null) element.textContent = text;
  for (const [event, handler] of Object.entries(on)) element.addEventListener(event, handler);
  element.append(...children.filter((child) => child != null));
  return element;
}

export async function request(method, path, body, more = {}) {
  const options = {method, cache: "no-store", signal: AbortSignal.timeout(PATIENCE), ...more};
  if (body !== undefined) {
    options.body = JSON.stringify(body);
    options.headers = {"Content-Type": "application/json", ...more.headers};
  }
  const answer = await fetch(at(path), options).catch((error) => {
    throw new ApiError(0, error.name === "AbortError" ? word("look_stopped") : word("lost"));
  });
  if (answer.ok) return answer;
  const found = await answer.json().catch(() => ({}));
  throw new ApiError(answer.status, answer.status === 403 ? word("look_forbidden") : (found.error ?? `HTTP ${answer.status}`));
}

export async function ask(method, path, body) {
  return (await request(method, path, body)).json();
}

// A line that screen readers read when it changes.
export function line() {
  return el("p", {class: "result", role: "status"});
}

export function say(result, text, wrong = false) {
  result.textContent = text;
  result.classList.toggle("wrong", wrong);
}

// Do some work; what goes wrong is shown in the line. Return whether it went well.
export async function attempt(result, work) {
  try {
    await work();
    return true;
  } catch (error) {
    if (!(error instanceof ApiError)) console.warn(error);
    say(result, error.message, true);
    return false;
  }
}

export function button(text, press, facts = {}) {
  return el("button", {type: "button", text, on: {click: press}, ...facts});
}

// A button that asks again before it does what cannot be undone.
export function careful(text, about, question, work) {
  const place = el("span", {class: "careful"});
  const first = button(text, () => {
    const no = button(word("cancel"), back);
    place.replaceChildren(
      el("span", {text: question}),
      button(text, () => {
        back();
        work();
      }, {class: "strong"}),
      no,
    );
    no.focus();
  }, {"aria-label": `${text}: ${about}`});
  const back = () => {
    place.replaceChildren(first);
    first.focus();
  };
  place.append(first);
  return place;
}

export function field(text, input) {
  return el("label", {class: "field"}, el("span", {text}), input);
}

export function choice(options, value) {
  const select = el("select");
  for (const [key, text] of options) select.append(new Option(text, key, false, key === value));
  return select;
}

// Names and values, as a list of descriptions.
export function facts(pairs) {
  const list = el("dl", {class: "facts"});
  for (const [name, value] of pairs) {
    if (value) list.append(el("dt", {text: name}), el("dd", {text: value}));
  }
  return list;
}

// Show the first items of a list, and more by a button.
export function fill(list, items, draw, most = 20) {
  list.replaceChildren(...items.slice(0, most).map(draw));
  if (items.length <= most) return;
  const more = el("li", {class: "more"});
  more.append(button(word("look_more", {count: items.length - most}), () => {
    const added = items.slice(most).map(draw);
    more.replaceWith(...added);
    added[0].querySelector("button, summary, audio")?.focus();
  }));
  list.append(more);
}

export function seconds(value) {
  return `${value.toLocaleString(document.documentElement.lang, {maximumFractionDigits: value < 10 ? 2 : 0})} s`;
}

export function moment(unix) {
  return new Date(unix * 1000).toLocaleString(document.documentElement.lang, {dateStyle: "medium", timeStyle: "short"});
}

export function size(bytes) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)));
  return `${(bytes / 1000 ** power).toLocaleString(document.documentElement.lang, {maximumFractionDigits: power ? 1 : 0})} ${units[power]}`;
}

// A bar of pieces after each other, `most` wide; `mark` is a line across it.
export function bar(pieces, most, text, mark = null) {
  const drawing = svg("svg", {class: "bar", viewBox: "0 0 1000 10", preserveAspectRatio: "none", role: "img", "aria-label": text});
  let at = 0;
  for (const [kind, value] of pieces) {
    const width = Math.max(0, (value / most) * 1000);
    drawing.append(svg("rect", {class: `piece ${kind}`, x: at.toFixed(1), y: 0, width: width.toFixed(1), height: 10}));
    at += width;
  }
  if (mark != null) drawing.append(svg("rect", {class: "mark-line", x: Math.min(996, (mark / most) * 1000).toFixed(1), y: 0, width: 4, height: 10}));
  return drawing;
}

// A row of a plot: its name, its bar, its figure.
export function row(name, drawing, figure) {
  return el("li", {class: "plot"}, el("span", {text: name}), drawing, el("span", {class: "figure", text: figure}));
}

// The course of a value, from left to right.
export function course(values, text) {
  const most = Math.max(...values, 0.001);
  const step = 1000 / Math.max(1, values.length - 1);
  const points = values.map((value, i) => `${(i * step).toFixed(1)},${(96 - (value / most) * 90).toFixed(1)}`);
  return svg(
    "svg",
    {class: "course", viewBox: "0 0 1000 100", preserveAspectRatio: "none", role: "img", "aria-label": text},
    svg("line", {x1: 0, y1: 98, x2: 1000, y2: 98, class: "ground"}),
    svg("polygon", {class: "area", points: `0,98 ${points.join(" ")} 1000,98`}),
    svg("polyline", {class: "curve", points: points.join(" ")}),
  );
}
