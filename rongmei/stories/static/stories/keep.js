// What is typed into the editor is kept in the browser until the server has it. A session that ended,
// or a line that broke, then costs nothing: sign in elsewhere and save, or take it up again later.
(async function () {
  "use strict";
  const form = document.getElementById("w-editor-form");
  const bar = document.getElementById("rm-keep");
  if (!form || !bar || !window.indexedDB) return;
  const data = bar.dataset;
  const key = `${data.member}:${location.pathname}`;
  const words = bar.querySelector("[data-words]"), again = bar.querySelector("[data-again]"), signIn = bar.querySelector("[data-sign-in]");
  const wait = (request) => new Promise((resolve, reject) => { request.onsuccess = () => resolve(request.result); request.onerror = () => reject(request.error); });
  let db;
  try {
    const request = indexedDB.open("rongmei-editor", 1);
    request.onupgradeneeded = () => request.result.createObjectStore("texts", { keyPath: "key" });
    db = await wait(request);
  } catch (e) { return; /* a private window */ }
  const texts = (mode) => db.transaction("texts", mode).objectStore("texts");
  const revision = () => (form.elements.namedItem("loaded_revision_id") || { value: "" }).value;
  const entries = () => [...new FormData(form)].filter(([name, value]) => typeof value === "string" && name !== "csrfmiddlewaretoken");
  const keep = (sent) => wait(texts("readwrite").put({ key, entries: entries(), base: revision(), at: Date.now(), sent: Boolean(sent) }));
  const drop = () => wait(texts("readwrite").delete(key));

  function show(name) {
    bar.hidden = !name;
    bar.dataset.state = name || "";
    if (!name) return;
    words.textContent = data[name];
    signIn.hidden = name !== "out" && name !== "other";
    again.hidden = name !== "kept";
  }
  // "" when saving can work; else why it cannot.
  async function hindered() {
    try {
      const answer = await fetch(data.alive, { redirect: "manual", cache: "no-store", headers: { Accept: "application/json" } });
      if (answer.type === "opaqueredirect" || answer.status === 401) return "out";
      if (!answer.ok) return answer.status >= 500 ? "away" : "";
      const told = await answer.json();
      // Signing in changes the token that forms carry: take the one that holds now.
      const field = form.elements.namedItem("csrfmiddlewaretoken");
      if (field) field.value = told.token;
      return told.member === data.member ? "" : "other";
    } catch (e) { return "away"; }
  }

  // Wagtail shuts its buttons once they are pressed, for the page that follows; here none does.
  function release() {
    for (const button of document.querySelectorAll('[data-w-progress-loading-value="true"]')) {
      button.dataset.wProgressLoadingValue = "false";
    }
  }

  let typing = 0, sure = false;
  const typed = () => { clearTimeout(typing); typing = setTimeout(() => keep(false), 700); };
  for (const kind of ["input", "change", "keyup", "drop", "paste"]) form.addEventListener(kind, typed);
  document.addEventListener("w-autosave:success", () => { clearTimeout(typing); drop(); show(""); });
  document.addEventListener("w-autosave:error", async () => { await keep(false); show(await hindered()); });
  form.addEventListener("submit", async (event) => {
    if (sure) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    clearTimeout(typing);
    await keep(true);
    const why = await hindered();
    show(why);
    if (why) { await keep(false); release(); document.dispatchEvent(new CustomEvent("rm-not-saved")); return; }
    sure = true;
    form.requestSubmit(event.submitter);
  }, true);
  const back = async () => { if (!document.hidden && ["out", "other", "away"].includes(bar.dataset.state)) { const why = await hindered(); show(why); if (!why) typed(); } };
  addEventListener("focus", back);
  document.addEventListener("visibilitychange", back);
  addEventListener("online", back);

  // Was the last text of this story saved? Then it is not needed; else it can be taken up again.
  const kept = await wait(texts("readonly").get(key));
  if (kept) {
    const saved = kept.sent && (kept.base !== revision() || document.querySelector(".messages li.success"));
    if (saved) await drop(); else show("kept");
  }
  again.addEventListener("click", async () => {
    const why = await hindered();
    if (why) { show(why); return; }
    const other = document.createElement("form");
    other.method = "post";
    other.action = location.pathname;
    const fields = [...kept.entries, ["csrfmiddlewaretoken", form.elements.namedItem("csrfmiddlewaretoken").value]];
    for (const [name, value] of fields) {
      const field = document.createElement("textarea");
      field.name = name;
      field.value = value;
      other.append(field);
    }
    await wait(texts("readwrite").put({ ...kept, sent: true }));
    other.hidden = true;
    document.body.append(other);
    other.submit();
  });
})();
