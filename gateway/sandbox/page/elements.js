// Makes elements. Text is always text: whatever a request holds, nothing of it becomes markup.

const SVG = "http://www.w3.org/2000/svg";

export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children.filter((child) => child !== null));
  return made;
}

export function phoneIcon() {
  const icon = document.createElementNS(SVG, "svg");
  icon.setAttribute("viewBox", "0 0 24 24");
  icon.setAttribute("class", "icon");
  icon.setAttribute("aria-hidden", "true");
  for (const line of ["M9 3h6a2 2 0 0 1 2 2v14a2 2 0 0 1-2 2H9a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2z", "M11 18h2"]) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", line);
    icon.append(path);
  }
  return icon;
}

// Changes only what differs, so that a selection of text, a focus and a screen reader are left in peace.
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function setAttribute(node, name, value) {
  if (node.getAttribute(name) !== value) node.setAttribute(name, value);
}

export function facts(rows, kind = "") {
  const list = element("dl", { class: `facts ${kind}` });
  for (const [name, value] of rows) {
    if (value === null || value === "") continue;
    list.append(element("dt", {}, name), element("dd", {}, String(value)));
  }
  return list;
}

export function clock(text) {
  return text ? new Date(text).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" }) : "";
}

// A time of today by the clock, any other with its day.
export function moment(text) {
  if (!text) return "";
  const time = new Date(text);
  if (time.toDateString() === new Date().toDateString()) return clock(text);
  return `${time.toLocaleDateString([], { day: "numeric", month: "short" })} ${clock(text)}`;
}
