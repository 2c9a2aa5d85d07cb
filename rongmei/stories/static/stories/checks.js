// The machine's findings beside the text while it is written. The text is sent a second after the
// last change, the answer is a list; words are marked without touching the document (so the cursor
// stays where it is), and change only when somebody presses a button.
(() => {
  const PAUSE = 1000;
  const AGAIN = 10000;
  const LEVELS = ["forbid", "caution", "hint"];
  let panel, form, list, live, timer, asked, sent, current, pending;

  const items = () => [...list.querySelectorAll("[data-found]")];
  const name = (item) => ["code", "part", "block", "nth", "found"].map((one) => item.dataset[one]).join("|");

  // The blocks of the body as the server counts them: in order, without deleted ones.
  function blocks() {
    return [...form.querySelectorAll('input[name^="body-"][name$="-type"]')]
      .filter((input) => /^body-\d+-type$/.test(input.name))
      .map((input) => {
        const stem = input.name.slice(0, -"type".length);
        return { stem, box: input.closest("[data-streamfield-child]"), told: (what) => form.elements[stem + what]?.value };
      })
      .filter((block) => block.told("deleted") !== "1")
      .sort((one, other) => one.told("order") - other.told("order"));
  }

  function surfaces(item) {
    if (item.dataset.part !== "body") return [document.getElementById(`id_${item.dataset.part}`)].filter(Boolean);
    const block = blocks()[Number(item.dataset.block)];
    if (!block) return [];
    const fields = [...block.box.querySelectorAll("input, textarea")];
    return fields.filter((one) => one.name.startsWith(`${block.stem}value`) && (one.draftailEditor || one.type !== "hidden"));
  }

  function pieces(surface) {
    if (!surface.draftailEditor) return [{ text: surface.value }];
    const content = surface.draftailEditor.getEditorState().getCurrentContent();
    return content.getBlocksAsArray().map((block) => ({ block, text: block.getText() }));
  }

  function place(item) {
    const words = item.dataset.found;
    let left = Number(item.dataset.nth);
    for (const surface of words ? surfaces(item) : []) {
      for (const piece of pieces(surface)) {
        for (let at = piece.text.indexOf(words); at >= 0; at = piece.text.indexOf(words, at + 1)) {
          if (left === 0) return { surface, at, end: at + words.length, ...piece };
          left -= 1;
        }
      }
    }
    return null;
  }

  function line(found) {
    const root = found.surface.closest("[data-streamfield-block], [data-contentpath]") || form;
    return root.querySelector(`[data-block][data-offset-key^="${found.block.getKey()}-"]`);
  }

  function rangeOf(found) {
    const walker = document.createTreeWalker(line(found), NodeFilter.SHOW_TEXT);
    const range = new Range();
    let passed = 0;
    let begun = false;
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const next = passed + node.length;
      if (!begun && found.at < next) {
        range.setStart(node, found.at - passed);
        begun = true;
      }
      if (begun && found.end <= next) {
        range.setEnd(node, found.end - passed);
        return range;
      }
      passed = next;
    }
    return null;
  }

  function paint() {
    if (!window.Highlight || !CSS.highlights) return;
    const ranges = Object.fromEntries(LEVELS.map((level) => [level, []]));
    for (const item of items()) {
      const found = place(item);
      const range = found?.block && line(found) && !item.classList.contains("rm-finding--kept") && rangeOf(found);
      if (range) ranges[item.dataset.level].push(range);
    }
    for (const level of LEVELS) CSS.highlights.set(`rm-${level}`, new Highlight(...ranges[level]));
  }

  function jump(item) {
    for (const one of items()) one.toggleAttribute("data-current", one === item);
    current = name(item);
    item.scrollIntoView({ block: "nearest" });
    const found = place(item);
    if (!found) {
      surfaces(item)[0]?.closest("[data-streamfield-child]")?.scrollIntoView({ block: "center" });
    } else if (!found.block) {
      found.surface.focus({ preventScroll: true });
      found.surface.setSelectionRange(found.at, found.end);
      found.surface.scrollIntoView({ block: "center" });
    } else {
      line(found)?.scrollIntoView({ block: "center" });
      const { EditorState, SelectionState } = window.DraftJS;
      const chosen = SelectionState.createEmpty(found.block.getKey()).merge({
        anchorOffset: found.at, focusOffset: found.end, hasFocus: true,
      });
      const editor = found.surface.draftailEditor;
      editor.onChange(EditorState.forceSelection(editor.getEditorState(), chosen));
    }
  }

  function step(by) {
    const all = items().filter((item) => item.dataset.found);
    if (!all.length) return;
    const at = all.findIndex((item) => name(item) === current);
    jump(all[at < 0 ? (by > 0 ? 0 : all.length - 1) : (at + by + all.length) % all.length]);
  }

  // Where the cursor belongs after `found` has become `length` characters long.
  function shifted(selection, found, length) {
    const moved = {};
    for (const side of ["anchor", "focus"]) {
      const offset = selection.get(`${side}Offset`);
      if (selection.get(`${side}Key`) === found.block.getKey() && offset > found.at) {
        moved[`${side}Offset`] = offset < found.end ? found.at + length : offset + length - (found.end - found.at);
      }
    }
    return selection.merge(moved);
  }

  function put(item) {
    const found = place(item);
    const words = item.dataset.suggestion;
    if (!found || !words) return false;
    if (found.block) {
      const { EditorState, Modifier, SelectionState } = window.DraftJS;
      const editor = found.surface.draftailEditor;
      const state = editor.getEditorState();
      const { block } = found;
      const target = SelectionState.createEmpty(block.getKey()).merge({ anchorOffset: found.at, focusOffset: found.end });
      const content = Modifier.replaceText(
        state.getCurrentContent(), target, words, block.getInlineStyleAt(found.at), block.getEntityAt(found.at),
      );
      const changed = EditorState.push(state, content, "insert-characters");
      const chosen = shifted(state.getSelection(), found, words.length);
      const choose = chosen.getHasFocus() ? EditorState.forceSelection : EditorState.acceptSelection;
      editor.onChange(choose(changed, chosen));
    } else {
      found.surface.setRangeText(words, found.at, found.end, "preserve");
      found.surface.dispatchEvent(new Event("input", { bubbles: true }));
      found.surface.dispatchEvent(new Event("change", { bubbles: true }));
    }
    item.remove();
    return true;
  }

  function replace(chosen) {
    // From the end to the beginning, so that the places before stay where they are.
    const done = chosen.reverse().map(put).every(Boolean);
    live.textContent = done ? panel.dataset.replaced : panel.dataset.moved;
    paint();
    sent = null;
    later(400);
  }

  function count() {
    const counts = list.querySelector("[data-forbid]");
    if (!counts) return;
    const all = LEVELS.reduce((sum, level) => sum + Number(counts.dataset[level]), 0);
    const badge = document.querySelector('[data-side-panel-toggle="checks"] [data-side-panel-toggle-counter]');
    if (badge) {
      badge.textContent = all;
      badge.hidden = !all;
      badge.classList.toggle("rm-stops", Number(counts.dataset.forbid) > 0);
    }
    if (live.textContent !== counts.textContent.trim()) live.textContent = counts.textContent.trim();
  }

  // A list that somebody is writing a reason in, or stands on, is not pulled away from under them.
  function show(html) {
    const active = document.activeElement;
    if (list.contains(active) && active.matches("[data-reason]") && active.value) {
      pending = html;
      return;
    }
    pending = null;
    const item = list.contains(active) && active.closest("[data-found]");
    const stood = item && { key: name(item), at: items().indexOf(item) };
    list.innerHTML = html;
    for (const one of items()) one.toggleAttribute("data-current", name(one) === current);
    if (stood) {
      const next = items().find((one) => name(one) === stood.key) || items()[Math.min(stood.at, items().length - 1)];
      (next?.querySelector("button:not([disabled])") || panel.querySelector("[data-list]")).focus();
    }
    count();
    paint();
  }

  async function ask(address, more = {}) {
    const data = new FormData(form);
    for (const [key, value] of Object.entries(more)) data.set(key, value);
    asked?.abort();
    asked = new AbortController();
    const answer = await fetch(address, { method: "POST", body: data, signal: asked.signal, headers: { "X-Requested-With": "XMLHttpRequest" } });
    const html = await answer.text();
    if (!html.includes("rm-counts")) throw new Error(answer.status);
    return html;
  }

  const said = () => JSON.stringify([...new FormData(form)].filter(([key]) => !key.startsWith("wagtail-") && !/revision|csrf/.test(key)));

  async function check() {
    const words = said();
    if (words === sent || document.hidden) return;
    try {
      const html = await ask(panel.dataset.address);
      sent = words;
      show(html);
    } catch (problem) {
      if (problem.name === "AbortError") return;
      live.textContent = panel.dataset.lost;
      later(AGAIN);
    }
  }

  function later(after = PAUSE) {
    clearTimeout(timer);
    timer = setTimeout(check, after);
  }

  async function settle(item) {
    const reason = item.querySelector("[data-reason]");
    if (!reason.value.trim()) return reason.focus();
    const more = { "finding-code": item.dataset.code, "finding-found": item.dataset.found, "finding-reason": reason.value };
    try {
      const html = await ask(panel.dataset.settle, more);
      reason.value = "";
      show(html);
    } catch {
      live.textContent = panel.dataset.lost;
    }
  }

  function pressed(event) {
    const button = event.target.closest("button");
    const item = button?.closest("[data-found]");
    if (button?.matches("[data-mask-all]")) replace(items().filter((one) => "personal" in one.dataset));
    else if (!item) return;
    else if (button.matches("[data-jump]")) jump(item);
    else if (button.matches("[data-replace]")) replace([item]);
    else if (button.matches("[data-settle]")) settle(item);
  }

  function start() {
    panel = document.getElementById("rm-checks");
    form = document.getElementById("w-editor-form");
    if (!panel || !form) return;
    list = panel.querySelector("[data-list]");
    live = panel.querySelector("[data-live]");
    panel.addEventListener("click", pressed);
    // Pressing a button of the panel does not take the cursor out of the text.
    panel.addEventListener("mousedown", (event) => event.target.closest("button") && event.preventDefault());
    panel.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !event.target.matches("[data-reason]")) return;
      event.preventDefault();
      settle(event.target.closest("[data-found]"));
    });
    panel.addEventListener("focusout", () => setTimeout(() => pending && show(pending)));
    for (const kind of ["input", "change", "keyup", "paste", "drop", "click"]) {
      form.addEventListener(kind, (event) => panel.contains(event.target) || later(), true);
    }
    document.addEventListener("visibilitychange", () => later());
    document.addEventListener("keydown", (event) => {
      if (event.key !== "F8") return;
      event.preventDefault();
      step(event.shiftKey ? -1 : 1);
    });
    later(300);
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
