// Runs before the first paint, so that a chosen theme does not flash.
(function () {
  "use strict";
  try {
    var theme = localStorage.getItem("ui.theme");
    if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
  } catch (e) { /* storage may be shut; the system's theme then holds */ }
})();
