// Moving what is planned: dragged to another day, or with Alt and an arrow. Both send the page's form.
(() => {
  const plan = document.querySelector("[data-plan]");
  const form = document.querySelector("[data-plan-form]");
  if (!plan || !form) return;
  let moving = null;

  function send(entry, day) {
    form.action = entry.dataset.move;
    form.elements.to.value = day;
    form.submit();
  }

  plan.addEventListener("dragstart", (event) => {
    moving = event.target.closest("[data-move]");
    if (!moving) return;
    moving.classList.add("is-moving");
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", moving.innerText);
  });
  plan.addEventListener("dragend", () => {
    moving?.classList.remove("is-moving");
    for (const day of plan.querySelectorAll(".is-target")) day.classList.remove("is-target");
    moving = null;
  });
  plan.addEventListener("dragover", (event) => {
    const day = event.target.closest("[data-day]");
    if (!moving || !day) return;
    event.preventDefault();
    for (const other of plan.querySelectorAll(".is-target")) other.classList.remove("is-target");
    day.classList.add("is-target");
  });
  plan.addEventListener("drop", (event) => {
    const day = event.target.closest("[data-day]");
    if (!moving || !day) return;
    event.preventDefault();
    if (!day.contains(moving)) send(moving, day.dataset.day);
  });
  plan.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 }[event.key];
    const entry = event.target.closest("[data-move]");
    if (!event.altKey || !step || !entry) return;
    event.preventDefault();
    const [year, month, day] = entry.closest("[data-day]").dataset.day.split("-").map(Number);
    send(entry, new Date(Date.UTC(year, month - 1, day + step)).toISOString().slice(0, 10));
  });
})();
