// Remarks on passages: marks them in the text, leads from a mark to its remark and back, and lets a
// selection become a remark. The text itself is not touched: marks are ranges that the browser paints.
// Spaces do not count when a passage is looked for, as on the server.
(function () {
  "use strict";

  const AROUND = 24;
  const LONGEST = 500;
  const KEPT = "stories.remark";
  const ROOTS = "[data-remarkable], .public-DraftEditor-content";
  const $ = (css, root) => (root || document).querySelector(css);
  const squeeze = (text) => text.replace(/\s+/gu, "");
  const button = $("[data-remark-pick]");
  let ranges = new Map();

  // ---- A text as one line without spaces, and where each of its characters stands
  function flat(root) {
    const places = [];
    let text = "";
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      for (let at = 0; at < node.data.length; at += 1) {
        if (/\s/u.test(node.data[at])) continue;
        text += node.data[at];
        places.push([node, at]);
      }
    }
    return { text, places };
  }

  const common = (one, two) => {
    let n = 0;
    while (n < one.length && n < two.length && one[n] === two[n]) n += 1;
    return n;
  };
  const reversed = (text) => Array.from(text).reverse();

  function find(line, mark) {
    const wanted = squeeze(mark.quote);
    const before = reversed(squeeze(mark.before));
    const after = Array.from(squeeze(mark.after));
    let best = null;
    for (let at = line.text.indexOf(wanted); wanted && at >= 0; at = line.text.indexOf(wanted, at + 1)) {
      const end = at + wanted.length;
      const fit = common(before, reversed(line.text.slice(Math.max(0, at - AROUND), at))) + common(after, Array.from(line.text.slice(end, end + AROUND)));
      if (!best || fit > best.fit) best = { fit, at, end };
    }
    if (!best) return null;
    const range = document.createRange();
    range.setStart(...line.places[best.at]);
    const [node, place] = line.places[best.end - 1];
    range.setEnd(node, place + 1);
    return { range, fit: best.fit };
  }

  // ---- Marks
  function mark() {
    ranges = new Map();
    const data = document.getElementById("remark-marks");
    const wanted = data ? JSON.parse(data.textContent) : [];
    const lines = wanted.length ? Array.from(document.querySelectorAll(ROOTS), flat) : [];
    wanted.forEach((one) => {
      const found = lines.map((line) => find(line, one)).filter(Boolean).sort((a, b) => b.fit - a.fit)[0];
      if (found) ranges.set(one.id, found.range);
    });
    if (!window.CSS || !CSS.highlights) return;
    CSS.highlights.set("remark", new Highlight(...ranges.values()));
  }

  function show(id) {
    const range = ranges.get(id);
    if (!range) return;
    if (window.CSS && CSS.highlights) {
      CSS.highlights.set("remark-here", new Highlight(range));
      setTimeout(() => CSS.highlights.delete("remark-here"), 2500);
    }
    range.startContainer.parentElement.scrollIntoView({ block: "center" });
  }

  const thread = (id) => document.getElementById(`remark-${id}`);

  function open(id) {
    const panel = thread(id);
    if (panel) { panel.scrollIntoView({ block: "nearest" }); panel.focus({ preventScroll: true }); return; }
    if ($("[data-talk-address]")) location.assign(`${$("[data-talk-address]").dataset.talkAddress}#remark-${id}`);
  }

  document.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    if (!target) return;
    const back = target.closest("[data-remark-show]");
    if (back) { show(back.closest("[data-remark]").dataset.remark); return; }
    const name = target.closest("[data-remark-mention]");
    if (name) { const box = $("#comment-text"); box.setRangeText(name.dataset.remarkMention, box.selectionStart, box.selectionEnd, "end"); box.focus(); return; }
    if (target.closest("[data-remark-drop]")) { fill({ quote: "", before: "", after: "" }); return; }
    if (!target.closest(ROOTS) || target.closest("a") || !getSelection().isCollapsed) return;
    for (const [id, range] of ranges) {
      const hit = Array.from(range.getClientRects()).some((box) =>
        event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom);
      if (hit) { open(id); return; }
    }
  });

  // ---- From a selection to a remark
  function picked() {
    const selection = getSelection();
    if (!selection.rangeCount || selection.isCollapsed) return null;
    const range = selection.getRangeAt(0);
    const start = range.startContainer.nodeType === 3 ? range.startContainer.parentElement : range.startContainer;
    const root = start.closest && start.closest(ROOTS);
    if (!root || !root.contains(range.endContainer)) return null;
    const quote = squeeze(range.toString());
    if (!quote || quote.length > LONGEST) return null;
    const left = range.cloneRange();
    left.selectNodeContents(root);
    left.setEnd(range.startContainer, range.startOffset);
    const right = range.cloneRange();
    right.selectNodeContents(root);
    right.setStart(range.endContainer, range.endOffset);
    return {
      quote: range.toString().trim(), before: squeeze(left.toString()).slice(-AROUND),
      after: squeeze(right.toString()).slice(0, AROUND), box: range.getBoundingClientRect(),
    };
  }

  function fill(passage) {
    const form = $("[data-remark-new]");
    if (!form) return false;
    for (const name of ["quote", "before", "after"]) form.elements[name].value = passage[name];
    $("[data-remark-words]", form).textContent = passage.quote;
    $("[data-remark-picked]", form).hidden = !passage.quote;
    return true;
  }

  function remark() {
    const passage = picked();
    if (!passage) return;
    button.hidden = true;
    // Beside the editor the panel may be shut.
    const toggle = $('[data-side-panel-toggle="talk"]');
    if (toggle && toggle.getAttribute("aria-expanded") !== "true") toggle.click();
    if (fill(passage)) { const box = $("#comment-text"); box.focus(); box.scrollIntoView({ block: "nearest" }); return; }
    const address = $("[data-talk-address]");
    if (!address) return;
    sessionStorage.setItem(KEPT, JSON.stringify({ ...passage, box: null }));
    location.assign(address.dataset.talkAddress);
  }

  if (button) {
    let timer = 0;
    document.addEventListener("selectionchange", () => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        const passage = picked();
        button.hidden = !passage;
        if (!passage) return;
        button.style.top = `${Math.max(8, passage.box.top - 44)}px`;
        button.style.left = `${Math.min(passage.box.left, innerWidth - 120)}px`;
      }, 150);
    });
    // The selection must outlive the click.
    button.addEventListener("pointerdown", (event) => event.preventDefault());
    button.addEventListener("click", remark);
    document.addEventListener("keydown", (event) => {
      if (event.altKey && event.code === "KeyM" && picked()) { event.preventDefault(); remark(); }
    });
    addEventListener("scroll", () => { button.hidden = true; }, { passive: true });
  }

  // ---- Forms of the panel are sent from where they are: nothing on the page is lost
  document.addEventListener("submit", async (event) => {
    const form = event.target.closest("[data-talk-form]");
    if (!form) return;
    event.preventDefault();
    event.stopPropagation();
    const panel = form.closest("[data-talk]");
    const send = $("button:not([type])", form);
    send.disabled = true;
    const said = (text) => { $("[data-talk-said]", panel).textContent = text; send.disabled = false; };
    try {
      const answer = await fetch(form.action, { method: "POST", body: new FormData(form), headers: { "HX-Request": "true" } });
      const text = await answer.text();
      const made = new DOMParser().parseFromString(text, "text/html");
      const fresh = $("[data-talk]", made);
      if (!answer.ok || !fresh) { said(made.body.textContent.trim() || answer.statusText); return; }
      panel.replaceWith(document.adoptNode(fresh));
      const count = $("[data-talk-count]");
      if (count) count.textContent = String(JSON.parse($("#remark-marks").textContent).length);
      mark();
    } catch (error) {
      said($("[data-remark-pick]").dataset.failed);
    }
  }, true);

  mark();
  const kept = sessionStorage.getItem(KEPT);
  if (kept && $("[data-remark-new]")) {
    sessionStorage.removeItem(KEPT);
    fill(JSON.parse(kept));
    $("#comment-text").focus();
  }
  const asked = location.hash.match(/^#remark-([0-9a-f-]{36})$/);
  if (asked) { const panel = thread(asked[1]); if (panel) { const fold = panel.closest("details.remarks-done"); if (fold) fold.open = true; panel.focus(); } show(asked[1]); }
  // The editor draws its text after this script has run, and draws it anew while one writes.
  if ($(".Draftail-Editor, #w-editor-form")) {
    let waiting = 0;
    new MutationObserver(() => { clearTimeout(waiting); waiting = setTimeout(mark, 400); })
      .observe($("#w-editor-form"), { childList: true, subtree: true, characterData: true });
  }
})();
