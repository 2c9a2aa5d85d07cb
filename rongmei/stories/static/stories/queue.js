// The queue's glance: the story of the row one stands on, read beside the list. `v` opens and shuts it.
(function () {
  "use strict";

  const panel = document.getElementById("glance");
  const button = document.querySelector("[data-glance]");
  if (!panel || !button) return;
  let shown = "";
  let wait = 0;
  const row = () => document.querySelector("#review tr.is-here") || document.querySelector("#review tbody tr");

  function show() {
    const here = row();
    const url = here && here.dataset.glanceUrl;
    if (!url || url === shown) return;
    shown = url;
    window.htmx.ajax("GET", url, { target: panel, swap: "innerHTML" });
  }
  button.setAttribute("aria-expanded", "false");
  button.addEventListener("click", () => {
    panel.hidden = !panel.hidden;
    button.setAttribute("aria-expanded", String(!panel.hidden));
    if (panel.hidden) { shown = ""; panel.replaceChildren(); } else show();
  });
  // Moving on with j and k shows the next one; a key held down asks for the last only.
  new MutationObserver(() => {
    if (panel.hidden) return;
    clearTimeout(wait);
    wait = setTimeout(show, 150);
  }).observe(document.getElementById("review") || document.body, { attributes: true, attributeFilter: ["class"], subtree: true });
})();
