// From change to change by key, and comparing as soon as another version is picked.
(function () {
  "use strict";
  const changes = Array.from(document.querySelectorAll("[data-change]"));
  const buttons = document.querySelectorAll("[data-change-step]");
  let at = -1;
  buttons.forEach((button) => {
    button.hidden = !changes.length;
    button.addEventListener("click", () => {
      at = (at + Number(button.dataset.changeStep) + changes.length) % changes.length;
      changes[at].focus({ preventScroll: true });
      changes[at].scrollIntoView({ block: "center" });
    });
  });
  const form = document.querySelector("[data-pick-versions]");
  if (form) form.addEventListener("change", () => form.requestSubmit());
})();
