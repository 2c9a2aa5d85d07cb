// A data table as a grid of cells. The text area below it holds the rows as lines with tabs, and is
// what the form sends: everything typed here goes there at once, so saving knows nothing of grids.
class Cells extends HTMLElement {
  connectedCallback() {
    // The editor sets the text area's value just after it has put the block into the page.
    if (!this.grid) requestAnimationFrame(() => this.build());
  }

  build() {
    this.area = this.querySelector("textarea");
    if (this.grid || !this.area) return;
    const lines = this.area.value.replace(/\r/g, "").split("\n");
    const rows = lines.map((line) => line.split("\t"));
    const width = Math.max(2, ...rows.map((row) => row.length));
    while (rows.length < 3) rows.push([]);
    this.area.hidden = true;
    this.grid = document.createElement("table");
    this.grid.className = "rm-cells";
    for (const row of rows) this.grid.append(this.row(width, row));
    const bar = document.createElement("div");
    bar.className = "rm-cells-bar";
    for (const name of ["addRow", "addColumn", "dropRow", "dropColumn"]) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "button button-small button-secondary";
      button.textContent = this.dataset[name];
      button.addEventListener("click", () => this[name]());
      bar.append(button);
    }
    const hint = document.createElement("span");
    hint.textContent = this.dataset.hint;
    bar.append(hint);
    const frame = document.createElement("div");
    frame.className = "rm-cells-frame";
    frame.append(this.grid);
    this.append(frame, bar);
    this.name();
    this.grid.addEventListener("input", () => this.hand());
    this.grid.addEventListener("focusin", (event) => (this.last = this.at(event.target)));
    this.grid.addEventListener("keydown", (event) => this.key(event));
    this.grid.addEventListener("paste", (event) => this.paste(event));
  }

  row(width, words = []) {
    const row = document.createElement("tr");
    for (let at = 0; at < width; at += 1) row.append(this.cell(words[at] ?? ""));
    return row;
  }

  cell(words) {
    const place = document.createElement("td");
    const input = document.createElement("input");
    // No name: only the text area is sent.
    input.type = "text";
    input.maxLength = 300;
    input.value = words;
    place.append(input);
    return place;
  }

  at(input) {
    const place = input.closest("td");
    return [place.parentElement.rowIndex, place.cellIndex];
  }

  input(row, column) {
    return this.grid.rows[row]?.cells[column]?.firstElementChild;
  }

  // Screen readers hear where they are; the first row looks like the header it is.
  name() {
    [...this.grid.rows].forEach((row, r) => {
      row.className = r ? "" : "rm-cells-head";
      [...row.cells].forEach((place, c) => {
        const words = this.dataset.cell.replace("{r}", r + 1).replace("{c}", c + 1);
        place.firstElementChild.setAttribute("aria-label", words);
      });
    });
  }

  hand() {
    const rows = [...this.grid.rows].map((row) =>
      [...row.cells].map((place) => place.firstElementChild.value).join("\t"),
    );
    this.area.value = rows.join("\n");
    this.area.dispatchEvent(new Event("input", { bubbles: true }));
    this.area.dispatchEvent(new Event("change", { bubbles: true }));
  }

  changed(row, column) {
    this.name();
    this.hand();
    this.input(Math.max(0, row), Math.max(0, column))?.focus();
  }

  addRow() {
    const [row, column] = this.last ?? [this.grid.rows.length - 1, 0];
    this.grid.rows[row].after(this.row(this.grid.rows[0].cells.length));
    this.changed(row + 1, column);
  }

  addColumn() {
    const [row, column] = this.last ?? [0, this.grid.rows[0].cells.length - 1];
    for (const one of this.grid.rows) one.cells[column].after(this.cell(""));
    this.changed(row, column + 1);
  }

  dropRow() {
    const [row, column] = this.last ?? [this.grid.rows.length - 1, 0];
    if (this.grid.rows.length > 1) this.grid.rows[row].remove();
    this.changed(row - 1, column);
  }

  dropColumn() {
    const [row, column] = this.last ?? [0, this.grid.rows[0].cells.length - 1];
    if (this.grid.rows[0].cells.length > 1) for (const one of this.grid.rows) one.cells[column].remove();
    this.changed(row, column - 1);
  }

  key(event) {
    if (event.isComposing) return;
    const [row, column] = this.at(event.target);
    const steps = { Enter: 1, ArrowDown: 1, ArrowUp: -1 };
    if (!(event.key in steps) || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const next = this.input(row + steps[event.key], column);
    if (next) next.focus();
    else if (event.key === "Enter") {
      this.last = [row, column];
      this.addRow();
    }
  }

  paste(event) {
    const text = event.clipboardData.getData("text/plain").replace(/\r/g, "").replace(/\n$/, "");
    if (!/[\t\n]/.test(text)) return;
    event.preventDefault();
    const [row, column] = this.at(event.target);
    text.split("\n").forEach((line, r) => {
      line.split("\t").forEach((words, c) => {
        while (this.grid.rows.length <= row + r) this.grid.append(this.row(this.grid.rows[0].cells.length));
        while (this.grid.rows[0].cells.length <= column + c)
          for (const one of this.grid.rows) one.append(this.cell(""));
        this.input(row + r, column + c).value = words.trim().slice(0, 300);
      });
    });
    this.changed(row, column);
  }
}
customElements.define("rm-cells", Cells);
