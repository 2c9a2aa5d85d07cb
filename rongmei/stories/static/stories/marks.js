// Findings marked in the text as it reads; pressing one leads to its place. The page is not changed:
// the words are marked by the browser's own highlights.
(() => {
  const LEVELS = ["forbid", "caution", "hint"];

  function rangeOf(row) {
    const root = document.querySelector(`[data-text="${row.dataset.part}"]`);
    const words = row.dataset.found;
    if (!root || !words) return null;
    const nodes = [];
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    let text = "";
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      nodes.push({ node, start: text.length });
      text += node.data;
    }
    let at = text.indexOf(words);
    for (let left = Number(row.dataset.nth); left > 0 && at >= 0; left -= 1) at = text.indexOf(words, at + 1);
    if (at < 0) return null;
    const edge = (place, last) => {
      const held = nodes.findLast(({ start }) => (last ? start < place : start <= place));
      return [held.node, place - held.start];
    };
    const range = new Range();
    range.setStart(...edge(at, false));
    range.setEnd(...edge(at + words.length, true));
    return range;
  }

  function paint() {
    if (!window.Highlight || !CSS.highlights) return;
    const ranges = Object.fromEntries(LEVELS.map((level) => [level, []]));
    for (const row of document.querySelectorAll("[data-finding]")) {
      const range = rangeOf(row);
      if (range) ranges[row.dataset.finding].push(range);
    }
    for (const level of LEVELS) CSS.highlights.set(`rm-${level}`, new Highlight(...ranges[level]));
  }

  document.addEventListener("click", (event) => {
    const row = event.target.closest("[data-to-place]")?.closest("[data-finding]");
    const range = row && rangeOf(row);
    if (!range) return;
    range.startContainer.parentElement.scrollIntoView({ block: "center" });
    if (CSS.highlights) CSS.highlights.set("rm-now", new Highlight(range));
  });
  paint();
  document.addEventListener("htmx:afterSettle", paint);
})();
