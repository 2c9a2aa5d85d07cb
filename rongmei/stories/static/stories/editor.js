// The link button opens the form for an address; Wagtail's page tree is not part of this desk.
if (window.chooserUrls) window.chooserUrls.pageChooser = window.chooserUrls.externalLinkChooser;

// The text editor hands what was typed to the form a quarter of a second after the last key. Who
// types and saves at once must not lose those words: the form waits until they have arrived.
const HANDED_OVER_AFTER = 400;
let typedAt = 0;
for (const kind of ["keydown", "input", "compositionend", "paste", "drop", "click"]) {
  document.addEventListener(
    kind,
    (event) => {
      if (event.target.closest?.(".Draftail-Editor")) typedAt = performance.now();
    },
    true,
  );
}
document.addEventListener(
  "submit",
  (event) => {
    const wait = typedAt + HANDED_OVER_AFTER - performance.now();
    if (event.target.id !== "w-editor-form" || wait <= 0) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    setTimeout(() => event.target.requestSubmit(), wait);
  },
  true,
);
