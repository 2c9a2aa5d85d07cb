// Choosing days on the chart of a search: a drag (mouse, pen, finger) or Shift and the arrow keys
// mark a stretch of columns, whose first and last day go into the form below the chart.
// Without this script columns are links, and the form works by hand.
(function () {
  "use strict";

  document.querySelectorAll("[data-timechart]").forEach((chart) => {
    const plot = chart.querySelector("svg");
    const columns = Array.from(plot.querySelectorAll("a"));
    const form = chart.querySelector("[data-timechart-days]");
    const said = chart.querySelector("[data-timechart-said]");
    const [first, last] = [form.elements.from, form.elements.to];
    const before = { first: first.value, last: last.value, said: said.textContent };
    let start = -1, end = -1, pressed = null, dragged = false;

    const mark = (from, to) => {
      [start, end] = [from, to];
      const [low, high] = from <= to ? [from, to] : [to, from];
      columns.forEach((one, i) => one.classList.toggle("is-brushed", low >= 0 && i >= low && i <= high));
      if (low < 0) {
        [first.value, last.value, said.textContent] = [before.first, before.last, before.said];
        return;
      }
      first.value = columns[low].dataset.first;
      last.value = columns[high].dataset.last;
      said.textContent = low === high ? columns[low].dataset.said : `${first.value} – ${last.value}`;
    };
    const at = (event) => {
      const box = plot.getBoundingClientRect();
      const share = (event.clientX - box.left) / box.width;
      return Math.max(0, Math.min(columns.length - 1, Math.floor(share * columns.length)));
    };

    plot.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      pressed = { x: event.clientX, column: at(event), id: event.pointerId };
      dragged = false;
    });
    plot.addEventListener("pointermove", (event) => {
      if (!pressed) {
        if (event.pointerType === "mouse") said.textContent = columns[at(event)].dataset.said;
        return;
      }
      if (!dragged && Math.abs(event.clientX - pressed.x) < 6) return;
      if (!dragged) plot.setPointerCapture(pressed.id);
      dragged = true;
      mark(pressed.column, at(event));
    });
    plot.addEventListener("pointerleave", () => { if (!pressed && start < 0) said.textContent = before.said; });
    plot.addEventListener("pointerup", () => {
      if (dragged) form.requestSubmit();
      pressed = null;
    });
    // The page was scrolled with the finger instead.
    plot.addEventListener("pointercancel", () => { pressed = null; dragged = false; mark(-1, -1); });
    plot.addEventListener("dragstart", (event) => event.preventDefault());
    plot.addEventListener("click", (event) => { if (dragged) event.preventDefault(); dragged = false; });

    const go = (to) => {
      columns.forEach((one, i) => { one.tabIndex = i === to ? 0 : -1; });
      columns[to].focus();
    };
    plot.addEventListener("keydown", (event) => {
      const here = columns.indexOf(document.activeElement);
      if (here < 0) return;
      const to = { ArrowLeft: here - 1, ArrowRight: here + 1, Home: 0, End: columns.length - 1 }[event.key];
      if (to !== undefined) {
        event.preventDefault();
        const next = Math.max(0, Math.min(columns.length - 1, to));
        if (event.shiftKey) mark(start < 0 ? here : start, next);
        else mark(-1, -1);
        go(next);
        if (!event.shiftKey) said.textContent = columns[next].dataset.said;
      } else if (event.key === "Enter" && start >= 0 && start !== end) {
        event.preventDefault();
        form.requestSubmit();
      } else if (event.key === "Escape" && start >= 0) {
        event.preventDefault();
        mark(-1, -1);
      }
    });
  });
})();
