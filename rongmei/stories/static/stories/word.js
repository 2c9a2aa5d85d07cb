// A chosen document is read at once, so that one sees what is in it before a story is made of it.
// Without this script the form does the same in two steps.
(function () {
  "use strict";
  const form = document.querySelector("[data-word]");
  const home = document.querySelector("[data-word-preview]");
  if (!form || !home) return;
  const file = form.elements.file;
  const send = form.querySelector("button[type=submit], button:not([type])");
  let own = "";
  file.addEventListener("change", async () => {
    form.elements.seen.value = "";
    if (!file.files.length) { home.replaceChildren(); return; }
    home.textContent = form.dataset.reading;
    send.disabled = true;
    const data = new FormData();
    data.set("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
    data.set("file", file.files[0]);
    try {
      const answer = await fetch(form.dataset.preview, { method: "POST", body: data });
      const made = new DOMParser().parseFromString(await answer.text(), "text/html");
      const found = made.querySelector("[data-word-found]");
      if (!found) throw new Error(answer.statusText);
      home.replaceChildren(document.adoptNode(found));
      if ("refused" in found.dataset) return;
      form.elements.seen.value = found.dataset.digest;
      const title = form.elements.title;
      if (!title.value || title.value === own) title.value = own = found.dataset.title;
      send.disabled = false;
    } catch (error) {
      home.textContent = form.dataset.failed;
    }
  });
})();
