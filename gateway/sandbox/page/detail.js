// What is known of one phone: its attempts, the reports that were sent of them, and the request that rang it.

import { element, facts, moment, setText } from "./elements.js";
import { latest, stateInWords } from "./phones.js";

const requests = new Map(); // by number; a request never changes

export function forgetRequests() {
  requests.clear();
}

export async function requestOf(number) {
  if (!requests.has(number)) {
    const reply = await fetch(`/requests/${number}`);
    if (!reply.ok) return null;
    requests.set(number, await reply.json());
  }
  return requests.get(number);
}

// Builds the panel anew, but for the heading, which a screen reader listens to.
export function showDetail(place, attempts, request) {
  const current = latest(attempts);
  const [heading, number, state] = headingOf(place);
  setText(number, current.number);
  setText(state, stateInWords(current));
  heading.dataset.state = current.state;
  const newestFirst = [...attempts.values()].sort((one, other) => other.attempt - one.attempt);
  const several = newestFirst.length > 1 || current.attempt > 1;
  place.querySelector(".rest").replaceChildren(
    element("section", {}, ...newestFirst.map((attempt) => attemptOf(attempt, several))),
    requestSection(current, request),
  );
}

function headingOf(place) {
  if (!place.querySelector(".heading")) {
    const number = element("h2", { tabindex: "-1" });
    const state = element("span", { class: "state", role: "status" });
    place.replaceChildren(element("div", { class: "heading" }, number, state), element("div", { class: "rest" }));
  }
  const heading = place.querySelector(".heading");
  return [heading, ...heading.children];
}

function attemptOf(attempt, several) {
  const seconds = (count) => (count === null ? "" : `${count} s`);
  return element(
    "section",
    { class: "attempt" },
    element("h3", {}, several ? `Attempt ${attempt.attempt}: ${stateInWords(attempt)}` : "What happened"),
    facts([
      ["Dialed", dialed(attempt)],
      ["Answered", moment(attempt.answered)],
      ["Keys pressed", attempt.keypress],
      ["Ended", attempt.ended ? `${moment(attempt.ended)}, ${attempt.status}` : ""],
      ["Ring time", attempt.started ? seconds(attempt.ring_seconds) : ""],
      ["Talk time", attempt.answered ? seconds(attempt.talk_seconds) : ""],
      ["Call id", attempt.id],
    ]),
    reportsOf(attempt),
  );
}

function dialed(attempt) {
  if (attempt.started) return moment(attempt.started);
  return attempt.ended ? "never" : `will be at ${moment(attempt.due)}`;
}

function reportsOf(attempt) {
  const list = element("ul", { class: "reports", "aria-label": "Reports" });
  for (const report of attempt.reports) {
    list.append(element("li", {}, reportLine(report), element("code", { class: "url" }, report.url)));
  }
  if (!attempt.reports.length) list.append(element("li", { class: "none" }, "No report was sent."));
  return list;
}

function reportLine(report) {
  const good = report.http_status >= 200 && report.http_status < 300;
  const outcome = report.problem || (report.http_status === null ? "on its way" : `HTTP ${report.http_status}`);
  const kind = outcome === "on its way" ? "" : good ? "good" : "bad";
  return element(
    "div",
    { class: "line" },
    element("span", { class: "event" }, report.event),
    element("span", {}, element("span", { class: kind }, outcome), ` ${moment(report.sent)}`),
  );
}

function requestSection(attempt, request) {
  const rows = [["Arrived", moment(attempt.request.arrived)], ["Reply", attempt.request.verdict]];
  for (const each of request?.wrapped ?? []) rows.push([each.field, `${each.given}, used as ${each.used}`]);
  return element(
    "section",
    { class: "request" },
    element("h3", {}, `Request ${attempt.request.number}`),
    facts(rows),
    element("h3", { class: "form" }, "Its form"),
    request ? facts(Object.entries(request.fields), "code") : element("p", { class: "none" }, "It was forgotten."),
  );
}
