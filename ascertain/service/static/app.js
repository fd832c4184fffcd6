// Only conveniences: every page works without this file.
"use strict";

// By keyboard: what has data-key is reached by that key ("?" shows them), j and k go along what has data-row. In a text
// Esc leaves it and Ctrl with Enter sends its form.
const form = document.querySelector("form[data-decide]");
const rows = [...document.querySelectorAll("[data-row]")];
document.addEventListener("keydown", (event) => {
  const typing = event.target.matches("input:not([type=radio]), textarea, select");
  if (typing && event.key === "Escape") return event.target.blur();
  if (typing && event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.form) {
    event.preventDefault();
    return event.target.form.requestSubmit();
  }
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (rows.length && (event.key === "j" || event.key === "k")) {
    const at = rows.indexOf(document.activeElement), step = event.key === "j" ? 1 : -1;
    const to = at < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.min(Math.max(at + step, 0), rows.length - 1);
    event.preventDefault();
    return rows[to].focus();
  }
  const target = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (!target) return;
  event.preventDefault();
  if (target.matches("input[type=radio]")) {
    target.checked = true;
    target.dispatchEvent(new Event("change", { bubbles: true }));
    target.focus();
  } else if (target.matches("textarea, input, select")) target.focus();
  else target.click();
});
if (form) {
  const follow = () => {
    const chosen = form.querySelector("input[name=decision]:checked");
    for (const part of form.querySelectorAll("[data-when]")) {
      part.hidden = !(chosen && chosen.value === part.dataset.when);
    }
  };
  form.addEventListener("change", follow);
  follow();
}

// A run's progress, as server-sent events; without scripts the page says how to look again.
const run = document.querySelector("[data-events]");
if (run && "EventSource" in window) {
  const source = new EventSource(run.dataset.events);
  const bar = run.querySelector("progress");
  const words = run.querySelector("[data-words]");
  source.addEventListener("progress", (event) => {
    const seen = JSON.parse(event.data);
    if (bar) { bar.max = seen.total || 1; bar.value = seen.done; }
    const counts = Object.entries(seen.counts).map(([state, n]) => `${n} ${state.replaceAll("_", " ")}`);
    if (words) words.textContent = `${seen.done} of ${seen.total} have come to an end: ${counts.join(", ")}.`;
  });
  source.addEventListener("trouble", (event) => { if (words) words.textContent = JSON.parse(event.data).detail; });
  source.addEventListener("end", () => { source.close(); location.reload(); });
}

// "Print" and "select all" only where a script can do it.
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

// An open part of the menu closes with Esc and when something else is meant.
const folds = [...document.querySelectorAll("details.fold")];
document.addEventListener("click", (event) => {
  for (const fold of folds) if (!fold.contains(event.target)) fold.open = false;
});
document.addEventListener("keydown", (event) => {
  const open = folds.find((fold) => fold.open);
  if (event.key !== "Escape" || !open) return;
  open.open = false;
  open.querySelector("summary").focus();
});
