// Sorting, filtering and folding of tables, and tabs of candidates. The page is whole without it.
"use strict";
document.documentElement.classList.add("scripted");
document.addEventListener("DOMContentLoaded", () => {
  const FEW = 8; // a table of fewer rows has no filter
  const words = (text) => text.normalize("NFC").toLowerCase();
  const natural = new Intl.Collator(undefined, { numeric: true });

  function element(name, properties) {
    return Object.assign(document.createElement(name), properties);
  }

  // The number that a cell begins with, or null: "1,234 (5 %)", "−2.1 [−3, −1]", "< 0.0001"
  function numberOf(text) {
    const found = text.replace(/\u2212/g, "-").replace(/,(?=\d{3})/g, "").match(/^\s*(<\s*)?([+-]?\d+(\.\d+)?(e[+-]?\d+)?)/);
    return found ? Number(found[2]) - (found[1] ? 1e-12 : 0) : null;
  }

  function tableOf(table) {
    const body = table.tBodies[0];
    const given = [...body.rows];
    const first = Number(table.dataset.first);
    const texts = given.map((row) => words(row.textContent));
    let unfolded = given.length <= first;
    const tools = element("div", { className: "tools" });
    const status = element("output", {});
    const input = element("input", { type: "search", id: `${table.id}-filter`, autocomplete: "off" });
    const more = element("button", { type: "button", textContent: `Show all ${given.length}` });

    function show() {
      const wanted = words(input.value).split(/\s+/).filter(Boolean);
      const fits = new Set(given.filter((row, place) => wanted.every((word) => texts[place].includes(word))));
      let count = 0;
      for (const row of body.rows) {
        const fit = fits.has(row);
        count += fit ? 1 : 0;
        row.classList.remove("more");
        row.hidden = !fit || (!unfolded && !wanted.length && count > first);
      }
      const seen = unfolded || wanted.length ? count : Math.min(count, first);
      status.textContent = seen === given.length ? "" : count ? `${seen} of ${given.length} rows` : "No row holds this.";
      more.hidden = unfolded || wanted.length > 0;
    }

    function sort(head, column) {
      const next = { none: "ascending", ascending: "descending", descending: "none" }[head.ariaSort || "none"];
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      if (next !== "none") head.setAttribute("aria-sort", next);
      body.append(...(next === "none" ? given : sorted(column, next === "descending" ? -1 : 1)));
      show();
    }

    function sorted(column, way) {
      const cells = given.map((row) => row.cells[column].textContent.trim());
      const numbers = cells.map(numberOf);
      const numeric = numbers.every((value, place) => value !== null || cells[place] === "");
      const order = given.map((_, place) => place);
      order.sort((one, other) => {
        const empty = (cells[one] === "") - (cells[other] === "");
        if (empty) return empty; // what is not known stays last
        return way * (numeric ? numbers[one] - numbers[other] : natural.compare(cells[one], cells[other]));
      });
      return order.map((place) => given[place]);
    }

    if (given.length > 1) {
      [...table.tHead.rows[0].cells].forEach((head, column) => {
        if (head.classList.contains("chart")) return;
        const button = element("button", { type: "button", textContent: head.textContent });
        button.addEventListener("click", () => sort(head, column));
        head.replaceChildren(button);
      });
    }
    if (given.length > FEW) {
      const label = element("label", { htmlFor: input.id, textContent: "Filter" });
      label.append(element("span", { className: "unseen", textContent: ` the table ${table.caption.textContent}` }));
      input.addEventListener("input", show);
      more.addEventListener("click", () => {
        unfolded = true;
        show();
        table.parentElement.focus();
      });
      tools.append(label, input, more, status);
      table.parentElement.before(tools);
    }
    // Tables that are laid out as cards stay tables to screen readers
    const roles = { TABLE: "table", THEAD: "rowgroup", TBODY: "rowgroup", TR: "row", TD: "cell" };
    for (const part of [table, ...table.querySelectorAll("thead, tbody, tr, td, th")]) {
      part.setAttribute("role", roles[part.tagName] || (part.scope === "row" ? "rowheader" : "columnheader"));
    }
    show();
  }

  // A region takes the keyboard's focus only where there is something to scroll
  function focusable() {
    for (const region of document.querySelectorAll(".scroll")) {
      const wide = region.scrollWidth > region.clientWidth;
      region.tabIndex = wide ? 0 : -1;
    }
  }

  function tabs(box) {
    const parts = [...box.children];
    const list = element("div", { role: "tablist", ariaLabel: "Candidates" });
    const buttons = parts.map((part) =>
      element("button", { type: "button", role: "tab", id: `${part.id}-tab`, textContent: part.querySelector("h2").textContent }));
    function choose(chosen) {
      buttons.forEach((button, place) => {
        button.setAttribute("aria-selected", String(place === chosen));
        button.tabIndex = place === chosen ? 0 : -1;
        parts[place].hidden = place !== chosen;
      });
      focusable();
    }
    const steps = { ArrowRight: 1, ArrowLeft: -1 };
    buttons.forEach((button, place) => {
      button.setAttribute("aria-controls", parts[place].id);
      parts[place].setAttribute("role", "tabpanel");
      button.addEventListener("click", () => choose(place));
      button.addEventListener("keydown", (event) => {
        const ends = { Home: 0, End: parts.length - 1 };
        const step = steps[event.key];
        if (step === undefined && !(event.key in ends)) return;
        event.preventDefault();
        const next = step === undefined ? ends[event.key] : (place + step + parts.length) % parts.length;
        choose(next);
        buttons[next].focus();
      });
    });
    list.append(...buttons);
    box.before(list);
    const asked = () => parts.findIndex((part) => `#${part.id}` === location.hash || part.querySelector(`[id="${CSS.escape(decodeURIComponent(location.hash.slice(1)))}"]`));
    addEventListener("hashchange", () => {
      const place = asked();
      if (place >= 0) choose(place);
      if (place >= 0) document.querySelector(location.hash)?.scrollIntoView();
    });
    choose(Math.max(asked(), 0));
  }

  document.querySelectorAll("table").forEach(tableOf);
  document.querySelectorAll(".candidates").forEach(tabs);
  focusable();
  addEventListener("resize", focusable);
  addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((part) => { part.open = true; }));
});
