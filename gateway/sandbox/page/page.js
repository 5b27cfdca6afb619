// Listens to what happens, and keeps the page as it is.

import { forgetRequests, requestOf, showDetail } from "./detail.js";
import { setAttribute, setText } from "./elements.js";
import { forgetPhones, makeRoom, markSelected, phone, rowButton, takeIn } from "./phones.js";

const byId = (id) => document.getElementById(id);
const list = byId("phones");
let selected = null;

function select(key) {
  selected = key;
  document.body.classList.toggle("choosing", key !== null);
  markSelected(key);
  byId("hint").hidden = key !== null;
  byId("selected").hidden = key === null;
  byId("selected").replaceChildren();
  if (key !== null) refresh().then(() => focusDetailWhenAlone());
}

// On a narrow screen the detail takes the place of the list, and so the focus.
function focusDetailWhenAlone() {
  if (getComputedStyle(byId("back")).display === "none") return;
  window.scrollTo(0, 0);
  byId("selected").querySelector("h2")?.focus();
}

async function refresh() {
  const key = selected;
  const request = await requestOf(Number(key.split("/")[0]));
  if (key === selected && phone(key)) showDetail(byId("selected"), phone(key), request);
}

function goBack() {
  const button = rowButton(selected);
  select(null);
  button?.focus();
}

function told(message) {
  if (message.reset) {
    forgetPhones(list);
    forgetRequests();
    byId("older").hidden = true;
  }
  const changed = takeIn(message.attempts, list, select);
  if (makeRoom(list, selected)) byId("older").hidden = false;
  if (selected !== null && !phone(selected)) select(null);
  if (message.reset) markSelected(selected);
  if (selected !== null && changed.has(selected)) refresh();
  showNumbers(message);
  byId("empty").hidden = list.childElementCount > 0;
  document.body.classList.toggle("empty", list.childElementCount === 0);
}

function showNumbers({ counts, requests, example }) {
  for (const state of ["waiting", "ringing", "answered", "ended"]) setText(byId(`count-${state}`), String(counts[state] ?? 0));
  setText(byId("requests"), requests === 0 ? "No requests yet" : requests === 1 ? "1 request" : `${requests} requests`);
  byId("forget").disabled = requests === 0;
  setText(byId("example"), command(example));
}

function command({ sid, key, bridge }) {
  return [
    `curl ${location.origin}/v1/${sid}/voice/outbound`,
    `  -H 'api-key: ${key}'`,
    `  --data-urlencode 'to=+13236550107'`,
    `  --data-urlencode 'bridge=${bridge}'`,
    `  --data-urlencode 'target=[{"ivr":["SG_1"]}]'`,
  ].join(" \\\n");
}

function connection(state, words) {
  setAttribute(byId("connection"), "data-connection", state);
  setText(byId("connection"), words);
}

// Up and down go from phone to phone, as in any list.
function step(event) {
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const buttons = [...list.querySelectorAll("button")];
  const next = buttons[buttons.indexOf(document.activeElement) + by];
  if (by === undefined || !buttons.includes(document.activeElement) || !next) return;
  event.preventDefault();
  next.focus();
}

list.addEventListener("keydown", step);
byId("back").addEventListener("click", goBack);
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && selected !== null) goBack();
});
byId("forget").addEventListener("click", () => fetch("/requests", { method: "DELETE" }));

const events = new EventSource("/events");
events.addEventListener("open", () => connection("live", "Live"));
events.addEventListener("error", () => connection("lost", "Reconnecting"));
events.addEventListener("message", (event) => told(JSON.parse(event.data)));
