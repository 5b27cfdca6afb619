// The phones of the requests, each with its attempts, and the list that shows them.

import { element, moment, phoneIcon, setAttribute, setText } from "./elements.js";

export const MOST_PHONES = 200;
const STATES = { waiting: "Waiting", ringing: "Ringing", answered: "Answered", ended: "Ended" };

const phones = new Map(); // by key, the first that rang first
const rows = new Map();

export function keyOf(attempt) {
  return `${attempt.request.number}/${attempt.number}`;
}

export function phone(key) {
  return phones.get(key);
}

export function stateInWords(attempt) {
  if (attempt.state === "ended") return attempt.status;
  return STATES[attempt.state];
}

export function forgetPhones(list) {
  phones.clear();
  rows.clear();
  list.replaceChildren();
}

// Takes in what changed; returns the keys of the phones that did.
export function takeIn(attempts, list, onSelect) {
  const changed = new Set();
  for (const attempt of attempts) {
    const key = keyOf(attempt);
    if (!phones.has(key)) phones.set(key, new Map());
    phones.get(key).set(attempt.attempt, attempt);
    changed.add(key);
  }
  for (const key of changed) show(key, list, onSelect);
  return changed;
}

// Drops the oldest phones, but never the one that is being looked at; tells whether any were dropped.
export function makeRoom(selected) {
  let dropped = false;
  for (const key of phones.keys()) {
    if (phones.size <= MOST_PHONES) break;
    if (key === selected) continue;
    rows.get(key).remove();
    rows.delete(key);
    phones.delete(key);
    dropped = true;
  }
  return dropped;
}

export function latest(attempts) {
  return attempts.get(Math.max(...attempts.keys()));
}

export function markSelected(key) {
  for (const [each, row] of rows) {
    const button = row.firstElementChild;
    if (each === key) setAttribute(button, "aria-current", "true");
    else button.removeAttribute("aria-current");
  }
}

export function rowButton(key) {
  return rows.get(key)?.firstElementChild;
}

function show(key, list, onSelect) {
  if (!rows.has(key)) {
    rows.set(key, newRow(key, onSelect));
    insert(list, rows.get(key), key.split("/")[0]);
  }
  fill(rows.get(key).firstElementChild, latest(phones.get(key)));
}

// The latest request is on top, and within a request its numbers stand in its own order.
function insert(list, row, request) {
  row.dataset.request = request;
  let last = list.firstElementChild;
  if (last?.dataset.request !== request) return list.prepend(row);
  while (last.nextElementSibling?.dataset.request === request) last = last.nextElementSibling;
  last.after(row);
}

function newRow(key, onSelect) {
  const parts = ["number", "state", "about", "when"].map((name) => element("span", { class: name }));
  const button = element("button", { type: "button", class: "phone", "data-phone": key }, phoneIcon(), ...parts);
  button.addEventListener("click", () => onSelect(key));
  return element("li", {}, button);
}

function fill(button, attempt) {
  const part = (name) => button.querySelector(`.${name}`);
  setAttribute(button, "data-state", attempt.state);
  setText(part("number"), attempt.number);
  setText(part("state"), stateInWords(attempt));
  setText(part("about"), about(attempt));
  setText(part("when"), moment(attempt.ended ?? attempt.answered ?? attempt.started ?? attempt.due));
}

function about(attempt) {
  const words = [];
  if (attempt.keypress) words.push(`pressed ${attempt.keypress}`);
  if (attempt.attempt > 1) words.push(`attempt ${attempt.attempt}`);
  words.push(attempt.request.custom || `request ${attempt.request.number}`);
  return words.join(" \u00b7 ");
}
