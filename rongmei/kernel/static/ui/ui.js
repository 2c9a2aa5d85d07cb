// The workbench's small script: keys, palette, toasts, copying, themes, columns, live times.
// Pages work without it. It reads data- attributes only and knows no page.
(function () {
  "use strict";

  const doc = document;
  const $ = (css, root) => (root || doc).querySelector(css);
  const $$ = (css, root) => Array.from((root || doc).querySelectorAll(css));
  const words = ($("template[data-words]") || { dataset: {} }).dataset;
  const on = (type, css, act) =>
    doc.addEventListener(type, (event) => {
      const hit = event.target instanceof Element && event.target.closest(css);
      if (hit) act(event, hit);
    });
  const store = {
    get(key) { try { return localStorage.getItem(key); } catch (e) { return null; } },
    set(key, value) { try { localStorage.setItem(key, value); } catch (e) { /* storage shut */ } },
  };
  const lang = doc.documentElement.lang || "zh-CN";
  const typing = (el) => el instanceof Element && (el.closest("input, textarea, select, [contenteditable]") !== null);

  // ---- htmx
  doc.addEventListener("htmx:configRequest", (event) => {
    const token = $('meta[name="csrf-token"]');
    if (token && event.detail.verb !== "get") event.detail.headers["X-CSRFToken"] = token.content;
  });
  const failed = () => toast(navigator.onLine ? words.failed : words.failedOffline);
  doc.addEventListener("htmx:responseError", failed);
  doc.addEventListener("htmx:sendError", failed);
  doc.addEventListener("htmx:timeout", failed);
  doc.addEventListener("htmx:afterSettle", () => { refreshTimes(); setupColumns(); });

  // ---- Toasts. A response may carry HX-Trigger: {"toast": {"text": "…", "undo": "/address"}}
  function toast(text, undo) {
    const template = $("template[data-toast-template]");
    const home = $("[data-toasts]");
    if (!template || !home || !text) return;
    const node = template.content.firstElementChild.cloneNode(true);
    $("[data-toast-text]", node).textContent = text;
    if (undo) {
      const button = $("[data-toast-undo]", node);
      button.hidden = false;
      button.addEventListener("click", () => {
        window.htmx.ajax("POST", undo, { swap: "none" });
        node.remove();
      });
    }
    home.append(node);
    arm(node);
  }
  // Time to read; it stays while it is pointed at or holds the focus.
  function arm(node) {
    const away = () => (node.matches(":hover, :focus-within") ? setTimeout(away, 3000) : node.remove());
    setTimeout(away, 10000);
  }
  doc.addEventListener("toast", (event) => toast(event.detail.text || event.detail.value, event.detail.undo));
  on("click", "[data-toast-close]", (event, el) => el.closest("[data-toast]").remove());

  // ---- Theme
  on("click", "[data-theme-switch]", () => {
    const root = doc.documentElement;
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
    store.set("ui.theme", root.dataset.theme);
  });

  // ---- Menus: one open at a time, Escape closes
  on("click", "*", (event) => {
    $$("details.menu[open], details.rail-more[open]").forEach((menu) => {
      if (!menu.contains(event.target)) menu.open = false;
    });
  });
  doc.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    const open = $("details.menu[open], details.rail-more[open]");
    if (open) { open.open = false; $("summary", open).focus(); }
  });

  // ---- Tables: where we are, what is chosen, which columns
  const rows = () => $$("table[data-keys] tbody tr");
  function step(by) {
    const all = rows();
    if (!all.length) return false;
    const at = all.findIndex((row) => row.classList.contains("is-here"));
    const to = Math.min(Math.max(at + by, 0), all.length - 1);
    if (at >= 0) all[at].classList.remove("is-here");
    all[to].classList.add("is-here");
    all[to].scrollIntoView({ block: "nearest" });
    const link = $("a[href]", all[to]);
    if (link) link.focus({ preventScroll: true });
    return true;
  }
  const here = () => $("table[data-keys] tr.is-here");
  const boxes = (table) => $$('tbody input[name="ids"]', doc.getElementById(table));
  function recount(table) {
    const bar = $(`[data-bulk="${table}"]`);
    const all = boxes(table);
    const chosen = all.filter((box) => box.checked);
    all.forEach((box) => box.closest("tr").classList.toggle("is-chosen", box.checked));
    const head = $(`[data-select-all="${table}"]`);
    if (head) {
      head.checked = chosen.length > 0 && chosen.length === all.length;
      head.indeterminate = chosen.length > 0 && chosen.length < all.length;
    }
    if (bar) { bar.hidden = !chosen.length; $("[data-bulk-count]", bar).textContent = String(chosen.length); }
  }
  let last = null;
  on("click", 'input[name="ids"]', (event, box) => {
    const table = box.closest("table").id;
    const all = boxes(table);
    if (event.shiftKey && last && all.includes(last)) {
      const [a, b] = [all.indexOf(last), all.indexOf(box)].sort((x, y) => x - y);
      all.slice(a, b + 1).forEach((one) => { one.checked = box.checked; });
    }
    last = box;
    recount(table);
  });
  on("change", "[data-select-all]", (event, head) => {
    boxes(head.dataset.selectAll).forEach((box) => { box.checked = head.checked; });
    recount(head.dataset.selectAll);
  });
  on("click", "[data-bulk-clear]", (event, el) => {
    const table = el.closest("[data-bulk]").dataset.bulk;
    boxes(table).forEach((box) => { box.checked = false; });
    recount(table);
  });
  function applyColumns(table, hidden) {
    $$("[data-col]", table).forEach((cell) => { cell.hidden = hidden.includes(cell.dataset.col); });
  }
  function setupColumns() {
    $$("[data-columns]").forEach((box) => {
      const id = box.dataset.columns;
      const key = `ui.columns.${id}`;
      const hidden = (store.get(key) || "").split(",").filter(Boolean);
      const table = doc.getElementById(id);
      applyColumns(table, hidden);
      const menu = $(`[data-column-menu="${id}"]`);
      if (!menu || menu.dataset.ready) return;
      menu.dataset.ready = "1";
      menu.hidden = false;
      $$("thead [data-col]:not([data-fixed])", table).forEach((head) => {
        const label = doc.createElement("label");
        const box2 = doc.createElement("input");
        label.className = "menu-item";
        box2.type = "checkbox";
        box2.checked = !hidden.includes(head.dataset.col);
        box2.addEventListener("change", () => {
          const off = $$("input", menu).map((b, i) => [b, $$("thead [data-col]:not([data-fixed])", table)[i]])
            .filter(([b]) => !b.checked).map(([, h]) => h.dataset.col);
          store.set(key, off.join(","));
          applyColumns(table, off);
        });
        label.append(box2, head.textContent.trim());
        $(".menu-list", menu).append(label);
      });
    });
  }

  // ---- Palette
  const palette = doc.getElementById("palette");
  function openPalette() {
    if (!palette || palette.open) return;
    palette.showModal();
    const input = $("input", palette);
    input.select();
    input.dispatchEvent(new Event("palette-open"));
  }
  on("click", "[data-palette-open]", openPalette);
  on("click", "dialog", (event, dialog) => { if (event.target === dialog) dialog.close(); });
  function pick(by) {
    const all = $$("a, button", palette);
    if (!all.length) return;
    const at = all.findIndex((el) => el.getAttribute("aria-selected") === "true");
    const to = (at + by + all.length) % all.length;
    all.forEach((el, i) => el.setAttribute("aria-selected", String(i === to)));
    all[to].scrollIntoView({ block: "nearest" });
  }
  if (palette) {
    palette.addEventListener("keydown", (event) => {
      if (event.isComposing) return;
      if (event.key === "ArrowDown") { pick(1); event.preventDefault(); }
      if (event.key === "ArrowUp") { pick(-1); event.preventDefault(); }
      if (event.key === "Enter") { const el = $('[aria-selected="true"]', palette); if (el) { el.click(); event.preventDefault(); } }
    });
    palette.addEventListener("htmx:afterSettle", () => pick(1));
  }

  // ---- Suggestions under a search box: an offer takes the place of a part of what was typed
  let offering = 0;
  $$("input[data-suggest]").forEach((input) => {
    const list = doc.createElement("ul");
    list.className = "offers";
    list.id = `${input.id}-offers`;
    list.hidden = true;
    list.setAttribute("role", "listbox");
    input.setAttribute("role", "combobox");
    input.setAttribute("aria-autocomplete", "list");
    input.setAttribute("aria-controls", list.id);
    input.setAttribute("aria-expanded", "false");
    input.after(list);
    const hide = () => {
      list.hidden = true;
      input.setAttribute("aria-expanded", "false");
      input.removeAttribute("aria-activedescendant");
    };
    const move = (by) => {
      const all = $$("li", list);
      const at = all.findIndex((one) => one.getAttribute("aria-selected") === "true");
      const to = at < 0 && by < 0 ? all.length - 1 : (at + by + all.length) % all.length;
      all.forEach((one, i) => one.setAttribute("aria-selected", String(i === to)));
      input.setAttribute("aria-activedescendant", all[to].id);
      all[to].scrollIntoView({ block: "nearest" });
    };
    const take = (row) => {
      const { insert, start, end } = row.offer;
      input.setRangeText(insert, start, end, "end");
      hide();
      input.focus();
      ask();
    };
    const draw = (items) => {
      list.replaceChildren(...items.map((offer, i) => {
        const row = doc.createElement("li");
        row.id = `${list.id}-${i}`;
        row.offer = offer;
        row.setAttribute("role", "option");
        row.setAttribute("aria-selected", "false");
        const name = doc.createElement("span");
        name.textContent = offer.label;
        const note = doc.createElement("span");
        note.className = "offers-note num";
        note.textContent = offer.note || (offer.count === null ? "" : offer.count.toLocaleString(lang));
        row.append(name, note);
        row.addEventListener("mousedown", (event) => { event.preventDefault(); take(row); });
        return row;
      }));
      list.hidden = !items.length;
      input.setAttribute("aria-expanded", String(items.length > 0));
    };
    const ask = async () => {
      const turn = ++offering;
      const query = new URLSearchParams({ q: input.value, at: String(input.selectionStart) });
      try {
        const answer = await fetch(`${input.dataset.suggest}?${query}`, { headers: { Accept: "application/json" } });
        const found = answer.ok ? await answer.json() : { items: [] };
        // An answer that was overtaken, or came after the box was left, is dropped.
        if (turn === offering && doc.activeElement === input) draw(found.items);
      } catch (e) { hide(); }
    };
    let wait = 0;
    input.addEventListener("input", (event) => {
      clearTimeout(wait);
      if (!event.isComposing) wait = setTimeout(ask, 120);
    });
    input.addEventListener("compositionend", () => { clearTimeout(wait); wait = setTimeout(ask, 120); });
    input.addEventListener("blur", () => { offering++; hide(); });
    input.addEventListener("keydown", (event) => {
      if (event.isComposing || list.hidden) return;
      if (event.key === "ArrowDown" || event.key === "ArrowUp") { move(event.key === "ArrowDown" ? 1 : -1); event.preventDefault(); }
      if (event.key === "Escape") { hide(); event.preventDefault(); }
      const chosen = $('[aria-selected="true"]', list);
      if (chosen && (event.key === "Enter" || event.key === "Tab")) { take(chosen); event.preventDefault(); }
    });
  });

  // ---- Keys
  let go = 0;
  doc.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k" && palette) {
      event.preventDefault();
      return openPalette();
    }
    // A key pressed while an input method composes a word belongs to the word.
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing(event.target)) return;
    if ($("dialog[open]")) return;
    const key = event.key;
    if (go && Date.now() - go < 1500) {
      go = 0;
      const place = $(`[data-go="${CSS.escape(key)}"]`);
      if (place) { event.preventDefault(); place.click(); }
      return;
    }
    if (key === "g") { go = Date.now(); return; }
    if (key === "j" || key === "k") { if (step(key === "j" ? 1 : -1)) event.preventDefault(); return; }
    if (key === "x" && here()) { const box = $('input[name="ids"]', here()); if (box) { box.click(); } return; }
    if (key === "Enter" && here() && !doc.activeElement.closest("a, button")) { const a = $("a[href]", here()); if (a) a.click(); return; }
    if (key === "/") { const box = doc.getElementById("search"); if (box) { event.preventDefault(); box.focus(); } return; }
    if (key === "?") { const keys = doc.getElementById("keys"); if (keys) keys.showModal(); return; }
    const button = $(`[data-key="${CSS.escape(key)}"]`);
    if (button) { event.preventDefault(); button.click(); }
  });

  // ---- Copying: rich for editors that take it, plain for those that do not
  on("click", "[data-copy]", async (event, button) => {
    const from = doc.getElementById(button.dataset.copy);
    if (!from) return;
    try {
      await navigator.clipboard.write([new ClipboardItem({
        "text/html": new Blob([from.innerHTML], { type: "text/html" }),
        "text/plain": new Blob([from.innerText], { type: "text/plain" }),
      })]);
    } catch (e) {
      // Plain http has no clipboard interface; choosing and copying still works there.
      const range = doc.createRange();
      range.selectNodeContents(from);
      const choice = getSelection();
      choice.removeAllRanges();
      choice.addRange(range);
      doc.execCommand("copy");
      choice.removeAllRanges();
    }
    toast(button.dataset.done);
  });
  on("click", "[data-reason]", (event, el) => toast(el.dataset.reason));

  // ---- Times
  const ago = new Intl.RelativeTimeFormat(lang, { numeric: "always" });
  const fill = (pattern, values) =>
    (pattern || "").replace(/%\((\w+)\)(02)?[ds]/g, (all, name, two) => String(values[name]).padStart(two ? 2 : 1, "0"));
  function spanWords(seconds) {
    const d = Math.floor(seconds / 86400), h = Math.floor((seconds % 86400) / 3600), m = Math.floor((seconds % 3600) / 60);
    if (d) return fill(h ? words.dh : words.d, { d, h });
    if (h) return fill(m ? words.hm : words.h, { h, m });
    if (m) return fill(words.m, { m });
    return fill(words.s, { s: Math.floor(seconds) });
  }
  const offsetOf = (iso) => { const m = /([+-])(\d\d):(\d\d)$/.exec(iso); return m ? (m[1] === "-" ? -1 : 1) * (m[2] * 60 + +m[3]) : 0; };
  function refreshTimes() {
    const now = Date.now();
    $$("time[data-when]").forEach((el) => {
      const at = new Date(el.dateTime);
      // The page is written in the house's zone; say so to a reader who is in another.
      if (!el.dataset.zoned) {
        el.dataset.zoned = "1";
        const off = offsetOf(el.dateTime);
        if (off !== -at.getTimezoneOffset()) {
          const zone = `UTC${off < 0 ? "−" : "+"}${Math.abs(off) / 60}`;
          el.title += ` ${zone}`;
          if (el.dataset.when !== "ago") el.textContent += ` ${zone}`;
        }
      }
      if (el.dataset.when !== "ago") return;
      const s = (now - at.getTime()) / 1000, span = Math.abs(s), sign = s >= 0 ? -1 : 1;
      if (span < 60) el.textContent = words.now;
      else if (span < 3600) el.textContent = ago.format(sign * Math.floor(span / 60), "minute");
      else if (span < 86400) el.textContent = ago.format(sign * Math.floor(span / 3600), "hour");
    });
    $$("time[data-due]").forEach((el) => {
      if (el.classList.contains("due--done")) return;
      const left = (new Date(el.dateTime).getTime() - now) / 1000;
      el.classList.toggle("due--late", left < 0);
      el.classList.toggle("due--soon", left >= 0 && left <= 7200);
      el.classList.toggle("due--open", left > 7200);
      $("span", el).textContent = fill(left < 0 ? words.late : words.left, { span: spanWords(Math.abs(left)) });
    });
  }
  function tick() {
    $$("[data-clock]").forEach((el) => {
      el.textContent = new Date().toLocaleString(lang, { month: "long", day: "numeric", weekday: "short", hour: "2-digit", minute: "2-digit", hour12: false });
    });
  }
  setInterval(() => { if (!doc.hidden) { refreshTimes(); tick(); } }, 20000);

  // ---- Leaving a form with words in it
  let dirty = null;
  on("input", "form[data-guard]", (event, form) => { dirty = form; });
  on("submit", "form[data-guard]", () => { dirty = null; });
  addEventListener("beforeunload", (event) => { if (dirty && dirty.isConnected) event.preventDefault(); });

  // ---- Files chosen, before they are sent
  const size = (n) => (n >= 1e9 ? `${(n / 1e9).toFixed(1)} GB` : n >= 1e6 ? `${(n / 1e6).toFixed(1)} MB` : `${Math.ceil(n / 1e3)} KB`);
  on("change", "[data-upload] input[type=file]", (event, input) => {
    const list = $(".upload-list", input.closest("[data-upload]"));
    list.replaceChildren(...Array.from(input.files).map((file) => {
      const row = doc.createElement("li");
      row.className = "upload-file";
      const picture = doc.createElement(file.type.startsWith("image/") ? "img" : "span");
      if (picture.tagName === "IMG") { picture.src = URL.createObjectURL(file); picture.alt = ""; picture.onload = () => URL.revokeObjectURL(picture.src); } else picture.className = "upload-none";
      const name = doc.createElement("span");
      name.textContent = file.name;
      const weight = doc.createElement("span");
      weight.className = "num muted";
      weight.textContent = size(file.size);
      row.append(picture, name, weight);
      return row;
    }));
  });
  on("dragover", ".upload-box", (event, box) => box.classList.add("is-over"));
  on("dragleave", ".upload-box", (event, box) => box.classList.remove("is-over"));
  on("drop", ".upload-box", (event, box) => box.classList.remove("is-over"));

  // ---- Server-sent events: the name of the event becomes an htmx trigger on the element
  function listen(el) {
    if (el.dataset.sseOn) return;
    el.dataset.sseOn = "1";
    const source = new EventSource(el.dataset.sseUrl);
    const names = (el.dataset.sseEvents || "message").split(/[\s,]+/);
    names.forEach((name) => source.addEventListener(name, (event) => {
      let detail = event.data;
      try { detail = JSON.parse(event.data); } catch (e) { /* plain text */ }
      $$(`[hx-trigger*="sse:${name}"]`).concat(el).forEach((to) => window.htmx.trigger(to, `sse:${name}`, { value: detail }));
    }));
    source.addEventListener("open", () => el.classList.remove("is-cut"));
    source.addEventListener("error", () => el.classList.add("is-cut"));
    addEventListener("pagehide", () => source.close(), { once: true });
  }

  // ---- A wall can be frozen; what cannot be read again stays, and says so
  on("click", "[data-freeze]", (event, button) => {
    const frozen = document.body.classList.toggle("is-frozen");
    button.setAttribute("aria-pressed", String(frozen));
    $("[data-when-live]", button).hidden = frozen;
    $("[data-when-frozen]", button).hidden = !frozen;
  });
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (document.body.classList.contains("is-frozen") && event.target.matches("[data-refresh]")) event.preventDefault();
  });
  const lost = (event) => { if (event.target.matches?.("[data-refresh]")) { cut = true; line(); } };
  document.addEventListener("htmx:sendError", lost);
  document.addEventListener("htmx:responseError", lost);
  document.addEventListener("htmx:timeout", lost);
  document.addEventListener("htmx:afterSwap", () => { cut = false; line(); });

  // ---- Offline
  let cut = false;
  const line = () => { const bar = $("[data-offline]"); if (bar) bar.hidden = navigator.onLine && !cut; };
  addEventListener("online", line);
  addEventListener("offline", line);

  $$("[data-sse-url]").forEach(listen);
  $$(".toasts [data-toast]").forEach(arm);
  setupColumns();
  refreshTimes();
  tick();
  line();
})();
