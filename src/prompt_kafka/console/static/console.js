/* Brings pages up to date and adds comforts; every page can be read without it. */
"use strict";
(() => {
  const body = document.body;
  const all = (selector, root = document) => Array.from(root.querySelectorAll(selector));

  /* Clocks: UTC, the site's, this browser's; the choice is remembered. */
  const site = body.dataset.zone || "UTC";
  const local = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
  const zones = new Map([["UTC", "UTC"]]);
  if (site !== "UTC") zones.set("site", site);
  if (local !== "UTC" && local !== site) zones.set("local", local);
  let clock = "UTC";
  try { clock = localStorage.getItem("clock") || "UTC"; } catch { /* no storage: UTC */ }
  if (!zones.has(clock)) clock = "UTC";

  function said(at, form) {
    const day = form === "date" ? { year: "numeric", month: "2-digit", day: "2-digit" } : {};
    const format = new Intl.DateTimeFormat("sv-SE", { timeZone: zones.get(clock), hour12: false, hour: "2-digit", minute: "2-digit", second: "2-digit", ...day });
    return format.format(at) + (clock === "UTC" ? " UTC" : clock === "site" ? " site" : "");
  }
  function span(seconds) {
    if (seconds < 120) return `${Math.round(seconds)} s`;
    if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
    if (seconds < 172800) return `${Math.round(seconds / 3600)} h`;
    return `${Math.round(seconds / 86400)} d`;
  }
  function tick() {
    const now = Date.now();
    for (const element of all("[data-since]")) {
      const at = Date.parse(element.dataset.since);
      element.textContent = `${span(Math.max(0, (now - at) / 1000))} ago`;
    }
    for (const element of all("[data-until]")) {
      element.textContent = `in ${span(Math.max(0, (Date.parse(element.dataset.until) - now) / 1000))}`;
    }
  }
  function times(root = document) {
    for (const element of all("time[datetime]", root)) {
      const at = new Date(element.getAttribute("datetime"));
      if (!Number.isNaN(at.getTime())) element.textContent = said(at, element.dataset.form);
    }
  }
  for (const select of all("select[data-clock]")) {
    for (const [name, zone] of zones) {
      const option = new Option(name === "UTC" ? "UTC" : `${name} (${zone})`, name, false, name === clock);
      select.add(option);
    }
    select.hidden = false;
    for (const each of all("[data-noscript]", select.parentElement)) each.hidden = true;
    select.addEventListener("change", () => {
      clock = select.value;
      try { localStorage.setItem("clock", clock); } catch { /* not remembered */ }
      times();
    });
  }

  /* Copy buttons. */
  function comforts(root = document) {
    for (const button of all("button[data-copy]", root)) {
      if (navigator.clipboard) button.hidden = false;
    }
    times(root);
    tick();
  }
  document.addEventListener("click", async (event) => {
    const button = event.target.closest ? event.target.closest("button[data-copy]") : null;
    if (!button) return;
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.textContent = "copied";
    } catch { button.textContent = "not copied"; }
    setTimeout(() => { button.textContent = "copy"; }, 1500);
  });

  /* Live parts. The server escapes what it puts into them, and the page's policy runs no script in them. */
  const stale = document.querySelector("[data-stale]");
  for (const root of all("[data-live]")) {
    let heard = Date.now(), over = false;
    const source = new EventSource(root.dataset.live);
    const alive = () => { heard = Date.now(); stale.hidden = true; };
    source.addEventListener("open", alive);
    source.addEventListener("parts", (event) => {
      alive();
      for (const [name, html] of Object.entries(JSON.parse(event.data))) {
        const part = root.querySelector(`[data-part="${CSS.escape(name)}"]`);
        if (!part) continue;
        const focused = part.contains(document.activeElement) ? document.activeElement.id : "";
        const open = all("details[open]", part).map((each) => each.id || each.querySelector("summary")?.textContent);
        part.innerHTML = html;
        for (const each of all("details", part)) {
          if (open.includes(each.id || each.querySelector("summary")?.textContent)) each.open = true;
        }
        comforts(part);
        if (focused) document.getElementById(focused)?.focus();
      }
    });
    source.addEventListener("over", () => { over = true; source.close(); });
    source.addEventListener("error", () => {
      if (over) return;
      stale.hidden = false;
      stale.textContent = `The console does not answer; what you see is ${span((Date.now() - heard) / 1000)} old. It is tried again.`;
    });
  }

  /* A form that takes a while says so, and is sent once. */
  document.addEventListener("submit", (event) => {
    const form = event.target;
    const button = event.submitter || form.querySelector("button");
    if (!form.dataset.busy || !button) return;
    const said = button.nextElementSibling;
    if (said) { said.textContent = form.dataset.busy; said.setAttribute("role", "status"); }
    setTimeout(() => { button.disabled = true; }, 0);
  });
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) for (const button of all("button:disabled")) button.disabled = false;
  });

  /* Keys: / goes to the first search field, n and p to what comes next and before. */
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select")) return;
    if (event.key === "/") {
      const field = document.querySelector("[role=search] input:not([type=checkbox]), main input:not([type=hidden])");
      if (field) { event.preventDefault(); field.focus(); }
    } else if (event.key === "n" || event.key === "p") {
      document.querySelector(`a[rel=${event.key === "n" ? "next" : "prev"}]`)?.click();
    }
  });

  setInterval(tick, 1000);
  comforts();
})();
