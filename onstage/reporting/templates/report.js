"use strict";
// Columns are sorted by a click on their heads. Without scripts the page is whole, but unsorted.
for (const table of document.querySelectorAll("table.sortable")) {
  const body = table.tBodies[0];
  const heads = [...table.tHead.rows[0].cells];
  const given = new Map([...body.rows].map((row, at) => [row, at]));
  const numberOf = (row, column) => {
    const cell = row.cells[column];
    return cell.dataset.value === undefined ? NaN : Number(cell.dataset.value);
  };
  const compare = (column) => (one, other) => {
    const [a, b] = [numberOf(one, column), numberOf(other, column)];
    if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) - Number.isNaN(b);
    return b - a || given.get(one) - given.get(other);
  };
  heads.forEach((head, column) => {
    if (!head.classList.contains("sorts")) return;
    const button = document.createElement("button");
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const rows = [...body.rows].sort(compare(column));
      const rising = head.getAttribute("aria-sort") === "descending";
      const known = rows.filter((row) => !Number.isNaN(numberOf(row, column)));
      const ordered = rising ? [...known.reverse(), ...rows.slice(known.length)] : rows;
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", rising ? "ascending" : "descending");
      body.append(...ordered);
    });
  });
}
addEventListener("beforeprint", () => {
  for (const part of document.querySelectorAll("details")) part.open = true;
});
