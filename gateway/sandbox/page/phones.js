// The phones of the requests, each with its attempts, and the list that shows them.

import { element, moment, phoneIcon, setAttribute, setText } from "./elements.js";

export const MOST_PHONES = 200;
const STATES = { waiting: "Waiting", ringing: "Ringing", answered: "Answered", ended: "Ended" };

const phones = new Map(); // by key: the attempts by their number
const rows = new Map(); // by key

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

// Drops the phones at the bottom, but never the one that is being looked at; tells whether any were dropped.
export function makeRoom(list, selected) {
  let row = list.lastElementChild;
  let dropped = false;
  while (row !== null && phones.size > MOST_PHONES) {
    const above = row.previousElementSibling;
    const key = row.dataset.key;
    if (key !== selected) {
      row.remove();
      rows.delete(key);
      phones.delete(key);
      dropped = true;
    }
    row = above;
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
  const attempt = latest(phones.get(key));
  if (!rows.has(key)) {
    rows.set(key, newRow(key, onSelect));
    insert(list, rows.get(key), attempt);
  }
  fill(rows.get(key).firstElementChild, attempt);
}

// The latest request is on top, and within a request its numbers stand in its own order.
function insert(list, row, { request, serial }) {
  Object.assign(row.dataset, { request: request.number, serial });
  const isBelow = (other) =>
    Number(other.dataset.request) < request.number ||
    (Number(other.dataset.request) === request.number && Number(other.dataset.serial) > serial);
  let next = list.firstElementChild;
  while (next !== null && !isBelow(next)) next = next.nextElementSibling;
  list.insertBefore(row, next);
}

function newRow(key, onSelect) {
  const parts = ["number", "state", "about", "when"].map((name) => element("span", { class: name }));
  const button = element("button", { type: "button", class: "phone" }, phoneIcon(), ...parts);
  button.addEventListener("click", () => onSelect(key));
  return element("li", { "data-key": key }, button);
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
