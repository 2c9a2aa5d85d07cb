// Tells the site that an article is being read: once, after 3 seconds in view. No cookie, no id.
(function () {
  "use strict";
  const page = document.querySelector("[data-read]");
  if (!page || !navigator.sendBeacon) return;
  const needed = 3000;
  let seen = 0;
  let since = 0;
  let timer = 0;
  const look = () => {
    clearTimeout(timer);
    if (since) seen += Date.now() - since;
    since = 0;
    if (document.visibilityState !== "visible") return;
    if (seen >= needed) {
      navigator.sendBeacon(page.dataset.read);
      document.removeEventListener("visibilitychange", look);
      return;
    }
    since = Date.now();
    timer = setTimeout(look, needed - seen + 10);
  };
  document.addEventListener("visibilitychange", look);
  look();
})();
