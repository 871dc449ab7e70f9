// Logging in by the code that `satellite page` shows; the satellite then knows this browser.

import {at} from "./place.js";
import {word} from "./words.js";

const WRONG = {403: "login_wrong", 429: "login_often"};

export class Login {
  constructor(form, onIn) {
    this.form = form;
    this.field = form.querySelector("input");
    this.problem = form.querySelector("[role=alert]");
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (await this.enter(this.field.value)) {
        this.show(false);
        onIn();
      }
    });
  }

  // Return whether this browser may talk; false only where it must log in first.
  async allowed() {
    const answer = await fetch(at("/api/login"), {cache: "no-store"}).catch(() => null);
    const {allowed = true, how = ""} = answer?.ok ? await answer.json() : {};
    this.how = how;
    return allowed;
  }

  // Log in by the code of a QR code, which stands after the # and is never sent; then forget it.
  async fromAddress() {
    const code = new URLSearchParams(location.hash.slice(1)).get("code");
    if (!code) return;
    history.replaceState(null, "", location.pathname);
    if (!(await this.allowed())) await this.enter(code);
  }

  async enter(code) {
    const body = JSON.stringify({code: code.trim()});
    const answer = await fetch(at("/api/login"), {method: "POST", body, headers: {"Content-Type": "application/json"}}).catch(() => null);
    this.problem.textContent = answer?.ok ? "" : word(answer ? (WRONG[answer.status] ?? "login_wrong") : "lost");
    this.field.select();
    return Boolean(answer?.ok);
  }

  show(wanted) {
    this.form.hidden = !wanted;
    document.body.classList.toggle("outside", wanted);
    if (wanted) this.field.focus();
  }
}
