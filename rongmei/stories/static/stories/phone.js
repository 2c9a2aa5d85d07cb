// The writing page: what is shown and typed. The store keeps, the sync carries; this only draws.
(async function () {
  "use strict";
  const $ = (id) => document.getElementById(id);
  const words = JSON.parse($("words").textContent);
  const say = (name, values) => (words[name] || name).replace(/%\((\w+)\)[sd]/g, (all, key) => String(values[key])).replace(/%%/g, "%");
  const data = document.body.dataset;
  const lang = document.documentElement.lang;
  const clock = (at) => new Date(at).toLocaleString(lang, { ...(new Date(at).toDateString() === new Date().toDateString() ? {} : { month: "numeric", day: "numeric" }), hour: "2-digit", minute: "2-digit", hour12: false });
  const store = await PhoneStore.open(data.member);
  const FIELDS = ["title", "text", "place", "faces", "unit_id"];
  const title = document.title.split(" · ")[0];
  let open = null; // the piece on the screen
  const fresh = new Set(); // made on this page: the server cannot know them
  let line = navigator.onLine, undo = null, previews = new Map(), shares = new Map();

  const sync = new PhoneSync.Sync(store, {
    member: data.member, cookie: data.cookie, state: data.state, pages: data.pages,
    api: "/api/v1/submissions", uploads: "/api/v1/uploads",
    copyTitle: (title) => say("copyTitle", { title: title || say("untitled") }).slice(0, 80),
    tell: heard,
  });

  function heard(what, told) {
    if (what === "away") setLine(false);
    if (what === "signedIn") { setLine(true); $("signed-out").hidden = true; }
    if (what === "signedOut" && $("signed-out").hidden) signedOut("signIn");
    if (what === "otherMember") signedOut("otherMember");
    if (what === "conflict") toast(say("conflict", { title: told.copy.title }));
    if (what === "sent") toast(say("sentNow", { number: told.number }));
    if (what === "refused") toast(say("refused", { why: told.why }));
    if (what === "progress") { shares.set(told.pid, told.share); drawPhotoStates(); return; }
    redraw(what === "refreshed" || what === "conflict");
  }
  function signedOut(name) {
    $("signed-out-words").textContent = say(name);
    $("signed-out").hidden = false;
  }
  function setLine(on) {
    line = on;
    $("line").textContent = on ? say("online") : "";
    $("line").classList.toggle("is-off", !on);
    $("offline").hidden = on;
  }
  function toast(text, act) {
    $("toast-words").textContent = text;
    $("toast-undo").hidden = !act;
    undo = act || null;
    $("toast").hidden = false;
    clearTimeout(toast.clock);
    toast.clock = setTimeout(() => { $("toast").hidden = true; undo = null; }, 8000);
  }
  $("toast-undo").addEventListener("click", () => { if (undo) undo(); $("toast").hidden = true; });

  // ---- The list
  function place(piece) {
    const told = piece.told || {};
    if (piece.sending) return ["waiting", "tag--now", say("waitingLong")];
    if (told.number && !told.writable) return ["", "tag--now", say("sentNumber", { number: told.number }) + (told.due ? ` · ${say("due", { at: clock(told.due) })}` : ""), told.state_words];
    if (told.state === "asked") return ["", "tag--stop", told.reason || told.number, told.state_words];
    if (piece.problem) return ["local", "", piece.problem];
    if (piece.dirty || piece.version === null) return piece.unread ? ["server", "", ""] : ["local", "", `${say("localAt", { at: clock(piece.editedAt) })} · ${say("notOnServer")}`];
    return ["server", "", say("serverAt", { at: clock(piece.savedAt) })];
  }
  // Where the text is, for whoever is writing it.
  function where(piece) {
    if (piece.sending) return say("waitingLong");
    if (frozen(piece)) return place(piece)[2];
    if (piece.dirty || piece.version === null) return `${say("localAt", { at: clock(piece.editedAt) })} · ${say("notOnServer")}`;
    return say("serverAt", { at: clock(piece.savedAt) });
  }
  async function drawList() {
    const pieces = (await store.all("pieces")).filter((one) => one.title || one.text || one.photos.length || one.told);
    pieces.sort((a, b) => b.editedAt - a.editedAt);
    const rows = pieces.map((piece) => {
      const row = $("t-piece").content.firstElementChild.cloneNode(true);
      const [name, css, sub, given] = place(piece);
      const link = row.firstElementChild;
      const sent = piece.told && piece.told.number && !piece.told.writable;
      link.href = sent && line ? piece.told.url : `#${piece.id}`;
      row.querySelector(".piece-title").textContent = piece.title || say("untitled");
      row.querySelector(".piece-sub").textContent = sub;
      const tag = row.querySelector(".tag");
      tag.textContent = given || say(name);
      if (css) tag.classList.add(css);
      return row;
    });
    $("pieces").replaceChildren(...rows);
    $("empty").hidden = rows.length > 0;
  }

  // ---- The editor
  const blank = (id) => ({ id, unit_id: "", title: "", text: "", place: "", faces: "", photos: [], version: null, dirty: false, sending: null, told: null, editedAt: Date.now(), savedAt: 0 });
  const frozen = (piece) => Boolean(piece.sending) || Boolean(piece.told && piece.told.number && !piece.told.writable);
  async function drawEditor(fill) {
    // Those that came with the page, until the server has said more.
    const desks = ((await store.get("facts", "desks")) || { value: JSON.parse($("desks").textContent) }).value;
    const select = $("f-unit");
    if (select.options.length !== desks.length) select.replaceChildren(...desks.map((one) => new Option(one.name, one.id)));
    if (!open.unit_id && desks.length) { open.unit_id = desks[0].id; await keep({ unit_id: open.unit_id }, true); }
    if (fill) for (const name of FIELDS) $(`f-${name === "unit_id" ? "unit" : name}`).value = open[name] || "";
    const told = open.told || {}, still = frozen(open);
    for (const one of $("form").elements) one.disabled = still;
    $("f-unit").disabled = still || Boolean(told.number);
    $("discard").hidden = Boolean(told.number) || still;
    $("send").disabled = still;
    $("heading").textContent = told.number || title;
    $("asked").hidden = told.state !== "asked";
    $("asked-reason").textContent = told.reason || "";
    $("asked-example").textContent = told.example ? say("better", { example: told.example }) : "";
    $("problem").hidden = !open.problem;
    $("problem").textContent = open.problem || "";
    $("faces-box").hidden = !open.photos.length;
    $("count").textContent = say("words", { n: [...(open.text || "").replace(/\s/g, "")].length });
    $("where").textContent = where(open);
    await drawPhotos(still);
  }
  async function drawPhotos(still) {
    const rows = [];
    for (const one of open.photos) {
      const photo = await store.get("photos", one.pid);
      const row = $("t-photo").content.firstElementChild.cloneNode(true);
      row.dataset.pid = one.pid;
      row.querySelector("img").alt = photo ? photo.name : "";
      if (photo && photo.blob && photo.blob.type.startsWith("image/") && !previews.has(one.pid)) previews.set(one.pid, URL.createObjectURL(photo.blob));
      if (previews.has(one.pid)) row.querySelector("img").src = previews.get(one.pid);
      const input = row.querySelector("textarea");
      input.value = one.caption || "";
      input.placeholder = say("caption");
      input.disabled = row.querySelector("button").disabled = still;
      input.addEventListener("input", () => keep({ caption: [one.pid, input.value] }));
      row.querySelector("button").addEventListener("click", () => removePhoto(one.pid));
      row.querySelector(".photo-state").dataset.error = (photo && photo.error) || "";
      row.querySelector(".photo-state").dataset.up = one.uid ? "1" : "";
      rows.push(row);
    }
    const held = document.activeElement.closest && document.activeElement.closest(".photo");
    if (!(held && rows.length === $("photos").children.length)) $("photos").replaceChildren(...rows);
    drawPhotoStates();
  }
  function drawPhotoStates() {
    for (const row of $("photos").children) {
      const state = row.querySelector(".photo-state"), share = shares.get(row.dataset.pid);
      if (state.dataset.error) state.textContent = say("photoFailed", { why: state.dataset.error });
      else if (state.dataset.up) state.textContent = say("photoDone");
      else state.textContent = share ? say("photoUp", { share: Math.floor(share * 100) }) : say("photoLocal");
    }
  }
  let keeping = Promise.resolve();
  // Write down a change of the piece on the screen, in order; the line comes later.
  function keep(change, quiet) {
    const id = open.id;
    Object.assign(open, change.caption ? {} : change);
    keeping = keeping.then(async () => {
      const act = (piece) => {
        if (change.caption) { const held = piece.photos.find((one) => one.pid === change.caption[0]); if (held) held.caption = change.caption[1]; }
        else Object.assign(piece, change);
        if (!quiet) { piece.dirty = true; piece.problem = ""; piece.editedAt = Date.now(); }
      };
      try {
        const kept = await store.change("pieces", id, act);
        if (!kept) { act(open); await store.put("pieces", open); }
        if (open && open.id === id && kept) open = kept;
        if (!store.lasting) toast(say("noStore"));
        try { localStorage.removeItem(LAST); } catch (error) { /* storage shut */ }
      } catch (error) { toast(say("full")); }
      if (open && open.id === id && !quiet) { $("where").textContent = where(open); $("count").textContent = say("words", { n: [...(open.text || "").replace(/\s/g, "")].length }); }
      if (!quiet) soon();
    });
    return keeping;
  }
  let typing = 0, later = 0;
  const typed = () => { clearTimeout(typing); typing = setTimeout(flush, 400); };
  function changed() {
    const change = {};
    if (!open || frozen(open)) return change;
    for (const name of FIELDS) {
      const value = $(`f-${name === "unit_id" ? "unit" : name}`).value;
      if (value !== (open[name] || "")) change[name] = value;
    }
    return change;
  }
  function flush() {
    clearTimeout(typing);
    const change = changed();
    return Object.keys(change).length ? keep(change) : keeping;
  }
  // A page that goes away has no time for the store: the last moment's words are put down at once, and
  // taken up when it opens again.
  const LAST = `rongmei-phone-last-${data.member}`;
  function leave() {
    const change = changed();
    if (Object.keys(change).length) try { localStorage.setItem(LAST, JSON.stringify({ id: open.id, change })); } catch (error) { /* storage shut */ }
    flush();
  }
  async function takeUp() {
    let last = null;
    try { last = JSON.parse(localStorage.getItem(LAST)); } catch (error) { return; }
    if (!last) return;
    const act = (piece) => { if (!frozen(piece)) Object.assign(piece, last.change, { dirty: true, editedAt: Date.now() }); };
    if (!(await store.change("pieces", last.id, act))) { const piece = blank(last.id); act(piece); await store.put("pieces", piece); }
    localStorage.removeItem(LAST);
  }
  function soon(wait = 1500) { clearTimeout(later); later = setTimeout(() => sync.run(), wait); }
  $("form").addEventListener("input", (event) => { if (!event.isComposing && event.target.name) typed(); });
  $("form").addEventListener("compositionend", typed);
  $("form").addEventListener("submit", (event) => event.preventDefault());
  $("form").addEventListener("change", (event) => { if (event.target.name) flush(); });
  addEventListener("pagehide", leave);
  document.addEventListener("visibilitychange", () => { leave(); if (!document.hidden) soon(100); });

  // ---- Photos
  $("f-photo").addEventListener("change", async (event) => {
    const added = [];
    for (const file of event.target.files) {
      const pid = PhoneStore.uuid7();
      try { await store.put("photos", { pid, piece: open.id, name: file.name.slice(-120), blob: file, error: "" }); } catch (error) { toast(say("full")); break; }
      added.push({ pid, caption: "", uid: "" });
    }
    event.target.value = "";
    if (!added.length) return;
    await flush();
    await keep({ photos: [...open.photos, ...added] });
    await drawEditor(false);
  });
  async function removePhoto(pid) {
    await flush();
    await keep({ photos: open.photos.filter((one) => one.pid !== pid) });
    await store.drop("photos", pid);
    await drawEditor(false);
  }

  // ---- What the buttons do
  $("new").addEventListener("click", () => { const id = PhoneStore.uuid7(); fresh.add(id); location.hash = id; });
  $("back").addEventListener("click", async () => { await flush(); location.hash = ""; });
  $("discard").addEventListener("click", async () => {
    await flush();
    const gone = open;
    await store.drop("pieces", gone.id);
    location.hash = "";
    const clock = setTimeout(async () => { if (gone.version !== null) try { await sync.ask("DELETE", `${sync.api}/${gone.id}`); } catch (error) { /* it stays on the server, and comes back into the list */ } }, 8000);
    toast(say("deleted"), async () => { clearTimeout(clock); await store.put("pieces", gone); drawList(); });
  });
  $("send").addEventListener("click", async () => {
    await flush();
    const need = !open.title || !open.text ? "needTitle" : !open.unit_id ? "needDesk" : open.photos.length && !open.faces ? "needFaces" : open.photos.length && open.faces === "not_yet" ? "facesNotYet" : "";
    if (need) { toast(say(need)); return; }
    await keep({ sending: { key: crypto.randomUUID ? crypto.randomUUID() : PhoneStore.uuid7(), tried: false } });
    await drawEditor(false);
    toast(say(line ? "sending" : "queued"));
    await sync.run();
  });
  $("check").addEventListener("click", async () => {
    await flush();
    let rows;
    try {
      const found = await sync.ask("POST", `${sync.api}/check`, { title: open.title || "", text: open.text || "", place: open.place || "" });
      rows = found.map((one) => remark(say(one.level), one.found, (one.suggestion ? `→ ${one.suggestion} ` : "") + one.advice));
      if (!rows.length) rows = [remark("", "", say("checkClean"))];
    } catch (error) { rows = [remark("", "", say("checkOffline"))]; }
    $("remarks").replaceChildren(...rows);
    $("remarks").scrollIntoView({ block: "nearest" });
  });
  function remark(level, found, advice) {
    const row = document.createElement("li");
    if (level) { const tag = document.createElement("span"); tag.className = "tag"; tag.textContent = level; row.append(tag, " "); }
    if (found) { const bold = document.createElement("b"); bold.textContent = found; row.append(bold); }
    row.append(advice);
    return row;
  }

  // ---- Which of the two is shown
  async function show() {
    const id = location.hash.slice(1).replace(/^([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})$/, "$1-$2-$3-$4-$5");
    await keeping;
    open = null;
    if (id) {
      open = (await store.get("pieces", id)) || blank(id);
      if (open.unread || (!fresh.has(id) && !open.title && !open.text && !open.dirty)) {
        try { await sync.fetch(id, open.told); open = await store.get("pieces", id); } catch (error) { /* no line: what is here is shown */ }
      }
    }
    $("remarks").replaceChildren();
    // Filled before it can be seen: what is typed at once must not be written over.
    if (id) await drawEditor(true);
    $("list").hidden = $("home").hidden = Boolean(id);
    $("editor").hidden = $("back").hidden = !id;
    if (id) { if (!open.title && !frozen(open)) $("f-title").focus(); } else { $("heading").textContent = title; await drawList(); }
    scrollTo(0, 0);
  }
  async function redraw(refill) {
    if (!open) { await drawList(); return; }
    await keeping;
    const kept = await store.get("pieces", open.id);
    if (!kept) return;
    const untouched = FIELDS.every((name) => $(`f-${name === "unit_id" ? "unit" : name}`).value === (open[name] || ""));
    open = kept;
    await drawEditor(refill && untouched);
  }
  addEventListener("hashchange", show);
  addEventListener("online", () => { setLine(true); soon(100); });
  addEventListener("offline", () => setLine(false));
  // Once a line is back, or the pause after a failure is over, whatever waits goes.
  setInterval(async () => {
    if (document.hidden && !(await store.all("pieces")).some((one) => one.sending)) return;
    soon(sync.pause);
  }, 20000);

  setLine(navigator.onLine);
  await takeUp();
  await show();
  document.body.dataset.ready = "1";
  soon(50);
  if ("serviceWorker" in navigator) navigator.serviceWorker.register(data.worker).catch(() => { /* no worker: it opens with a line only */ });
})();
